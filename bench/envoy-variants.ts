import type { TestProvider } from '../test/support/provider.ts';

// A bootstrap as YAML or JSON holds it; the few places that matter are changed in a copy.
// biome-ignore lint/suspicious/noExplicitAny: the shape is Envoy's own
type Document = any;

const prefix = 'type.googleapis.com/envoy.extensions';
const authorization = 'envoy.filters.http.ext_authz';

/** The hardened listener on another port, with nothing that decides. */
export function withoutAuthorization(bootstrap: unknown, port: number): unknown {
  return changed(bootstrap, port, undefined);
}

/** The hardened listener on another port, with Envoy's oauth2 filter in the place of Sallyport. */
export function withOauth2Filter(bootstrap: unknown, port: number, provider: TestProvider): unknown {
  const { host, port: providerPort } = new URL(provider.issuer);
  const filter = {
    name: 'envoy.filters.http.oauth2',
    typed_config: {
      '@type': `${prefix}.filters.http.oauth2.v3.OAuth2`,
      config: {
        token_endpoint: { cluster: 'provider', uri: `http://${host}/token`, timeout: '3s' },
        authorization_endpoint: `${provider.issuer}/auth`,
        redirect_uri: `http://127.0.0.1:${port}/callback`,
        redirect_path_matcher: { path: { exact: '/callback' } },
        signout_path: { path: { exact: '/signout' } },
        forward_bearer_token: true,
        use_refresh_token: false,
        auth_scopes: ['openid', 'profile', 'email', 'groups'],
        credentials: { client_id: provider.clientId, token_secret: { name: 'token' }, hmac_secret: { name: 'hmac' } },
      },
    },
  };
  const result = changed(bootstrap, port, filter);
  result.static_resources.clusters.push(cluster('provider', Number(providerPort)));
  result.static_resources.secrets = [
    { name: 'token', generic_secret: { secret: { inline_string: provider.clientSecret } } },
    { name: 'hmac', generic_secret: { secret: { inline_string: '0123456789abcdef0123456789abcdef' } } },
  ];
  return result;
}

/** A workload that costs next to nothing. */
export function directResponse(port: number): unknown {
  const route = { match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'ok' } } };
  const manager = {
    '@type': `${prefix}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'workload',
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: [route] }] },
    http_filters: [{ name: 'router', typed_config: { '@type': `${prefix}.filters.http.router.v3.Router` } }],
  };
  const address = { socket_address: { address: '127.0.0.1', port_value: port } };
  return {
    static_resources: {
      listeners: [
        { name: 'workload', address, filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }] },
      ],
    },
  };
}

function changed(bootstrap: unknown, port: number, filter: unknown): Document {
  const result: Document = structuredClone(bootstrap);
  delete result.admin;
  const [listener] = result.static_resources.listeners;
  listener.address.socket_address.port_value = port;
  const manager = listener.filter_chains[0].filters[0].typed_config;
  manager.http_filters = [
    ...(filter === undefined ? [] : [filter]),
    ...manager.http_filters.filter((each: Document) => each.name !== authorization),
  ];
  for (const host of manager.route_config.virtual_hosts) {
    host.domains = host.domains.map((domain: string) => domain.replace(/:\d+$/, `:${port}`));
    for (const route of host.routes ?? []) delete route.typed_per_filter_config;
  }
  return result;
}

function cluster(name: string, port: number): unknown {
  const address = { socket_address: { address: '127.0.0.1', port_value: port } };
  return {
    name,
    connect_timeout: '1s',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  };
}
