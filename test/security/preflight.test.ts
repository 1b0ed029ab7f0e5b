import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { type Attempt, attempt, expectDenied, type Ports, portsOf, soleRequest, ways } from '../support/attack.ts';
import { rawGet } from '../support/raw-http.ts';
import { sessionCookie, startWorld, type World } from '../support/world.ts';

let world: World;
let ports: Ports;
let session: string;

beforeAll(async () => {
  world = await startWorld({
    rules: [
      { path: { exact: '/api/closed' }, use: 'deny' },
      { path: { prefix: '/api/staff' }, methods: ['OPTIONS'], use: 'web' },
      { path: { prefix: '/api' }, use: 'web', passPreflight: true },
      { path: { prefix: '/put' }, methods: ['PUT', 'GET'], use: 'web', passPreflight: true },
      { path: { prefix: '/put' }, methods: ['DELETE'], use: 'web' },
      { path: { prefix: '/' }, use: 'web' },
    ],
  });
  ports = await portsOf(world);
  const client = await world.logIn('/x');
  session = `Cookie: a=1; ${sessionCookie}=${client.cookies(world.origin).get(sessionCookie)}`;
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

const asking = (method: string, origin = 'https://spa.example') => [
  `Origin: ${origin}`,
  `Access-Control-Request-Method: ${method}`,
];

describe.each(ways)('B4 CORS preflights, %s listener', (way) => {
  const options = (target: string, lines: readonly string[]): Promise<Attempt> =>
    attempt(world, ports[way], rawGet(target, world.host, lines, 'OPTIONS'));

  it.each<readonly [string, readonly string[]]>([
    ['/api/x', asking('GET')],
    ['/api/x?y=1', asking('PATCH')],
    ['/api', [...asking('PUT', 'null'), 'Access-Control-Request-Headers: authorization, x-a']],
    ['/api/x', [...asking('POST'), 'Access-Control-Request-Private-Network: true']],
    ['/put/x', asking('PUT')],
    ['/put/x', asking('HEAD')],
  ])('reach the workload where the rule passes them: %s %j', async (target, lines) => {
    const request = soleRequest(await options(target, lines));
    expect([request.method, request.target]).toEqual(['OPTIONS', target]);
    for (const line of lines) {
      expect(request.values(line.slice(0, line.indexOf(':')).toLowerCase())).toEqual([
        line.slice(line.indexOf(':') + 2),
      ]);
    }
  });

  it('carry no identity and no credentials, whoever sends them', async () => {
    const lines = [...asking('GET'), session, 'Authorization: Bearer x', 'X-Auth-Request-User: mallory'];
    const request = soleRequest(await options('/api/x', lines));
    expect(request.values('cookie')).toEqual(['a=1']);
    for (const name of ['authorization', 'x-auth-request-user', 'x-auth-request-email']) {
      expect(request.values(name)).toEqual([]);
    }
  });

  it('are answered by the workload alone: nothing is added to what it says', async () => {
    world.upstream.answerWith(() => ({
      status: 200,
      headers: [
        ['access-control-allow-origin', 'https://spa.example'],
        ['vary', 'origin'],
      ],
    }));
    const { answer } = await options('/api/x', asking('GET'));
    expect(answer.status).toBe(200);
    expect(answer.values('access-control-allow-origin')).toEqual(['https://spa.example']);
    expect(answer.values('set-cookie')).toEqual([]);
  });

  it.each<readonly [string, string, readonly string[], number]>([
    ['a plain OPTIONS', '/api/x', [], 401],
    ['no method asked about', '/api/x', ['Origin: https://spa.example'], 401],
    ['no Origin', '/api/x', ['Access-Control-Request-Method: GET'], 401],
    ['two Origins', '/api/x', [...asking('GET'), 'Origin: https://b.example'], 401],
    ['two Origins in one line', '/api/x', asking('GET', 'https://a.example, https://b.example'), 401],
    ['two methods', '/api/x', [...asking('GET'), 'Access-Control-Request-Method: PUT'], 401],
    ['two methods in one line', '/api/x', asking('GET, PUT'), 401],
    ['a method in lower case', '/api/x', asking('get'), 401],
    ['an Origin that is none', '/api/x', asking('GET', 'spa.example'), 401],
    ['a path of an earlier rule', '/api/staff/x', asking('GET'), 401],
    ['a path that no rule passes preflights for', '/x', asking('GET'), 401],
    ['a method that another rule is for', '/put/x', asking('DELETE'), 401],
    ['a method that no rule names', '/put/x', asking('POST'), 401],
    ['a denied path', '/api/closed', asking('GET'), 403],
    ['a denied path with a slash at its end', '/api/closed/', asking('GET'), 400],
    ['an ambiguous path', '/api/x;y', asking('GET'), 400],
    ['an ambiguous path, encoded', '/api/..%2fx', asking('GET'), 400],
    ['two credentials', '/api/x', [...asking('GET'), 'Authorization: Basic YTpi', 'Authorization: Bearer x'], 400],
  ])('that are none, or are not for such a rule, get the normal treatment: %s', async (_, target, lines, status) => {
    expectDenied(await options(target, lines), [status]);
  });

  it('open nothing to another method with the same headers', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'PROPFIND']) {
      expectDenied(await attempt(world, ports[way], rawGet('/api/x', world.host, asking('GET'), method)), [401]);
    }
  });

  it('open nothing by a method override', async () => {
    const overrides = [
      'X-HTTP-Method-Override: GET',
      'X-Method-Override: GET',
      'X-HTTP-Method: GET',
      'x.http.method: GET',
    ];
    const request = soleRequest(await options('/api/x', [...asking('GET'), ...overrides]));
    expect(request.headers.filter(([name]) => /override|http.method/i.test(name))).toEqual([]);
  });

  it('open no WebSocket', async () => {
    const upgrade = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
    const bytes = rawGet('/api/x', world.host, [...asking('GET'), ...upgrade], 'OPTIONS');
    const seen = await attempt(world, ports[way], bytes.replace('Connection: close', 'Connection: Upgrade'));
    expectDenied(seen, [401, 403]);
  });

  it('with a session, a plain OPTIONS is a request like any other', async () => {
    const request = soleRequest(await options('/api/x', [session]));
    expect(request.values('x-auth-request-user')).toEqual(['alice']);
  });
});
