import type { Secret } from '../core/secret.ts';

/** Mutual TLS, PEM texts. Clients without a certificate of `clientCa` are refused in the handshake. */
export interface MutualTls {
  readonly certificate: string;
  readonly privateKey: Secret<string>;
  readonly clientCa: string;
}
