import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { attempt, expectDenied, type Ports, portsOf, soleRequest, type Way, ways } from '../support/attack.ts';
import { startChangedEnvoy } from '../support/bare-envoy.ts';
import { navigationLines } from '../support/login-steps.ts';
import { rawGet, sendRaw } from '../support/raw-http.ts';
import { sessionCookie, startWorld, type World } from '../support/world.ts';

let world: World;
let ports: Ports;
/** An Envoy that lets in more than Sallyport is configured to accept. */
let laxPort: number;
/** Value of alice's session cookie. */
let id: string;

const limits = { maxHeaderBytes: 81_920, maxHeaderCount: 150 };

beforeAll(async () => {
  world = await startWorld({
    adjust: (config) => {
      config['requests'] = limits;
    },
  });
  ports = await portsOf(world);
  laxPort = await startChangedEnvoy(world, (manager) => {
    manager['max_request_headers_kb'] = 200;
    manager['common_http_protocol_options'].max_headers_count = 1000;
  });
  const client = await world.logIn('/x');
  id = client.cookies(world.origin).get(sessionCookie) ?? '';
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

/** Texts are latin-1: one character, one byte. */
const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const own = '__Host-sallyport=<id>';

const send = (way: Way, path: string, cookie: string) =>
  attempt(world, ports[way], rawGet(path, world.host, [`Cookie: ${bytesOf(cookie.replaceAll('<id>', id))}`]));

describe.each(ways)('S9 odd spellings of our cookie, %s listener', (way) => {
  it.each([
    '__Host-sallyport="<id>"',
    '"__Host-sallyport"=<id>',
    "'__Host-sallyport'=<id>",
    '__Host-sallyport=<id>,',
    '__Host-sallyport==<id>',
    '=__Host-sallyport=<id>',
    '__Host-sallyport:<id>',
    '__Host-sallyport <id>',
    '__host-sallyport=<id>',
    '__HOST-SALLYPORT=<id>',
    '__Host-Sallyport=<id>',
    '__Host%2dsallyport=<id>',
    '__Host_sallyport=<id>',
    'sallyport=<id>',
    '__Secure-sallyport=<id>',
    // RFC 2965, which some Java servers still read: a version, and commas between cookies.
    '$Version=1,__Host-sallyport=<id>',
    '$Version="1", __Host-sallyport="<id>"; $Path="/"',
    'a=1,__Host-sallyport=<id>',
    '$__Host-sallyport=<id>',
    // Blanks of Unicode, which some frameworks trim: a sibling domain can set a cookie of such a name in a browser.
    '\u00a0__Host-sallyport=<id>',
    '\u2000__Host-sallyport=<id>',
    '\u3000__Host-sallyport=<id>',
    '\u0085__Host-sallyport=<id>',
    '\ufeff__Host-sallyport=<id>',
    '__Host-sallyport\u00a0=<id>',
    '__Host-sallyport=\u00a0<id>',
    '__Host-sallyport=<id>\u2028',
    // Look-alikes.
    '__Host\u2010sallyport=<id>',
    '__\u041dost-sallyport=<id>',
    // Two of them are none (S8).
    '__Host-sallyport=<id>; __Host-sallyport=',
    '__Host-sallyport=<id>; __Host-sallyport="<id>"',
  ])('is no session: %s', async (cookie) => {
    expectDenied(await send(way, '/x', cookie), [401]);
  });

  it.each([
    [`$Version=1; ${own}; $Path=/; $Domain=example.com`, '$Version=1; $Path=/; $Domain=example.com'],
    [`a="x; ${own}; y"`, 'a="x; y"'],
    [`\t${own}\t; a=1`, 'a=1'],
    ['__Host-sallyport = <id>; a=1', 'a=1'],
    [`\u2000__Host-sallyport=evil; ${own}`, '\u2000__Host-sallyport=evil'],
    [`"__Host-sallyport"=evil; ${own}; __host-sallyport=evil`, '"__Host-sallyport"=evil; __host-sallyport=evil'],
    [`$Version=1,__Host-sallyport=evil; ${own}`, '$Version=1,__Host-sallyport=evil'],
  ])('neither hides our cookie nor takes its place: %s', async (cookie, kept) => {
    const request = soleRequest(await send(way, '/x', cookie));
    expect(request.values('x-auth-request-user')).toEqual(['alice']);
    expect(request.values('cookie')).toEqual([bytesOf(kept)]);
    expect(request.values('cookie').join()).not.toContain(id);
  });

  it('with control characters is refused', async () => {
    for (const control of ['\0', '\x0b', '\x1f', '\x7f']) {
      expectDenied(await send(way, '/x', `${control}__Host-sallyport=<id>`), [400, 401]);
    }
  });
});

describe('S10 much header', () => {
  const lines = (count: number) => Array.from({ length: count }, (_, index) => `x-h-${index}: 1`);
  const cookies = (bytes: number) => 'a=123456; '.repeat(bytes / 10);
  const get = (port: number, path: string, further: readonly string[]) =>
    attempt(world, port, rawGet(path, world.host, further));
  const entrances = () => [ports.hardened, ports.bare, laxPort];

  it('70 kB of cookies and 140 headers are fine, the cookies byte for byte and ours not among them', async () => {
    for (const port of entrances()) {
      const request = soleRequest(
        await get(port, '/x', [`Cookie: ${cookies(70_000)}__Host-sallyport=${id}; b=2`, ...lines(130)]),
      );
      expect(request.values('cookie')).toEqual([`${cookies(70_000)}b=2`]);
      expect(request.values('x-auth-request-user')).toEqual(['alice']);
      expect(request.headers.filter(([name]) => name.startsWith('x-h-'))).toHaveLength(130);
    }
  });

  it.each(['/x', '/public'])('more bytes or lines than configured are 431 behind any Envoy: %s', async (path) => {
    for (const port of entrances()) {
      for (const further of [[`Cookie: ${cookies(90_000)}`], lines(180), [`x-a: ${'a'.repeat(82_000)}`]]) {
        expectDenied(await get(port, path, further), [431]);
      }
      expectDenied(await get(port, `${path}?${'a'.repeat(82_000)}`, []), [431]);
    }
  });

  it('is said to people on a page, and to programs in JSON', async () => {
    const [page, json] = [[...navigationLines, ...lines(160)], lines(160)];
    expect((await sendRaw(laxPort, rawGet('/x', world.host, page))).body).toContain('cookies');
    expect(JSON.parse((await sendRaw(laxPort, rawGet('/x', world.host, json))).body)).toMatchObject({
      error: 'invalid_request',
    });
  });

  it('reaches the side service up to the same limit', async () => {
    const login = (bytes: number) =>
      sendRaw(ports.hardened, rawGet('/_auth/login', world.host, [...navigationLines, `Cookie: ${cookies(bytes)}`]));
    expect((await login(70_000)).status).toBe(302);
    expect((await login(90_000)).status).toBe(431);
  });
});
