import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { attempt, expectDenied, soleRequest } from '../support/attack.ts';
import { startChangedEnvoy } from '../support/bare-envoy.ts';
import { navigationLines } from '../support/login-steps.ts';
import { rawGet } from '../support/raw-http.ts';
import { type ConfigDocument, startWorld, type World } from '../support/world.ts';

// One Sallyport for two tenants: Envoy's routes say whose a request is, and rules lead to an instance for each.

let world: World;
let port: number;

beforeAll(async () => {
  world = await startWorld({
    adjust: (config) => {
      config['modes'].blue = { mode: 'session', provider: 'test', basePath: '/_blue', cookie: { name: 'blue' } };
      config['rules'] = [
        {
          name: 'blue admins',
          context: { tenant: 'blue', area: 'admin' },
          use: 'blue',
          require: { groups: ['admins'] },
        },
        { name: 'blue', context: { tenant: 'blue' }, use: 'blue' },
        { name: 'open', context: { access: 'öffentlich' }, use: 'public' },
        { name: 'aftermath', path: { exact: '/aftermath' }, use: 'web' },
        { name: 'nobody’s', use: 'deny' },
      ].map((rule) => ({ ...rule, name: rule.name.replace('’', '') }));
    },
  });
  port = await startChangedEnvoy(world, (manager) => {
    const [served] = manager['route_config'].virtual_hosts;
    const workload = served.routes.at(-1);
    served.routes = [
      ...served.routes.slice(0, -1),
      routeWith(workload, '/blue/admin', { tenant: 'blue', area: 'admin' }),
      routeWith(workload, '/blue', { tenant: 'blue' }),
      routeWith(workload, '/open', { access: 'öffentlich' }),
      routeWith(workload, '/green', { tenant: 'green' }),
      workload,
    ];
  });
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

function routeWith(
  workload: ConfigDocument,
  prefix: string,
  context: Readonly<Record<string, string>>,
): ConfigDocument {
  return {
    ...workload,
    match: { prefix },
    typed_per_filter_config: {
      'envoy.filters.http.ext_authz': {
        '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute',
        check_settings: { context_extensions: context },
      },
    },
  };
}

const get = (target: string, lines: readonly string[] = []) => attempt(world, port, rawGet(target, world.host, lines));

describe('context_extensions of a route', () => {
  it('select the mode instance', async () => {
    const { answer } = await get('/blue', navigationLines);
    const redirectUri = new URL(answer.header('location') ?? '').searchParams.get('redirect_uri');
    expect(redirectUri).toBe(`${world.origin}/_blue/callback`);
    expect(answer.values('set-cookie').map((line) => line.split('=')[0])).toEqual(['__Host-blue-login']);
    expectDenied(await get('/blue/admin'), [401]);
  });

  it('select by every value, exactly, and in UTF-8', async () => {
    expect(soleRequest(await get('/open')).target).toBe('/open');
    expectDenied(await get('/green'), [403]);
    expectDenied(await get('/other'), [403]);
  });

  it.each([
    ['headers', '/green', ['tenant: blue', 'access: öffentlich', 'context_extensions: tenant=blue']],
    [
      'headers of Envoy’s own',
      '/green',
      ['x-envoy-auth-tenant: blue', 'x-ext-authz-tenant: blue', 'x-envoy-access: x'],
    ],
    ['a query', '/green?tenant=blue&access=öffentlich', []],
    ['a path within another tenant’s route', '/green/blue', []],
    ['dot segments', '/open/../green', []],
    ['dot segments, encoded', '/open/%2e%2e/green', []],
    ['nothing at all', '/', ['tenant: blue']],
  ])('cannot be said by clients: %s', async (_, target, lines) => {
    const bytes = (text: string) => Buffer.from(text).toString('latin1');
    expectDenied(await get(bytes(target), lines.map(bytes)), [400, 403]);
  });

  it('are not those of a route that the path only seems to lead to', async () => {
    expectDenied(await get('/open/..%2fgreen'), [400]);
    expectDenied(await get('/open;/../green'), [400, 403]);
    expectDenied(await get('/blue/../open;'), [400]);
  });
});
