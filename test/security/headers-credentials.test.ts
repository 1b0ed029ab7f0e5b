import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { attempt, expectDenied, type Ports, portsOf, soleRequest, textOf, type Way, ways } from '../support/attack.ts';
import { http2Client } from '../support/http2-client.ts';
import { rawGet } from '../support/raw-http.ts';
import type { World } from '../support/world.ts';
import { fullSession, identity, senders, startHeadersWorld } from './headers-world.ts';

let world: World;
let ports: Ports;
let session: string;
let quietSession: string;

beforeAll(async () => {
  world = await startHeadersWorld();
  ports = await portsOf(world);
  session = `Cookie: ${await fullSession(world)}`;
  quietSession = `Cookie: ${await fullSession(world, '/quiet', '__Host-quiet')}`;
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

const get = (way: Way, target: string, lines: readonly string[]) =>
  attempt(world, ports[way], rawGet(target, world.host, lines));

/** The access token that the workload should get: what a request without any credential of the client's brings. */
async function ourAuthorization(): Promise<string> {
  const [authorization = ''] = soleRequest(await get('hardened', '/app', [session])).values('authorization');
  expect(authorization).toMatch(/^Bearer .{20,}$/);
  return authorization;
}

const credentials = [
  'Authorization: Bearer mallory',
  'authorization: bearer mallory',
  'AUTHORIZATION: Basic bWFsbG9yeTptYWxsb3J5',
  'Authorization: Digest username="mallory", realm="mallory"',
  'Authorization: mallory',
  'Authorization: ',
];

describe.each(ways)('H5 a client Authorization header, %s listener', (way) => {
  it.each(credentials)('is replaced by ours where a session sends its token: %s', async (line) => {
    const authorization = await ourAuthorization();
    const request = soleRequest(await get(way, '/app', [line, session]));
    expect(request.values('authorization')).toEqual([authorization]);
    expect(textOf(request)).not.toMatch(/mallory|bWFsbG9yeT/);
  });

  it.each(credentials)('is removed where a session sends no token: %s', async (line) => {
    const request = soleRequest(await get(way, '/quiet', [line, quietSession]));
    expect(request.values('x-quiet-user')).toEqual(['alice']);
    expect(request.values('authorization')).toEqual([]);
  });

  it.each(credentials)('is removed on a public path: %s', async (line) => {
    for (const cookies of [[], [session]]) {
      const request = soleRequest(await get(way, '/public', [line, ...cookies]));
      expect(request.values('authorization')).toEqual([]);
    }
  });

  it('arrives as it was sent, alone, where a public rule keeps it', async () => {
    const request = soleRequest(await get(way, '/open', ['Authorization: Basic YTpi', session]));
    expect(request.values('authorization')).toEqual(['Basic YTpi']);
  });

  it.each(senders)('is no session: %s', async (_sender, lines) => {
    for (const line of credentials) expectDenied(await get(way, '/app', [line, ...lines]), [302, 401]);
  });

  it('is replaced over HTTP/2 too', async () => {
    const authorization = await ourAuthorization();
    world.upstream.clear();
    const client = http2Client(ports[way], world.host);
    await client.request({
      ':path': '/app',
      authorization: 'Bearer mallory',
      cookie: session.slice('Cookie: '.length),
    });
    client.close();
    expect(world.upstream.requests.map((request) => request.values('authorization'))).toEqual([[authorization]]);
  });
});

describe.each(ways)('H6 two Authorization headers, %s listener', (way) => {
  const pairs = [
    ['Authorization: Bearer a', 'Authorization: Bearer b'],
    ['Authorization: Bearer a', 'Authorization: Bearer a'],
    ['authorization: Basic YTpi', 'AUTHORIZATION: Bearer b'],
    // Envoy joins them, so they can come joined.
    ['Authorization: Bearer a,Bearer b'],
    ['Authorization: Basic YTpi , Bearer b'],
  ];

  it.each(['/app', '/public', '/open', '/quiet', '/form'])(
    'are refused on %s, with a session and without',
    async (path) => {
      for (const pair of pairs) {
        for (const cookies of [[], [session], [quietSession]]) {
          expectDenied(await get(way, path, [...pair, ...cookies]), [400]);
        }
      }
    },
  );

  it('leave one value to a public rule that keeps it where one of them is empty', async () => {
    for (const pair of [
      ['Authorization:', 'Authorization: Bearer b'],
      ['Authorization: Bearer b', 'Authorization:'],
    ]) {
      expect(soleRequest(await get(way, '/open', pair)).values('authorization')).toEqual(['Bearer b']);
    }
  });

  it('are refused where other headers stand between them', async () => {
    const [first = '', second = ''] = pairs[0] ?? [];
    expectDenied(await get(way, '/open', [first, 'X-Other: a', session, second]), [400]);
  });
});

describe.each(ways)('H7 headers that the client names in Connection, %s listener', (way) => {
  const names = [...identity.map(([name]) => name), 'authorization'].join(', ');
  const named = (connection: string) => (target: string, lines: readonly string[]) =>
    attempt(
      world,
      ports[way],
      rawGet(target, world.host, lines).replace('Connection: close', `Connection: ${connection}`),
    );

  it.each([`close, ${names}`, `${names}, close`, `close, ${names.toUpperCase()}`, `close,${names},,x-other`])(
    'still arrive as ours: %s',
    async (connection) => {
      const authorization = await ourAuthorization();
      const request = soleRequest(await named(connection)('/app', [session, 'X-Auth-Request-User: mallory']));
      for (const [name, value] of identity) expect([name, request.values(name)]).toEqual([name, [value]]);
      expect(request.values('authorization')).toEqual([authorization]);
    },
  );

  it('are removed where the client sent them and the path is public', async () => {
    const forged = ['X-Auth-Request-User: mallory', 'Authorization: Bearer mallory', 'Remote-User: mallory'];
    const request = soleRequest(await named(`close, ${names}`)('/public', forged));
    expect(textOf(request)).not.toContain('mallory');
  });

  it('cannot be the cookie and leave a session: what the client takes away is gone (RFC 9110 §7.6.1)', async () => {
    expectDenied(await named('close, cookie')('/app', [session]), [401]);
  });

  it.each(['host', 'x-forwarded-for', ':path', ':authority', ':method', 'x-request-id'])(
    'cannot be what the request is routed by: %s',
    async (name) => {
      const { answer, reached } = await named(`close, ${name}`)('/app', []);
      expect(reached).toEqual([]);
      expect([400, 401]).toContain(answer.status);
    },
  );
});

describe.each(ways)('H13 Proxy-Authorization outside forward-proxy mode, %s listener', (way) => {
  it.each([
    ['/app', () => [session]],
    ['/quiet', () => [quietSession]],
    ['/public', () => []],
    ['/open', () => []],
    ['/form', () => [session]],
  ] as const)('is removed on %s, in every spelling', async (path, cookies) => {
    const spellings = ['Proxy-Authorization', 'proxy-authorization', 'PROXY-AUTHORIZATION', 'Proxy.Authorization'];
    const further = way === 'bare' ? ['Proxy_Authorization', 'proxy_authorization'] : [];
    const lines = [...spellings, ...further].map((name) => `${name}: Basic mallory`);
    const request = soleRequest(await get(way, path, [...lines, ...cookies()]));
    expect(textOf(request)).not.toContain('mallory');
  });

  it('opens nothing', async () => {
    expectDenied(await get(way, '/app', ['Proxy-Authorization: Bearer mallory']), [401]);
  });
});
