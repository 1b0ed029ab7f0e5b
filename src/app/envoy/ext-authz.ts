import type { EnvoyConfig } from '../config/config.ts';
import { duration, type EnvoyObject, typed } from './envoy-value.ts';
import { mayHaveSpare } from './replicas.ts';
import { retryElsewhere, retryUnsent } from './retry.ts';

export const authzCluster = 'sallyport_authz';

/** The filter that asks Sallyport about every request, and refuses when it gets no answer. */
export function extAuthzFilter(envoy: EnvoyConfig): EnvoyObject {
  return {
    name: 'envoy.filters.http.ext_authz',
    typed_config: typed('envoy.extensions.filters.http.ext_authz.v3.ExtAuthz', {
      transport_api_version: 'V3',
      grpc_service: {
        envoy_grpc: { cluster_name: authzCluster },
        timeout: duration(envoy.checkTimeout),
        retry_policy: mayHaveSpare(envoy) ? retryElsewhere : retryUnsent,
      },
      failure_mode_allow: false,
      status_on_error: { code: 503 },
      encode_raw_headers: true,
      validate_mutations: true,
      clear_route_cache: false,
      include_peer_certificate: false,
    }),
  };
}

/** Per route: Sallyport is not asked. */
export const withoutCheck: EnvoyObject = perRoute({ disabled: true });

/** Per route: what Sallyport is told besides the request. */
export function withContext(context: Readonly<Record<string, string>>): EnvoyObject {
  return perRoute({ check_settings: { context_extensions: context } });
}

function perRoute(fields: EnvoyObject): EnvoyObject {
  return {
    'envoy.filters.http.ext_authz': typed('envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute', fields),
  };
}
