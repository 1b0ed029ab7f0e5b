import type { Config, EnvoyConfig, HealConfig } from '../config/config.ts';
import type { EnvoyObject } from './envoy-value.ts';
import { withoutCheck } from './ext-authz.ts';
import { forwardingHeaders } from './forwarding-headers.ts';
import { healHost, healRoutes } from './heal.ts';
import { retryUnsent } from './retry.ts';
import { peculiarPathsBelow } from './strictness.ts';
import { toWorkload } from './workload-route.ts';

export const sideServiceCluster = 'sallyport_http';

/** The hosts that are served, and the answer for every other. */
export function routeConfiguration(config: Config, { heal }: EnvoyConfig): EnvoyObject {
  const toSideService = basePathsOf(config).flatMap((path) => sideServiceRoutes(path, config));
  return {
    name: 'edge',
    virtual_hosts: [
      {
        name: 'sallyport',
        domains: [...new Set(config.origins.flatMap(domainsOf))],
        ...(heal === undefined ? {} : healHost),
        routes: [...toSideService, ...workloadRoutes(heal)],
      },
      {
        name: 'unknown_host',
        domains: ['*'],
        routes: [refuseUnknownHost],
      },
    ],
  };
}

/** What the Host header of a request for this origin can be; browsers leave the default port out. */
function domainsOf(origin: string): readonly string[] {
  const { hostname, port, protocol } = new URL(origin);
  if (port !== '') return [`${hostname}:${port}`];
  return [hostname, `${hostname}:${protocol === 'https:' ? 443 : 80}`];
}

function basePathsOf({ modes }: Config): readonly string[] {
  const paths = [...modes.values()].map(({ definition, settings }) => definition.common(settings).basePath);
  return paths.filter((path) => path !== undefined);
}

const refuseUnknownHost: EnvoyObject = {
  match: { prefix: '/' },
  direct_response: { status: 403, body: { inline_string: 'This host is not served here.\n' } },
  typed_per_filter_config: withoutCheck,
};

function sideServiceRoutes(basePath: string, config: Config): readonly EnvoyObject[] {
  const refusals = peculiarPathsBelow(basePath, config).map((match) => ({
    match,
    direct_response: { status: 400, body: { inline_string: 'This address cannot be opened.\n' } },
    typed_per_filter_config: withoutCheck,
  }));
  return [...refusals, sideServiceRoute(basePath, config)];
}

function sideServiceRoute(basePath: string, { requests }: Config): EnvoyObject {
  return {
    match: { path_separated_prefix: basePath },
    route: {
      cluster: sideServiceCluster,
      timeout: '30s',
      retry_policy: retryUnsent,
      upgrade_configs: [{ upgrade_type: 'websocket', enabled: false }],
    },
    request_headers_to_remove: [...new Set([...forwardingHeaders, 'proxy-authorization', ...requests.stripHeaders])],
    typed_per_filter_config: withoutCheck,
  };
}

function workloadRoutes(heal: HealConfig | undefined): readonly EnvoyObject[] {
  if (heal === undefined) return [workloadRoute];
  const isEverything = heal.routes.some(({ path }) => path.kind === 'any');
  return [...healRoutes(heal), ...(isEverything ? [] : [workloadRoute])];
}

const workloadRoute: EnvoyObject = { match: { prefix: '/' }, route: toWorkload };
