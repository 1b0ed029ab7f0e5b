import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { type Attempt, attempt, expectDenied, type Ports, portsOf, soleRequest, ways } from '../support/attack.ts';
import { createClient } from '../support/client.ts';
import { callbackUrlOf, navigationLines } from '../support/login-steps.ts';
import { rawGet, sendRaw } from '../support/raw-http.ts';
import { sessionCookie, type World } from '../support/world.ts';
import { detours, slashes } from './path-detours.ts';
import { isBelow, readingsOf } from './path-readings.ts';
import { closed, open, type Row } from './path-tables.ts';
import { hostsOf, startPathsWorld } from './paths-world.ts';

// Exceptions for some rules, and everything else as before. Rules of paths-world.ts follow these.

let world: World;
let ports: Ports;
let session: string;

const everyPath = { encodedSlashes: true, semicolons: true, emptySegments: true };

beforeAll(async () => {
  world = await startPathsWorld([
    { path: { prefix: '/files/admin' }, use: 'web' },
    { path: { exact: '/files/report' }, use: 'deny' },
    { path: { prefix: '/files' }, use: 'public', tolerate: everyPath },
    { path: { prefix: '/api' }, use: 'web', tolerate: { encodedSlashes: true } },
    { path: { prefix: '/legacy' }, use: 'public', tolerate: { underscoredHeaders: true } },
  ]);
  ports = await portsOf(world);
  const client = await world.logIn('/private');
  session = `Cookie: ${sessionCookie}=${client.cookies(world.origin).get(sessionCookie)}`;
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

type Host = 'closed' | 'open';

describe.each(ways)('P2 encoded slashes where a rule tolerates them, %s listener', (way) => {
  const get = (target: string, lines: readonly string[] = []) =>
    attempt(world, ports[way], rawGet(target, world.host, lines));

  it.each([
    '/api/v4/projects/group%2Fproject',
    '/api/v4/projects/group%2fsub%2fproject/repository/files/src%2Fmain.c?ref=a%2Fb',
    '/api/@scope%2fname',
    '/api/tree/feature%2F%231-x',
  ])('reach the workload as they came, with identity: %s', async (target) => {
    const request = soleRequest(await get(target, [session]));
    expect(request.target).toBe(target);
    expect(request.values('x-auth-request-user')).toEqual(['alice']);
    expectDenied(await get(target), [401]);
  });

  it('lead back to the same page after a login', async () => {
    expectDenied(await get('/api/a%2Fb?x=1', navigationLines), [302]);
    const client = createClient();
    const callback = await callbackUrlOf(client, world.origin, '/api/group%2Fproject?x=%2f');
    const answer = await client.open(callback);
    expect(answer.header('location')).toBe(`${world.origin}/api/group%2Fproject?x=%2f`);
  });

  it.each([
    '/api%2Fx',
    '/api/%2Fx',
    '/api/..%2fprivate',
    '/api/x%2f..%2f..%2fprivate',
    '/api/x%252fy',
    '/api/x%5cy',
    '/api/x%2f%00',
    '/api/x;y',
    '/api/x%2fy;z',
    '/api/x%2f/y',
    '/private/x%2fy',
    '/public/x%2fy',
    '/public%2f..%2fprivate',
    '/public/x%2f..%2f..%2fapi',
    `/api/${'a'.repeat(4096)}%2fx`,
  ])('are refused where another rule, or none of ours, could be meant: %s', async (target) => {
    for (const lines of [[], [session]]) expectDenied(await get(target, lines), [400]);
  });
});

describe.each(ways)('P3, P4 empty segments and parameters where a rule tolerates them, %s listener', (way) => {
  const get = (target: string, lines: readonly string[] = []) =>
    attempt(world, ports[way], rawGet(target, world.host, lines));

  it.each([
    '/files/bucket//key',
    '/files/a;jsessionid=1/b;v=2',
    '/files/a%3Bb',
    '/files/a%2Fb//c;d?e//f;g',
    '/files//',
    '/files/reports%2f',
  ])('reach the workload as they came: %s', async (target) => {
    expect(soleRequest(await get(target)).target).toBe(target);
  });

  it.each([
    '/files/admin;x',
    '/files/;x/admin',
    '/files//admin',
    '/files%2fadmin',
    '/files/admin%2fx',
    '/files/admin%2f..',
    '/files;/admin',
    '/files/admin%3bx',
    '/files/x%2f..%2fadmin',
    '/files/x;/..;/admin/',
    '/files/report;x',
    '/files/report%2f',
    '/files//report/',
    '/files/%2freport',
    '/files;x',
    '//files/x',
    '//evil.example/files/x',
    '/%2ffiles',
    '/;/files',
    '/x;/files',
    '/files/a;b%3bc',
    '/public//x%2f',
  ])('open nothing that any reading protects: %s', async (target) => {
    expectDenied(await get(target), [400, 401]);
  });

  it('open nothing in any combination of detours', async () => {
    const around = slashes.flatMap((slash) => [`/files/admin${slash}`, `/files${slash}admin`, `/files/x${slash}admin`]);
    const inside = detours.flatMap((detour) => [`/files${detour}private`, `/files/x${detour}admin`]);
    world.upstream.clear();
    const targets = ['/files/control//x', ...around, ...inside];
    for (let start = 0; start < targets.length; start += 16) {
      const some = targets.slice(start, start + 16).map((target) => sendRaw(ports[way], rawGet(target, world.host)));
      expect((await Promise.all(some)).filter(({ status }) => ![200, 400, 401, 403].includes(status))).toEqual([]);
    }
    const reached = world.upstream.requests.map(({ target }) => target);
    // Without these the test would pass where nothing passes.
    expect(reached).toContain('/files/control//x');
    expect(reached.length).toBeGreaterThan(10);
    const isOpen = (path: string) => isBelow('/files')(path) && !isBelow('/files/admin')(path);
    expect(reached.filter((target) => ![...readingsOf(target)].every(isOpen))).toEqual([]);
  }, 60_000);
});

describe.each(ways)('P1, P2, P3, P4, P5, P6, P8 where another rule tolerates everything, %s listener', (way) => {
  /** As without exceptions, or as strict as the check alone: Envoy no longer merges slashes. */
  async function expectNoWeaker(host: Host, [target, shipped, bare = shipped]: Row): Promise<void> {
    const seen = await attempt(world, ports[way], rawGet(target, hostsOf(world)[host]));
    const expected = way === 'bare' ? [bare] : [shipped, bare];
    expect([target, expected]).toEqual([target, expect.arrayContaining([outcomeOf(seen)])]);
  }

  const outcomeOf = (seen: Attempt) => (seen.reached.length === 0 ? seen.answer.status : soleRequest(seen).target);

  it.each(Object.keys(closed))('%s', async (id) => {
    for (const row of closed[id] ?? []) await expectNoWeaker('closed', row);
    for (const row of open[id] ?? []) await expectNoWeaker('open', row);
  });
});

describe.each(ways)('H2 underscored headers where a rule tolerates them, %s listener', (way) => {
  const get = (target: string, lines: readonly string[]) =>
    attempt(world, ports[way], rawGet(target, world.host, lines));

  it('reach the workload of that rule, but for those that mean headers of ours or of proxies', async () => {
    const forged = [
      'X_Auth_Request_User: mallory',
      'x_auth-request.user: mallory',
      'X_Forwarded_For: 6.6.6.6',
      'X_Forwarded_Host: evil.example',
      'X_Real_IP: 6.6.6.6',
      'X_Original_URL: /admin',
      'Proxy_Authorization: Basic eDp5',
      'X_HTTP_Method_Override: DELETE',
      'X_Sallyport_Start: 0',
      'Content_Length: 100',
      'Transfer_Encoding: chunked',
    ];
    const request = soleRequest(await get('/legacy', ['X_Tenant: a', '_: b', ...forged]));
    expect([request.values('x_tenant'), request.values('_')]).toEqual([['a'], ['b']]);
    const names = new Set(forged.map((line) => line.slice(0, line.indexOf(':')).toLowerCase()));
    expect(request.headers.filter(([name]) => names.has(name.toLowerCase()))).toEqual([]);
  });

  it.each(['/public', '/private', '/files/x', '/nowhere'])('are refused elsewhere: %s', async (target) => {
    for (const line of ['X_Tenant: a', '__proto__: 1', 'X_Auth_Request_User: mallory']) {
      expectDenied(await get(target, [line, session]), [400]);
    }
  });
});

describe.each(ways)('H9 dotted forwarding headers, %s listener', (way) => {
  it('do not reach the workload; what Envoy writes does', async () => {
    const lines = [
      'X.Forwarded.Host: evil.example',
      'x.forwarded.for: 6.6.6.6',
      'X-Forwarded.Proto: https',
      'x.real.ip: 6',
    ];
    const request = soleRequest(await attempt(world, ports[way], rawGet('/public', world.host, lines)));
    expect(request.headers.filter(([name]) => name.includes('.'))).toEqual([]);
    expect(request.values('x-forwarded-proto')).toEqual(['http']);
    expect(request.values('x-forwarded-for')).toHaveLength(1);
  });
});

describe('P13 paths that are nearly the side service’s', () => {
  const get = (target: string, lines: readonly string[] = []) =>
    attempt(world, ports.hardened, rawGet(target, world.host, lines));

  it.each([
    '/_auth%2flogin',
    '/_auth%2Flogin',
    '/%2f_auth/login',
    '//_auth/login',
    '/_auth//login',
    '/_auth//',
    '/_auth/%2flogin',
    '/_auth/login%2f',
    '/_auth/login%2f..%2flogout',
    '/_auth/x%2f..%2flogin',
    '/_auth/logout%2fcallback',
    '/_auth/%5clogin',
    '/_auth/x//login',
    '/x/..%2f_auth/login',
    '/_auth;/login',
    '/public%2f..%2f_auth/login',
  ])('reach neither it nor the workload: %s', async (target) => {
    const before = world.provider.count('authorize');
    for (const lines of [navigationLines, [...navigationLines, session], []]) {
      const seen = await get(target, lines);
      expectDenied(seen, [400]);
      expect(seen.answer.values('set-cookie')).toEqual([]);
    }
    expect(world.provider.count('authorize')).toBe(before);
  });

  it('headers with underscores mean nothing to the side service', async () => {
    const forged = [
      'X_Forwarded_Host: evil.example',
      'X_Forwarded_Proto: https',
      'Sec_Fetch_Dest: iframe',
      'Cookie_: a=b',
    ];
    const { answer } = await get('/_auth/login?rd=/x', [...navigationLines, ...forged]);
    const redirectUri = new URL(answer.header('location') ?? '').searchParams.get('redirect_uri');
    expect(redirectUri).toBe(`${world.origin}/_auth/callback`);
    const post = (lines: readonly string[]) =>
      sendRaw(world.port, rawGet('/_auth/logout', world.host, [session, ...lines], 'POST'));
    expect(
      (
        await post([
          `Origin_: ${world.origin}`,
          `_Origin: ${world.origin}`,
          'Origin: null',
          'Sec_Fetch_Site: same-origin',
        ])
      ).status,
    ).toBe(403);
    expect((await get('/_auth/userinfo', [session])).answer.status).toBe(200);
  });
});
