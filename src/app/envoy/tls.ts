import type { EnvoyConfig } from '../config/config.ts';
import { type EnvoyObject, typed } from './envoy-value.ts';

const tlsExtension = 'envoy.extensions.transport_sockets.tls.v3';
const minimum: EnvoyObject = { tls_minimum_protocol_version: 'TLSv1_2' };

/** TLS towards users. */
export function downstreamTls({ cert, key }: NonNullable<EnvoyConfig['tls']>): EnvoyObject {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: typed(`${tlsExtension}.DownstreamTlsContext`, {
      common_tls_context: {
        tls_params: minimum,
        tls_certificates: [{ certificate_chain: { filename: cert }, private_key: { filename: key } }],
        alpn_protocols: ['h2', 'http/1.1'],
      },
    }),
  };
}

/**
 * Mutual TLS towards Sallyport: its certificate must come from `ca` and carry `serverName`. The protocol is said in
 * ALPN: for requests Envoy does so by itself, for health checks it does not, and gRPC is not served without.
 */
export function upstreamTls(
  { cert, key, ca, serverName }: NonNullable<EnvoyConfig['sallyportTls']>,
  protocol: 'h2' | 'http/1.1',
): EnvoyObject {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: typed(`${tlsExtension}.UpstreamTlsContext`, {
      sni: serverName,
      common_tls_context: {
        tls_params: minimum,
        tls_certificates: [{ certificate_chain: { filename: cert }, private_key: { filename: key } }],
        validation_context: {
          trusted_ca: { filename: ca },
          match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: serverName } }],
        },
        alpn_protocols: [protocol],
      },
    }),
  };
}
