import { beforeAll, beforeEach, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { attempt, expectDenied, soleRequest, textOf } from '../support/attack.ts';
import { createClient } from '../support/client.ts';
import { startEnvoy } from '../support/environment.ts';
import { envoyGatewayFilter } from '../support/envoy-gateway-filter.ts';
import { withFreePorts } from '../support/ports.ts';
import { rawGet } from '../support/raw-http.ts';
import { runSallyport } from '../support/sallyport.ts';
import { sessionCookie, startWorld, type World } from '../support/world.ts';

// docs/recipes.md says what differs behind an Envoy whose configuration is not ours. Here it is seen: the filter of
// Envoy Gateway, which is Istio's too, and a listener without what neither of them can set.

let world: World;
let port: number;
/** `name=value` of a session. */
let session: string;

beforeAll(async () => {
  world = await startWorld();
  port = await startLikeEnvoyGateway(world);
  const client = createClient();
  await client.follow(`${world.origin}/app`);
  session = `${sessionCookie}=${client.cookies(world.origin).get(sessionCookie)}`;
});
beforeEach(() => world.reset());

/** A second Envoy in front of the same Sallyport and workload. Returns its port. */
async function startLikeEnvoyGateway({ replicas }: World): Promise<number> {
  const { stdout } = await runSallyport('envoy', '--config', replicas[0]?.configFile ?? '');
  const bootstrap = parse(stdout);
  const [listener] = bootstrap.static_resources.listeners;
  const manager = listener.filter_chains[0].filters[0].typed_config;
  for (const name of ['strip_trailing_host_dot', 'local_reply_config', 'max_request_headers_kb']) {
    expect(manager).toHaveProperty(name);
    delete manager[name];
  }
  const [filter] = manager.http_filters;
  const { cluster_name: clusterName } = filter.typed_config.grpc_service.envoy_grpc;
  const { grpcService } = envoyGatewayFilter;
  filter.typed_config = { ...envoyGatewayFilter, grpcService: { ...grpcService, envoyGrpc: { clusterName } } };
  return withFreePorts(1, async ([free = 0]) => {
    listener.address.socket_address.port_value = free;
    await startEnvoy(stringify(bootstrap, { aliasDuplicateObjects: false }));
    return free;
  });
}

const get = (target: string, ...lines: readonly string[]) => attempt(world, port, rawGet(target, world.host, lines));

it('finds the session, sets the identity once and takes forged headers and our cookie off (H1, H2, H14)', async () => {
  const forged = ['X-Auth-Request-User: mallory', 'x-auth-request-user: mallory', 'x.auth.request.user: mallory'];
  const request = soleRequest(await get('/app', ...forged, `Cookie: a=1; ${session}; b=2`));
  expect(request.values('x-auth-request-user')).toEqual(['alice']);
  expect(request.values('authorization')).toHaveLength(1);
  expect(request.values('cookie')).toEqual(['a=1; b=2']);
  expect(textOf(request)).not.toContain('mallory');
  expect(textOf(soleRequest(await get('/public/x', ...forged)))).not.toContain('mallory');
});

it('refuses two Authorization headers, which arrive joined by a comma (H6)', async () => {
  const answer = await get('/app', 'Authorization: Bearer a', 'Authorization: Bearer b', `Cookie: ${session}`);
  expectDenied(answer, [400]);
});

it('sees no session where a client sends two Cookie lines, as they arrive joined by a comma: no browser does', async () => {
  expectDenied(await get('/app', 'Cookie: a=1', `Cookie: ${session}`), [401]);
});

it('leaves our cookie in the second of two Cookie lines of a client that sends it to a public path', async () => {
  const request = soleRequest(await get('/public/x', 'Cookie: a=1', `Cookie: ${session}`));
  expect(request.values('cookie').join('; ')).toContain(session);
});

it('keeps UTF-8 in cookies of the application; other bytes become ! where it takes ours off (H14)', async () => {
  const cookieOf = async (target: string, sent: string) =>
    soleRequest(await get(target, `Cookie: ${sent}`)).values('cookie');
  expect(await cookieOf('/app', `a=\xc3\xa0; ${session}`)).toEqual(['a=\xc3\xa0']);
  expect(await cookieOf('/app', `a=\xe0; ${session}`)).toEqual(['a=!']);
  expect(await cookieOf('/public/x', 'a=\xe0')).toEqual(['a=\xe0']);
});

it.each(['/a%2fb', '/a%5cb', '/a;b', '/a/..%2fadmins'])('answers 400 to %s', async (target) => {
  expectDenied(await get(target, `Cookie: ${session}`), [400]);
});

it('refuses a host with a dot at its end, which is another virtual host here', async () => {
  expectDenied(await attempt(world, port, rawGet('/app', `localhost.:${world.port}`, [`Cookie: ${session}`])), [403]);
});
