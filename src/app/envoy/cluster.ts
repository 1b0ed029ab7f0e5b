import type { EnvoyConfig } from '../config/config.ts';
import { duration, type EnvoyObject, typed } from './envoy-value.ts';

interface ClusterParts {
  readonly name: string;
  /** The addresses of its endpoints. */
  readonly addresses: readonly EnvoyObject[];
  /** Whether one of them is a name. */
  readonly needsDns: boolean;
  readonly maxRetries: number;
  readonly protocol: EnvoyObject;
}

/** Where requests go, with the limits that hold for every such place. */
export function clusterOf(parts: ClusterParts, { connectTimeout, maxConnections }: EnvoyConfig): EnvoyObject {
  const { name, addresses, needsDns, maxRetries } = parts;
  const limits = {
    max_connections: maxConnections,
    max_pending_requests: maxConnections,
    max_requests: maxConnections,
  };
  return {
    name,
    ...(needsDns ? { type: 'STRICT_DNS', dns_lookup_family: 'ALL' } : { type: 'STATIC' }),
    connect_timeout: duration(connectTimeout),
    per_connection_buffer_limit_bytes: 32_768,
    circuit_breakers: { thresholds: [{ ...limits, max_retries: maxRetries }] },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: addresses.map((address) => ({ endpoint: { address } })) }],
    },
    ...parts.protocol,
  };
}

/** What is spoken there. */
export function httpProtocol(
  explicit: EnvoyObject,
  common?: EnvoyObject,
  filters: readonly EnvoyObject[] = [],
): EnvoyObject {
  return {
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': typed(
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        {
          ...(common === undefined ? {} : { common_http_protocol_options: common }),
          explicit_http_config: explicit,
          ...(filters.length === 0 ? {} : { http_filters: [...filters, codec] }),
        },
      ),
    },
  };
}

/** HTTP/2 where many clients share a connection: small windows for streams, and one for all that no few can fill. */
export const sharedHttp2: EnvoyObject = {
  allow_connect: true,
  initial_stream_window_size: 65_536,
  initial_connection_window_size: 2_147_483_647,
};

const codec: EnvoyObject = {
  name: 'envoy.filters.http.upstream_codec',
  typed_config: typed('envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec'),
};
