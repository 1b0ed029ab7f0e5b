import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { attempt, expectDenied, type Ports, portsOf, soleRequest, textOf, type Way, ways } from '../support/attack.ts';
import { http2Client } from '../support/http2-client.ts';
import { rawGet } from '../support/raw-http.ts';
import type { World } from '../support/world.ts';
import { fullSession, identity, senders, startHeadersWorld } from './headers-world.ts';

let world: World;
let ports: Ports;
/** Cookie lines of alice's two sessions. */
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

/** Every name that the world manages, and the ones that other identity proxies are known for. */
const managed = [
  ...identity.map(([name]) => name),
  'x-claim-constructor',
  'x-quiet-user',
  'x-auth-request-access-token',
  'x-auth-request-anything',
  'x-sallyport-start',
];
const foreign = ['user', 'email', 'groups', 'preferred-username', 'access-token'].map((each) => `x-forwarded-${each}`);

/** `x-auth-user` as `X-Auth-User`, `X-AUTH-USER` and `x-aUTH-uSER`. */
function mixedCases(name: string): readonly string[] {
  const words = name.split('-');
  return [
    words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('-'),
    name.toUpperCase(),
    words.map((word) => word.charAt(0) + word.slice(1).toUpperCase()).join('-'),
  ];
}

/** Each name in each case, and the same line twice. */
const forged = [...managed, ...foreign].flatMap((name) =>
  [name, name, ...mixedCases(name)].map((spelling) => `${spelling}: mallory`),
);

describe.each(ways)('H1 a forged identity header with a session, %s listener', (way) => {
  it('gives the workload our value once, whatever the client sent, how often and in which case', async () => {
    const request = soleRequest(await get(way, '/app', [...forged, session, ...forged.slice(0, 50)]));
    for (const [name, value] of identity) expect([name, request.values(name)]).toEqual([name, [value]]);
    expect(textOf(request)).not.toContain('mallory');
  });

  it('does so over HTTP/2', async () => {
    const client = http2Client(ports[way], world.host);
    const headers = Object.fromEntries([...managed, ...foreign].map((name) => [name, ['mallory', 'mallory']]));
    const answer = await client.request({ ':path': '/app', ...headers, cookie: session.slice('Cookie: '.length) });
    client.close();
    expect(answer.status).toBe(200);
    const [request] = world.upstream.requests;
    for (const [name, value] of identity) expect([name, request?.values(name)]).toEqual([name, [value]]);
    expect(request === undefined ? 'mallory' : textOf(request)).not.toContain('mallory');
  });

  it('removes the headers of an instance that did not decide', async () => {
    const request = soleRequest(await get(way, '/quiet', [...forged, quietSession]));
    expect(request.values('x-quiet-user')).toEqual(['alice']);
    for (const [name] of identity) expect([name, request.values(name)]).toEqual([name, []]);
    expect(textOf(request)).not.toContain('mallory');
  });

  it.each(senders)('opens nothing by itself: %s without a session is turned away', async (_sender, lines) => {
    expectDenied(await get(way, '/app', [...forged, ...lines]), [302, 401]);
  });
});

describe('H2 other spellings of a managed name', () => {
  /** Bytes of a token (RFC 9110 §5.6.2) that CGI-like servers turn into the same `_` as the hyphen. */
  const marks = [...`_.~+!'*|^$&%#\``];
  const respelled = marks.flatMap((mark) => managed.slice(0, 8).map((name) => name.replaceAll('-', mark)));
  const partly = managed.flatMap((name) => [name.replace('-', '_'), name.replace(/-(?=[^-]*$)/, '.')]);
  const lines = [...new Set([...respelled, ...partly, ...partly.map((name) => name.toUpperCase())])].map(
    (name) => `${name}: mallory`,
  );

  it.each([
    ['/app', true],
    ['/public', false],
  ] as const)(
    'disappear on %s where a listener lets underscores through: the check removes them itself',
    async (path, isIdentified) => {
      const request = soleRequest(await get('bare', path, [...lines, session]));
      expect(textOf(request)).not.toContain('mallory');
      expect(request.values('x-auth-request-user')).toEqual(isIdentified ? ['alice'] : []);
    },
  );

  it.each(lines.filter((line) => line.slice(0, line.indexOf(':')).includes('_')).slice(0, 12))(
    'with an underscore are refused by the shipped listener: %s',
    async (line) => {
      expectDenied(await get('hardened', '/app', [line, session]), [400]);
    },
  );

  it('without an underscore are removed behind the shipped listener', async () => {
    const dotted = lines.filter((line) => !line.includes('_'));
    expect(dotted.length).toBeGreaterThan(50);
    const request = soleRequest(await get('hardened', '/app', [...dotted, session]));
    expect(textOf(request)).not.toContain('mallory');
    expect(request.values('x-auth-request-user')).toEqual(['alice']);
  });

  it.each([
    ['a blank before the colon', 'X-Auth-Request-User : mallory'],
    ['a NUL in the name', 'X-Auth-Request-User\0: mallory'],
    ['a byte beyond ASCII in the name', 'X-Auth-Request-User\xa0: mallory'],
    ['a control character in the value', 'X-Auth-Request-User: mallory\x01'],
  ])('are refused where a server could repair them: %s', async (_what, line) => {
    for (const way of ways) expectDenied(await get(way, '/app', [line, session]), [400]);
  });

  it.each([
    ['a folded line', 'X-Other: a\r\n X-Auth-Request-User: mallory'],
    ['a bare line feed, which ends a line (RFC 9112 §2.2)', 'X-Other: a\nX-Auth-Request-User: mallory'],
    ['a bare carriage return', 'X-Other: a\rX-Auth-Request-User: mallory'],
  ])('do not come to life behind a line that is read in two ways: %s', async (_what, line) => {
    for (const way of ways) {
      const request = soleRequest(await get(way, '/app', [line, session]));
      for (const [name, value] of identity) expect([name, request.values(name)]).toEqual([name, [value]]);
      expect(request.headers.filter(([name, value]) => name !== 'x-other' && value.includes('mallory'))).toEqual([]);
      expect(request.values('x-other').join()).not.toMatch(/[\r\n]/);
    }
  });
});

describe.each(ways)('H3 forged identity headers on a public path, %s listener', (way) => {
  it.each([
    ['without a session', () => []],
    ['with a session', () => [session]],
    ['with a cookie that is none', () => ['Cookie: __Host-sallyport=mallory; app=1']],
  ] as const)('are all removed, and nothing takes their place: %s', async (_what, cookies) => {
    const request = soleRequest(await get(way, '/public', [...forged, 'Authorization: Bearer mallory', ...cookies()]));
    expect(textOf(request)).not.toContain('mallory');
    for (const name of [...managed, ...foreign, 'authorization'])
      expect([name, request.values(name)]).toEqual([name, []]);
  });

  it('leave the headers of the application alone', async () => {
    const own = ['X-Auth: a', 'X-Auth-Requests: b', 'X-User: c', 'Auth-Request-User: d', 'X-Forwarded-Userx: e'];
    const request = soleRequest(await get(way, '/public', [...own, ...forged]));
    for (const line of own) {
      const [name = '', value] = line.split(': ');
      expect([name, request.values(name.toLowerCase())]).toEqual([name, [value]]);
    }
  });
});
