import { z } from 'zod';
import { listenAddressSchema } from './addresses.ts';

const file = (what: string) => z.string().min(1).describe(`PEM file with ${what}, relative to this file.`);

const mutualTls = z
  .strictObject({
    cert: file('our certificate and its chain'),
    key: file('the private key of the certificate'),
    clientCa: file('the authorities whose client certificates are accepted'),
  })
  .describe('Mutual TLS: only clients with a certificate of `clientCa` are served.');

const listenerWithTls = z.strictObject({
  address: listenAddressSchema.describe('`host:port` or `unix:/absolute/path`.'),
  tls: mutualTls.optional(),
});

const plainListener = listenAddressSchema.transform((address) => ({ address, tls: undefined }));

const listener = z.union([plainListener, listenerWithTls]);

export const listenSchema = z.strictObject({
  authz: listener.describe(
    'gRPC: the check that Envoy asks for every request, and `grpc.health.v1`. Who can call it can obtain tokens, so it is on loopback or a Unix socket, or has `tls`.',
  ),
  http: listener.describe(
    'HTTP: the side service (login, callback, logout, the issuer), reached through Envoy. The same limits as `authz`.',
  ),
  admin: listener
    .optional()
    .describe(
      'HTTP: the admin API (`sallyport session`, `sallyport explain --admin`); needs `admin.token`. Who can call it can end every session, so it is on loopback or a Unix socket, or has `tls`. Without it there is no admin API.',
    ),
  ops: plainListener.describe(
    'HTTP: `/healthz`, `/readyz` and `/metrics`, without TLS and without secrets. Envoy never routes to it; probes and scrapers reach it.',
  ),
});
