import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import {
  type Attempt,
  attempt,
  expectDenied,
  type Ports,
  portsOf,
  soleRequest,
  type Way,
  ways,
} from '../support/attack.ts';
import { createClient } from '../support/client.ts';
import { followUpTo, navigationLines } from '../support/login-steps.ts';
import { rawGet } from '../support/raw-http.ts';
import { noteSecret } from '../support/seen-secrets.ts';
import { bindingCookie, sessionCookie, startWorld, type World } from '../support/world.ts';

let world: World;
let ports: Ports;

/** Tables are made before the port is known. */
const withPort = (text: string): string => text.replaceAll('PORT', String(world.port));

beforeAll(async () => {
  world = await startWorld({
    adjust: (config) => {
      const port = new URL(config['origins'][0]).port;
      config['origins'].push(`http://*.tenants.test:${port}`, `http://fixed.tenants.test:${port}`);
      config['rules'] = [
        { hosts: [`*.tenants.test:${port}`], path: { prefix: '/open' }, use: 'public' },
        { hosts: [`fixed.tenants.test:${port}`], use: 'deny' },
        { path: { prefix: '/' }, use: 'web' },
      ];
    },
  });
  ports = await portsOf(world);
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

const get = (way: Way, target: string, host: string, lines: readonly string[] = [], method = 'GET'): Promise<Attempt> =>
  attempt(world, ports[way], rawGet(target, withPort(host), lines.map(withPort), method));

/** `name=value` of a cookie that an answer set. */
function cookieOf({ answer }: Attempt, name: string): string {
  const [pair = ''] = (answer.values('set-cookie').find((line) => line.startsWith(`${name}=`)) ?? '').split(';');
  noteSecret(pair.slice(name.length + 1));
  return pair;
}

/** Logs in on a host of the wildcard and returns where it ended and the session's cookie. */
async function logInAt(
  way: Way,
  host: string,
  path: string,
): Promise<{ readonly landing: string; readonly cookie: string }> {
  const started = await get(way, path, host, navigationLines);
  expectDenied(started, [302]);
  const origin = `http://${withPort(host)}`;
  const callback = await followUpTo(
    createClient(),
    `${origin}/_auth/callback`,
    started.answer.header('location') ?? '',
  );
  const cookie = `Cookie: ${cookieOf(started, bindingCookie)}`;
  const ended = await get(way, callback.slice(origin.length), host, [...navigationLines, cookie]);
  expect(ended.answer.status).toBe(302);
  return { landing: ended.answer.header('location') ?? '', cookie: `Cookie: ${cookieOf(ended, sessionCookie)}` };
}

describe.each(ways)('P10 hosts of a wildcard, %s listener', (way) => {
  it.each([
    'a.tenants.test:PORT',
    'A.TENANTS.test:PORT',
    'my_tenant-1.tenants.test:PORT',
    'xn--mnchen-3ya.tenants.test.:PORT',
  ])('are served, each as itself: %s', async (host) => {
    expect(soleRequest(await get(way, '/open', host)).target).toBe('/open');
    expectDenied(await get(way, '/x', host), [401]);
    const started = await get(way, '/x', host, navigationLines);
    const redirectUri = new URL(started.answer.header('location') ?? '').searchParams.get('redirect_uri');
    const own = withPort(host).toLowerCase().replace('.:', ':');
    expect(redirectUri).toBe(`http://${own}/_auth/callback`);
  });

  it('yield to an origin that names the host itself', async () => {
    expectDenied(await get(way, '/open', 'fixed.tenants.test:PORT'), [403]);
    expectDenied(await get(way, '/x', 'FIXED.tenants.test:PORT', navigationLines), [403]);
  });

  it.each([
    'tenants.test:PORT',
    '.tenants.test:PORT',
    'a.b.tenants.test:PORT',
    '*.tenants.test:PORT',
    '%2a.tenants.test:PORT',
    'a..tenants.test:PORT',
    'eviltenants.test:PORT',
    'a.tenants.test.attacker.test:PORT',
    'evil.example.com.attacker.test',
    'a.tenants.test',
    'a.tenants.test:80',
    'a.tenants.test:PORT.attacker.test',
    'attacker.test@a.tenants.test:PORT',
    'a@b.tenants.test:PORT',
    'a.tenants.test:PORT@attacker.test',
    'a.tenants.test:PORT,attacker.test',
    'attacker.test/a.tenants.test:PORT',
    'attacker.test\\.tenants.test:PORT',
    'a b.tenants.test:PORT',
    '[::1].tenants.test:PORT',
  ])('are no others: %s', async (host) => {
    for (const path of ['/open', '/x', '/_auth/login', '/_auth/callback?code=x&state=y', '/_auth/logout']) {
      const seen = await get(way, path, host, navigationLines);
      expectDenied(seen, [400, 403]);
      expect(seen.answer.values('set-cookie')).toEqual([]);
    }
  });

  it('log in and come back to themselves, with a session that the workload knows', async () => {
    const { landing, cookie } = await logInAt(way, 'a.tenants.test:PORT', '/x?y=1');
    expect(landing).toBe(withPort('http://a.tenants.test:PORT/x?y=1'));
    const request = soleRequest(await get(way, '/x', 'a.tenants.test:PORT', [cookie]));
    expect(request.values('x-auth-request-user')).toEqual(['alice']);
    expect(request.values('host')).toEqual([withPort('a.tenants.test:PORT')]);
  });
});

describe.each(ways)('P11 WebSockets on hosts of a wildcard, %s listener', (way) => {
  it('are refused from a sibling under the same wildcard', async () => {
    const { cookie } = await logInAt(way, 'a.tenants.test:PORT', '/x');
    const upgrade = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
    for (const origin of ['http://b.tenants.test:PORT', 'http://*.tenants.test:PORT', 'http://tenants.test:PORT']) {
      const lines = [cookie, ...upgrade, `Origin: ${origin}`].map(withPort);
      const bytes = rawGet('/x', withPort('a.tenants.test:PORT'), lines);
      expectDenied(await attempt(world, ports[way], bytes.replace('Connection: close', 'Connection: Upgrade')), [403]);
    }
  });
});

describe('R1, R2 return URLs on hosts of a wildcard', () => {
  it.each([
    ['http://a.tenants.test:PORT/x', 'http://a.tenants.test:PORT/x'],
    ['/x', 'http://a.tenants.test:PORT/x'],
    ['http://b.tenants.test:PORT/x', 'http://a.tenants.test:PORT/'],
    ['http://*.tenants.test:PORT/x', 'http://a.tenants.test:PORT/'],
    ['http://tenants.test:PORT/x', 'http://a.tenants.test:PORT/'],
    ['http://a.tenants.test:PORT.attacker.test/', 'http://a.tenants.test:PORT/'],
    ['https://a.tenants.test:PORT/x', 'http://a.tenants.test:PORT/'],
    ['//b.tenants.test:PORT/x', 'http://a.tenants.test:PORT/'],
    ['http://127.0.0.1:PORT/x', 'http://a.tenants.test:PORT/'],
  ])('lead nowhere else: %s', async (wanted, expected) => {
    const login = `/_auth/login?rd=${encodeURIComponent(withPort(wanted))}`;
    const { landing } = await logInAt('hardened', 'a.tenants.test:PORT', login);
    expect(landing).toBe(withPort(expected));
  });
});

describe('R3 logout on hosts of a wildcard', () => {
  it('comes back to the host that asked, and only a page of that host may ask', async () => {
    const { cookie } = await logInAt('hardened', 'a.tenants.test:PORT', '/x');
    const post = (origin: string) =>
      get('hardened', '/_auth/logout', 'a.tenants.test:PORT', [cookie, `Origin: ${origin}`], 'POST');
    for (const origin of ['http://b.tenants.test:PORT', 'http://tenants.test:PORT', 'http://*.tenants.test:PORT']) {
      expect((await post(origin)).answer.status).toBe(403);
    }
    const { answer } = await post('http://a.tenants.test:PORT');
    expect(answer.status).toBe(303);
    const location = new URL(answer.header('location') ?? '');
    expect(location.searchParams.get('post_logout_redirect_uri')).toBe(
      withPort('http://a.tenants.test:PORT/_auth/logout/callback'),
    );
    expectDenied(await get('hardened', '/x', 'a.tenants.test:PORT', [cookie]), [401]);
  });
});
