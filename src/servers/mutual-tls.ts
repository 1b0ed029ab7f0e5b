import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Secret } from '../core/secret.ts';

/** Mutual TLS, PEM texts. Clients without a certificate of `clientCa` are refused in the handshake. */
export interface MutualTls {
  readonly certificate: string;
  readonly privateKey: Secret<string>;
  readonly clientCa: string;
}

/** The same for Node's servers. */
export function secureContextOf({ certificate, privateKey, clientCa }: MutualTls): SecureContextOptions {
  return { cert: certificate, key: privateKey.reveal(), ca: clientCa };
}

/** Throws what OpenSSL has against a certificate or key: it looks closer than whoever reads the files. */
export function assertUsable(tls: MutualTls): void {
  createSecureContext(secureContextOf(tls));
}
