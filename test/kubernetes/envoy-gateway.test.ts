import { describe, expect, it } from 'vitest';
import { claimsOfClients } from '../../src/app/envoy/forwarding-headers.ts';
import { envoyGatewayFilter } from '../support/envoy-gateway-filter.ts';
import { type Tree, translateRecipes } from './translate.ts';

const { manager, routes, clusters, conditions, listener } = await translateRecipes(['envoy-gateway'], true);

const filterName = 'envoy.filters.http.ext_authz/securitypolicy/app/sallyport';

describe('Envoy Gateway, of k8s/recipes/envoy-gateway', () => {
  it('accepts everything, and says that one route goes without the policy of its Gateway', () => {
    expect(conditions.length).toBeGreaterThan(10);
    expect(conditions.filter(({ status }) => status !== 'True')).toEqual([]);
    const overridden = conditions.filter(({ type }) => type === 'Overridden').map(({ message }) => message);
    expect(overridden).toEqual([expect.stringMatching(/overridden .* these routes: \[app\/sallyport\]$/)]);
  });

  it('asks Sallyport on every route but its own', () => {
    const asked = (route: Tree) => Object.keys(route.typedPerFilterConfig ?? {}).includes(filterName);
    expect(routes.map((route) => [route.match, asked(route)])).toEqual([
      [{ pathSeparatedPrefix: '/_auth' }, false],
      [{ prefix: '/' }, true],
    ]);
  });

  it('makes the filter that test/integration runs: it fails closed and leaves no header out', () => {
    const { grpcService, ...filter } = manager.httpFilters.find(({ name }: Tree) => name === filterName).typedConfig;
    const { envoyGrpc, ...service } = grpcService;
    expect(envoyGrpc.clusterName).toBe('securitypolicy/app/sallyport/extauth/0');
    // Not in it: encodeRawHeaders, validateMutations (docs/recipes.md), allowedHeaders and failureModeAllow.
    expect({ ...filter, grpcService: service }).toEqual(envoyGatewayFilter);
  });

  it('hardens the listener as sallyport envoy does, but for the dot at the end of a host and two limits', () => {
    expect(manager).toMatchObject({
      normalizePath: true,
      mergeSlashes: true,
      pathWithEscapedSlashesAction: 'REJECT_REQUEST',
      useRemoteAddress: true,
      requestHeadersTimeout: '10s',
      streamIdleTimeout: '300s',
      commonHttpProtocolOptions: { headersWithUnderscoresAction: 'REJECT_REQUEST', idleTimeout: '3600s' },
      http2ProtocolOptions: { maxConcurrentStreams: 100, initialStreamWindowSize: 65_536 },
    });
    const [{ typedConfig }] = manager.earlyHeaderMutationExtensions;
    expect(typedConfig.mutations.map(({ remove }: Tree) => remove)).toEqual(claimsOfClients(0));
    expect(listener.perConnectionBufferLimitBytes).toBe(32_768);
    for (const name of ['stripTrailingHostDot', 'maxRequestHeadersKb', 'localReplyConfig']) {
      expect(manager).not.toHaveProperty(name);
    }
  });

  it.each(['securitypolicy/app/sallyport/extauth/0', 'httproute/app/sallyport/rule/0'])(
    'shows Sallyport a client certificate and checks its name: %s',
    (name) => {
      const cluster = clusters.find((each) => each.name === name);
      const [{ transportSocket }] = cluster.transportSocketMatches;
      const { sni, commonTlsContext } = transportSocket.typedConfig;
      expect(sni).toBe('sallyport.sallyport.svc.cluster.local');
      expect(commonTlsContext.tlsCertificateSdsSecretConfigs[0].name).toBe('sallyport/sallyport-client-tls');
      const { defaultValidationContext } = commonTlsContext.combinedValidationContext;
      expect(defaultValidationContext.matchTypedSubjectAltNames).toEqual([
        { matcher: { exact: 'sallyport.sallyport.svc.cluster.local' }, sanType: 'DNS' },
      ]);
    },
  );

  it('answers 500 on every route of the workload when no replica of Sallyport is there', async () => {
    const without = await translateRecipes(['envoy-gateway'], false);
    const workload = without.routes.filter(({ match }) => match.prefix === '/');
    expect(workload.map(({ directResponse, route }) => [directResponse?.status, route])).toEqual([[500, undefined]]);
  });
});

it('Envoy Gateway, of k8s/recipes/tenants: tells Sallyport the tenant of each route, and asks in the same way', async () => {
  const tenants = await translateRecipes(['envoy-gateway', 'tenants'], true);
  expect(tenants.conditions.filter(({ status }) => status !== 'True')).toEqual([]);
  const contexts = tenants.routes.map(({ match, typedPerFilterConfig = {} }) => {
    const settings: readonly Tree[] = Object.values(typedPerFilterConfig);
    return [Object.values(match)[0], settings.map(({ checkSettings }) => checkSettings.contextExtensions)];
  });
  expect(Object.fromEntries(contexts)).toEqual({
    '/_auth': [],
    '/blue': [{ tenant: 'blue' }],
    '/green': [{ tenant: 'green' }],
    '/': [undefined],
  });
  const { httpFilters } = tenants.manager;
  const filters = httpFilters.filter(({ name }: Tree) => name.startsWith('envoy.filters.http.ext_authz'));
  expect(filters).toHaveLength(3);
  for (const { typedConfig } of filters) {
    expect(typedConfig).toMatchObject({ statusOnError: { code: 'ServiceUnavailable' }, transportApiVersion: 'V3' });
    expect(typedConfig).not.toHaveProperty('failureModeAllow');
    expect(typedConfig).not.toHaveProperty('allowedHeaders');
  }
});
