import { request as httpRequest } from 'node:http';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { attempt, expectDenied, type Ports, portsOf, soleRequest, type Way, ways } from '../support/attack.ts';
import { createClient } from '../support/client.ts';
import { http2Client } from '../support/http2-client.ts';
import { callbackUrlOf, navigationLines } from '../support/login-steps.ts';
import { rawGet } from '../support/raw-http.ts';
import { sessionCookie, type World } from '../support/world.ts';
import { hostsOf, startPathsWorld } from './paths-world.ts';

let world: World;
let ports: Ports;
let session: string;

beforeAll(async () => {
  world = await startPathsWorld();
  ports = await portsOf(world);
  const client = await world.logIn('/x');
  session = `${sessionCookie}=${client.cookies(world.origin).get(sessionCookie)}`;
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** A WebSocket handshake (RFC 6455 §4.1); the connection is closed at once. Resolves to the status. */
function handshake(way: Way, path: string, headers: Headers = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const merged = {
      host: world.host,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-version': '13',
      ...headers,
    };
    const lines = Object.entries(merged).flatMap(([name, value]) =>
      [value].flat().map((each) => [name, each] as const),
    );
    const outgoing = httpRequest({ host: '127.0.0.1', port: ports[way], path, headers: lines.flat(), agent: false });
    outgoing.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

describe.each(ways)('P11 a WebSocket handshake, %s listener', (way) => {
  it('without a session is 401, never a redirect, and leaves no cookie', async () => {
    const lines = ['Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13'];
    for (const further of [[], navigationLines, ['Cookie: __Host-sallyport=mallory'], [`Origin: ${world.origin}`]]) {
      const bytes = rawGet('/x', world.host, [...lines, ...further]).replace(
        'Connection: close',
        'Connection: Upgrade',
      );
      const seen = await attempt(world, ports[way], bytes);
      expectDenied(seen, [401]);
      expect(seen.answer.values('set-cookie')).toEqual([]);
    }
  });

  it('with a session reaches the workload with our identity alone, from our own origin and from programs', async () => {
    for (const origin of [{ origin: world.origin }, {}]) {
      world.upstream.clear();
      expect(await handshake(way, '/x', { cookie: session, 'x-auth-request-user': 'mallory', ...origin })).toBe(101);
      const [request] = world.upstream.requests;
      expect(request?.values('x-auth-request-user')).toEqual(['alice']);
      expect(request?.values('authorization')).toHaveLength(1);
      expect(request?.values('cookie')).toEqual([]);
    }
  });

  it.each([
    'http://evil.example',
    'null',
    '',
    'http://127.0.0.1',
    'http://127.0.0.1:1',
    'https://127.0.0.1:PORT',
    'http://localhost:PORT',
    'http://127.0.0.1:PORT.evil.example',
    'http://127.0.0.1:PORT/',
    'HTTP://127.0.0.1:PORT',
    'http://user@127.0.0.1:PORT',
    'http://127.0.0.1:PORT, http://evil.example',
    'file://',
  ])('from another origin is refused although the browser sends the cookie: %j', async (text) => {
    const origin = text.replace('PORT', String(world.port));
    for (const upgrade of ['websocket', 'WebSocket', 'WEBSOCKET']) {
      expect(await handshake(way, '/x', { cookie: session, origin, upgrade })).toBe(403);
    }
    expect(world.upstream.requests).toEqual([]);
  });

  it('with two origins is refused', async () => {
    for (const origin of [
      [world.origin, 'http://evil.example'],
      ['http://evil.example', world.origin],
    ]) {
      expect(await handshake(way, '/x', { cookie: session, origin })).toBe(403);
    }
    expect(world.upstream.requests).toEqual([]);
  });

  it.each(['websocket, x', 'x, websocket', 'websocket/13', 'websocketx', 'x', 'h2c, websocket'])(
    'in an odd spelling opens no connection for another origin: %s',
    async (upgrade) => {
      const status = await handshake(way, '/x', { cookie: session, origin: 'http://evil.example', upgrade });
      expect(status).not.toBe(101);
      // A request that went on is a plain one.
      for (const request of world.upstream.requests) expect(request.values('upgrade')).toEqual([]);
    },
  );

  it('on a public path carries no identity, and on a denied one reaches nothing', async () => {
    expect(await handshake(way, '/public', { cookie: session, 'x-auth-request-user': 'mallory' })).toBe(101);
    const [request] = world.upstream.requests;
    expect([
      request?.values('x-auth-request-user'),
      request?.values('cookie'),
      request?.values('authorization'),
    ]).toEqual([[], [], []]);
    world.upstream.clear();
    expect(await handshake(way, '/secret', { cookie: session, host: hostsOf(world).open })).toBe(403);
    expect(world.upstream.requests).toEqual([]);
  });

  it('is not for the side service', async () => {
    for (const path of ['/_auth/login', '/_auth/userinfo', '/_auth/callback']) {
      expect(await handshake(way, path, { cookie: session, origin: world.origin })).not.toBe(101);
    }
    expect(world.upstream.requests).toEqual([]);
  });

  it('over HTTP/2 (RFC 8441) is not offered', async () => {
    const client = http2Client(ports[way], world.host);
    const headers = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/x', cookie: session };
    const answer = await client.request(headers).catch(() => ({ status: 0 }));
    client.close();
    expect(answer.status).not.toBe(200);
    expect(world.upstream.requests).toEqual([]);
  });

  it('to h2c does not pass: nobody speaks past the check to the workload', async () => {
    const lines = ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA'];
    const upgraded = (target: string) =>
      attempt(
        world,
        ports[way],
        rawGet(target, world.host, lines).replace('Connection: close', 'Connection: Upgrade, HTTP2-Settings'),
      );
    const request = soleRequest(await upgraded('/public'));
    expect([request.values('upgrade'), request.values('http2-settings'), request.values('connection')]).toEqual([
      [],
      [],
      [],
    ]);
    expectDenied(await upgraded('/x'), [401]);
  });
});

describe.each(ways)('P13 paths near the callback, %s listener', (way) => {
  /** Spent by nothing but the callback itself. */
  const send = (target: string, cookie: string, method = 'GET', host = world.host) =>
    attempt(world, ports[way], rawGet(target, host, [...navigationLines, `Cookie: ${cookie}`], method));

  it('are not the callback: they spend no code and log nobody in', async () => {
    const client = createClient();
    const callback = new URL(await callbackUrlOf(client, world.origin, '/x?y'));
    const cookie = client.cookieHeader(world.origin);
    for (const path of [
      '/callback',
      '/_authx/callback',
      '/_auth-/callback',
      '/_auth.callback',
      '/_auth/callbackx',
      '/_auth/callback/',
      '/_auth/callback/x',
      '/_auth/callback.html',
      '/_auth/callback;x',
      '/_auth;x/callback',
      '/_auth/x/callback',
      '/_auth/callback%20',
      '/_auth/callback%2f',
      '/_auth/callback%00',
      '/_auth%2fcallback',
      '/_auth/callback%3f',
      '/_auth/logout/callback',
      '/_auth/Callback',
      '/_auth/CALLBACK',
      '/_AUTH/callback',
      '/_auth/callback/../x',
      '/_auth/%2563allback',
      '/public/_auth/callback',
      '/_auth/login/callback',
      '/_auth',
      '/_auth/',
    ]) {
      const { answer } = await send(`${path}${callback.search}`, cookie);
      expect([path, world.provider.count('token')]).toEqual([path, 0]);
      expect([path, answer.values('set-cookie').join()]).toEqual([
        path,
        expect.not.stringMatching(`^${sessionCookie}=[^;]`),
      ]);
    }
    for (const method of ['HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      await send(`${callback.pathname}${callback.search}`, cookie, method);
      expect([method, world.provider.count('token')]).toEqual([method, 0]);
    }
    // Another of our origins is another place.
    expectDenied(await send(`${callback.pathname}${callback.search}`, cookie, 'GET', hostsOf(world).open), [400]);
    expect(world.provider.count('token')).toBe(0);

    const { answer } = await send(`${callback.pathname}${callback.search}`, cookie);
    expect([answer.status, answer.header('location'), world.provider.count('token')]).toEqual([
      302,
      `${world.origin}/x?y`,
      1,
    ]);
  });

  it.each(['/x/../_auth/callback', '/_auth//callback', '//_auth/callback', '/_auth/%63allback', '/%5fauth/callback'])(
    'are the callback, or nothing, where a server reads the same path: %s',
    async (path) => {
      const client = createClient();
      const callback = new URL(await callbackUrlOf(client, world.origin, '/x'));
      const { answer, reached } = await send(`${path}${callback.search}`, client.cookieHeader(world.origin));
      expect(reached).toEqual([]);
      const isLoggedIn = answer.values('set-cookie').some((line) => line.startsWith(`${sessionCookie}=`));
      expect(world.provider.count('token')).toBe(isLoggedIn ? 1 : 0);
      expect(isLoggedIn ? answer.header('location') : undefined).toBe(isLoggedIn ? `${world.origin}/x` : undefined);
    },
  );

  it('below the base path never reach the workload', async () => {
    for (const path of [
      '/_auth',
      '/_auth/',
      '/_auth/x',
      '/_auth/../_auth/x',
      '/_auth/login/x',
      '/_auth/.env',
      '/_auth/public',
    ]) {
      const { answer, reached } = await send(path, session);
      expect([path, reached]).toEqual([path, []]);
      expect([400, 404]).toContain(answer.status);
    }
  });
});
