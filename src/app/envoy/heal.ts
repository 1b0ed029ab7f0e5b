import { attemptHeader, healContext, startHeader } from '../../core/http/heal-attempt.ts';
import type { Config, EnvoyConfig, HealConfig, RejectedToken } from '../config/config.ts';
import { clusterOf, httpProtocol, sharedHttp2 } from './cluster.ts';
import { type EnvoyObject, type EnvoyValue, typed } from './envoy-value.ts';
import { extAuthzFilter, withContext, withoutCheck } from './ext-authz.ts';
import { markerHeader } from './heal-headers.ts';
import { healMatch } from './heal-match.ts';
import { healScript } from './heal-script.ts';
import { httpManager, localReplies, router } from './http-manager.ts';
import { toWorkload } from './workload-route.ts';

/*
 * Two connection managers in one Envoy. The edge keeps the request with its body and sends it, through an internal
 * listener, to the second one, which asks Sallyport and calls the workload. When the workload refuses the access token,
 * the second one marks the answer, and the edge, instead of passing it on, sends the request once more: Sallyport is
 * asked again, and refreshes.
 */
const listenerName = 'heal';
const healCluster = 'sallyport_heal';
const luaFilter = 'envoy.filters.http.lua';

/** What the edge's virtual host needs besides routes. */
export const healHost: EnvoyObject = { response_headers_to_remove: [markerHeader] };

/** The routes of the edge that lead to the internal listener. */
export function healRoutes({ routes, maxBodyBytes }: HealConfig): readonly EnvoyObject[] {
  return routes.map(({ path }) => ({
    match: healMatch(path),
    request_body_buffer_limit: maxBodyBytes,
    route: { cluster: healCluster, timeout: '0s', retry_policy: retryMarked },
    request_headers_to_add: [overwrite(startHeader, '%START_TIME(%s.%3f)%')],
    typed_per_filter_config: withoutCheck,
  }));
}

const retryMarked: EnvoyObject = {
  retry_on: 'retriable-headers',
  num_retries: 1,
  retriable_headers: [{ name: markerHeader, string_match: { exact: '1' } }],
  retry_back_off: { base_interval: '0.001s', max_interval: '0.002s' },
};

/** The listener behind the edge, which nobody else can reach. */
export function healListener(config: Config, envoy: EnvoyConfig, heal: HealConfig): EnvoyObject {
  return {
    name: listenerName,
    internal_listener: {},
    per_connection_buffer_limit_bytes: 32_768,
    filter_chains: [{ filters: [httpManager(innerManager(config, envoy, heal))] }],
  };
}

function innerManager({ requests }: Config, envoy: EnvoyConfig, heal: HealConfig): EnvoyObject {
  return {
    stat_prefix: listenerName,
    codec_type: 'HTTP2',
    server_header_transformation: 'PASS_THROUGH',
    use_remote_address: false,
    xff_num_trusted_hops: envoy.trustedHops,
    forward_client_cert_details: 'ALWAYS_FORWARD_ONLY',
    generate_request_id: false,
    normalize_path: false,
    max_request_headers_kb: requests.maxHeaderBytes / 1024 + 8,
    stream_idle_timeout: '0s',
    common_http_protocol_options: { max_headers_count: requests.maxHeaderCount + 20 },
    http2_protocol_options: sharedHttp2,
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    local_reply_config: localReplies,
    http_filters: [extAuthzFilter(envoy), markRejectedToken, router],
    route_config: {
      name: listenerName,
      virtual_hosts: [
        {
          name: 'workload',
          domains: ['*'],
          request_headers_to_remove: [attemptHeader, startHeader],
          typed_per_filter_config: withContext({ [healContext.name]: healContext.value }),
          routes: heal.routes.map(({ path, when }) => ({
            match: healMatch(path),
            metadata: { filter_metadata: { [luaFilter]: { when: whenOf(when) } } },
            route: toWorkload,
          })),
        },
      ],
    },
  };
}

const markRejectedToken: EnvoyObject = {
  name: luaFilter,
  typed_config: typed('envoy.extensions.filters.http.lua.v3.Lua', {
    default_source_code: { inline_string: healScript },
  }),
};

function whenOf(when: RejectedToken): EnvoyValue {
  return when.kind === 'error_description' ? { error_description: when.text } : when.kind;
}

/** The way from the edge to the internal listener. */
export function healClusterOf(envoy: EnvoyConfig): EnvoyObject {
  const parts = {
    name: healCluster,
    addresses: [{ envoy_internal_address: { server_listener_name: listenerName } }],
    needsDns: false,
    // As many as there are requests: all of them may meet the same dead token.
    maxRetries: envoy.maxConnections,
    protocol: httpProtocol({ http2_protocol_options: sharedHttp2 }, { idle_timeout: '300s' }, [tellAttempt]),
  };
  return clusterOf(parts, envoy);
}

/**
 * Runs for each attempt, and for this cluster alone. `include_request_attempt_count` would do so for a whole virtual host,
 * and the workload would see a count of attempts on every other route.
 */
const tellAttempt: EnvoyObject = {
  name: 'envoy.filters.http.header_mutation',
  typed_config: typed('envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', {
    mutations: {
      request_mutations: [{ append: overwrite(attemptHeader, '%UPSTREAM_REQUEST_ATTEMPT_COUNT%') }],
    },
  }),
};

function overwrite(key: string, value: string): EnvoyObject {
  return { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' };
}
