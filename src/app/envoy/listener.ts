import type { Config, EnvoyConfig } from '../config/config.ts';
import { accessLog } from './access-log.ts';
import { envoyListenAddress } from './address.ts';
import { duration, type EnvoyObject, typed } from './envoy-value.ts';
import { extAuthzFilter } from './ext-authz.ts';
import { claimsOfClients } from './forwarding-headers.ts';
import { httpManager, localReplies, router } from './http-manager.ts';
import { routeConfiguration } from './routes.ts';
import { headerStrictness, pathStrictness } from './strictness.ts';
import { downstreamTls } from './tls.ts';

/** The edge: what users connect to. Hardened as Envoy's guide for edge proxies says, and more. */
export function edgeListener(config: Config, envoy: EnvoyConfig): EnvoyObject {
  return {
    name: 'edge',
    address: envoyListenAddress(envoy.listen),
    per_connection_buffer_limit_bytes: 32_768,
    filter_chains: [
      {
        ...(envoy.tls === undefined ? {} : { transport_socket: downstreamTls(envoy.tls) }),
        filters: [httpManager(connectionManager(config, envoy))],
      },
    ],
  };
}

function connectionManager(config: Config, envoy: EnvoyConfig): EnvoyObject {
  return {
    stat_prefix: 'edge',
    codec_type: 'AUTO',
    server_header_transformation: 'PASS_THROUGH',
    use_remote_address: true,
    xff_num_trusted_hops: envoy.trustedHops,
    early_header_mutation_extensions: [dropClaims(envoy)],
    ...pathStrictness(config),
    strip_trailing_host_dot: true,
    max_request_headers_kb: config.requests.maxHeaderBytes / 1024,
    request_headers_timeout: '10s',
    stream_idle_timeout: duration(envoy.streamIdleTimeout),
    common_http_protocol_options: {
      ...headerStrictness(config),
      max_headers_count: config.requests.maxHeaderCount,
      idle_timeout: '3600s',
    },
    http2_protocol_options: {
      max_concurrent_streams: 100,
      initial_stream_window_size: 65_536,
      initial_connection_window_size: 1_048_576,
    },
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    local_reply_config: localReplies,
    ...(envoy.accessLog ? { access_log: [accessLog(envoy)] } : {}),
    http_filters: [extAuthzFilter(envoy), router],
    route_config: routeConfiguration(config, envoy),
  };
}

function dropClaims({ trustedHops }: EnvoyConfig): EnvoyObject {
  return {
    name: 'envoy.http.early_header_mutation.header_mutation',
    typed_config: typed('envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation', {
      mutations: claimsOfClients(trustedHops).map((name) => ({ remove: name })),
    }),
  };
}
