import { experimental, type ServerCredentials } from '@grpc/grpc-js';
import { assertUsable, type MutualTls } from '../mutual-tls.ts';

type CaListener = Parameters<experimental.CertificateProvider['addCaCertificateListener']>[0];
type IdentityListener = Parameters<experimental.CertificateProvider['addIdentityCertificateListener']>[0];

/** Mutual TLS for a gRPC server whose certificates can be replaced while it listens. */
export interface RenewableCredentials {
  readonly credentials: ServerCredentials;
  /** From the next handshake on. Throws for unusable PEM, and then nothing has changed. */
  renew(tls: MutualTls): void;
}

/**
 * Through the interface by which grpc-js takes certificates that change (experimental in 1.14): ssl credentials are
 * fixed for the life of a listener.
 */
export function renewableCredentials(initial: MutualTls): RenewableCredentials {
  let tls = initial;
  const caListeners = new Set<CaListener>();
  const identityListeners = new Set<IdentityListener>();
  const tellCa = (listener: CaListener) => listener({ caCertificate: Buffer.from(tls.clientCa) });
  const tellIdentity = (listener: IdentityListener) => {
    const { certificate, privateKey } = tls;
    listener({ certificate: Buffer.from(certificate), privateKey: Buffer.from(privateKey.reveal()) });
  };
  const provider: experimental.CertificateProvider = {
    addCaCertificateListener(listener) {
      caListeners.add(listener);
      // Not at once: grpc-js listens to us a moment before the server listens to it.
      queueMicrotask(() => tellCa(listener));
    },
    removeCaCertificateListener: (listener) => void caListeners.delete(listener),
    addIdentityCertificateListener(listener) {
      identityListeners.add(listener);
      queueMicrotask(() => tellIdentity(listener));
    },
    removeIdentityCertificateListener: (listener) => void identityListeners.delete(listener),
  };
  assertUsable(initial);
  return {
    credentials: experimental.createCertificateProviderServerCredentials(provider, provider, true),
    renew(next) {
      // Before grpc-js sees it: it would answer unusable credentials by taking no connection at all.
      assertUsable(next);
      tls = next;
      for (const listener of caListeners) tellCa(listener);
      for (const listener of identityListeners) tellIdentity(listener);
    },
  };
}
