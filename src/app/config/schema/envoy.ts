import { z } from 'zod';
import { durationSchema } from '../../../modes/settings-types.ts';
import { listenAddressSchema, targetAddressSchema } from './addresses.ts';
import { healSchema } from './heal.ts';

const file = (what: string) =>
  z.string().min(1).describe(`PEM file with ${what}, as Envoy finds it; a relative path is taken from this file.`);

/** What `sallyport envoy` needs to know beyond the rest of the file. */
export const envoySchema = z
  .strictObject({
    listen: listenAddressSchema.describe('Where Envoy takes the users’ requests.'),
    workload: targetAddressSchema.describe('The application behind Envoy: `host:port` or `unix:/path`.'),
    workloadProtocol: z
      .enum(['http1', 'http2'])
      .default('http1')
      .describe('What the workload speaks. gRPC needs `http2`, which is spoken without TLS and without asking (h2c).'),
    replicas: z
      .array(
        z.strictObject({
          authz: targetAddressSchema.describe('`listen.authz` of this process, as Envoy reaches it.'),
          http: targetAddressSchema.describe('`listen.http` of this process, as Envoy reaches it.'),
        }),
      )
      .min(1)
      .optional()
      .describe('The processes of Sallyport. Without it: one, at the addresses under `listen`.'),
    tls: z
      .strictObject({ cert: file('the certificate for users'), key: file('its private key') })
      .optional()
      .describe('TLS towards users. Without it Envoy speaks plain HTTP, for use behind something that ends TLS.'),
    sallyportTls: z
      .strictObject({
        cert: file('Envoy’s client certificate'),
        key: file('its private key'),
        ca: file('the authorities that Sallyport’s certificate must come from'),
        serverName: z.string().min(1).describe('DNS name that Sallyport’s certificate must carry.'),
      })
      .optional()
      .describe('Mutual TLS towards Sallyport; needed where `listen.authz` or `listen.http` has `tls`.'),
    connectTimeout: durationSchema.prefault('1s').describe('Longest time to connect to Sallyport or to the workload.'),
    checkTimeout: durationSchema
      .prefault('5s')
      .describe(
        'Longest time of a check; a request that is not decided by then gets 503. A request whose access token has ended waits for a new one that long at most.',
      ),
    streamIdleTimeout: durationSchema
      .prefault('5m')
      .describe('A request, WebSocket or event stream on which nothing moves for this long is ended.'),
    workloadIdleTimeout: durationSchema
      .prefault('4s')
      .describe(
        'An idle connection to the workload is closed after this long. Keep it below the keep-alive time of the workload, which would otherwise close it under a request.',
      ),
    trustedHops: z
      .int()
      .min(0)
      .max(16)
      .default(0)
      .describe(
        'Proxies of your own before Envoy that append to `X-Forwarded-For`. With 0 all forwarding headers of clients are dropped; with more only `X-Forwarded-For`, `-Proto`, `-Host` and `-Port` stay, and the proxies must write each of them anew.',
      ),
    maxConnections: z.int().min(1).max(1_000_000).default(10_000).describe('Connections from clients at one time.'),
    admin: listenAddressSchema
      .optional()
      .describe('Envoy’s own admin interface, on loopback or a Unix socket. Without it: none.'),
    heal: healSchema.optional(),
    accessLog: z
      .boolean()
      .default(false)
      .describe('Write one JSON line per request to standard output: no query strings, cookies and tokens.'),
  })
  .describe('For `sallyport envoy`, which prints the Envoy configuration that belongs to this file.');
