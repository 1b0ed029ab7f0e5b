import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { attempt, expectDenied, type Ports, portsOf, soleRequest, type Way, ways } from '../support/attack.ts';
import { http2Client } from '../support/http2-client.ts';
import { navigationLines } from '../support/login-steps.ts';
import { rawGet } from '../support/raw-http.ts';
import { sessionCookie, type World } from '../support/world.ts';
import { hostsOf, startPathsWorld } from './paths-world.ts';

let world: World;
let ports: Ports;
/** The host on which `/x` is closed, and the one on which it is open. */
let closed: string;
let open: string;

beforeAll(async () => {
  world = await startPathsWorld();
  ports = await portsOf(world);
  ({ closed, open } = hostsOf(world));
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

const get = (way: Way, target: string, host: string, lines: readonly string[] = []) =>
  attempt(world, ports[way], rawGet(target, host, lines));

/** Tables are made before the port is known. */
const withPort = (text: string): string => text.replaceAll('PORT', String(world.port));

describe.each(ways)('P9 absolute-form targets against Host, %s listener', (way) => {
  it('the target names the host for rules and workload alike (RFC 9112 §3.2.2)', async () => {
    expectDenied(await get(way, `http://${closed}/x`, open), [401]);
    expectDenied(await get(way, `http://${open}/admin`, closed), [401]);
    expectDenied(await get(way, `http://${open}/secret`, closed), [403]);
    for (const host of [closed, open, 'evil.example', 'localhost']) {
      const request = soleRequest(await get(way, `http://${open}/x?y`, host));
      expect([request.target, request.values('host')]).toEqual(['/x?y', [open]]);
    }
  });

  it.each([
    'http://evil.example/public',
    'http://evil.example:PORT/public',
    'http://localhost/x',
    'http://localhost:80/x',
    'http://localhost:0PORT/x',
    'http://localhost:PORT@evil.example/x',
    'http://evil.example\\@localhost:PORT/x',
    'http://evil.example#@localhost:PORT/x',
    'http://[::1]:PORT/x',
    'http://[::1/x',
    'http:///x',
    'http://:PORT/x',
    'http:/x',
    'http:x',
    'http://localhost:PORTx/x',
    'https://localhost:PORT/x',
    'ftp://localhost:PORT/x',
    'file:///etc/passwd',
    'ws://localhost:PORT/x',
    '//localhost:PORT',
  ])('one that names no configured host is refused, whatever Host says: %s', async (target) => {
    for (const host of [open, closed]) {
      const seen = await get(way, withPort(target), host, navigationLines);
      // `//…` is a path to the shipped listener, which merges slashes: then the rules of Host decide.
      if (way === 'hardened' && target.startsWith('//') && host === open)
        expect(soleRequest(seen).values('host')).toEqual([open]);
      else expectDenied(seen, target.startsWith('//') ? [302, 400] : [400, 403, 404]);
    }
  });

  it('one without a path is the root', async () => {
    expectDenied(await get(way, `http://${closed}`, open), [401]);
    expect(soleRequest(await get(way, `http://${open}`, closed)).target).toBe('/');
    expectDenied(await get(way, `http://${closed}?/public`, open), [400, 401, 404]);
  });

  it('ambiguous paths in it are refused as anywhere', async () => {
    for (const path of ['/public/../x', '/public/..;/x', '/public%2f..%2fx', '//x', '/public/%2e%2e/x']) {
      expectDenied(await get(way, `http://${closed}${path}`, open), [400, 401]);
    }
  });

  it('with the session of another host it is that host’s own session that counts', async () => {
    const client = await world.logIn('/x');
    const cookie = `Cookie: ${sessionCookie}=${client.cookies(world.origin).get(sessionCookie)}`;
    const request = soleRequest(await get(way, `http://${closed}/x`, open, [cookie]));
    expect([request.values('host'), request.values('x-auth-request-user')]).toEqual([[closed], ['alice']]);
  });
});

describe.each(ways)('P10 spellings of a host, %s listener', (way) => {
  it.each(['LOCALHOST:PORT', 'LocalHost:PORT', 'localhost.:PORT', 'localhost:PORT ', '\tlocalhost:PORT'])(
    'that name a configured host are that host, no other: %j',
    async (host) => {
      expect(soleRequest(await get(way, '/x', withPort(host))).target).toBe('/x');
      expectDenied(await get(way, '/admin', withPort(host)), [401]);
      expectDenied(await get(way, '/secret', withPort(host)), [403]);
    },
  );

  it('lead a login back to the configured origin', async () => {
    for (const host of [`LOCALHOST:${world.port}`, `localhost.:${world.port}`]) {
      const { answer } = await get(way, '/admin', host, navigationLines);
      expect(answer.status).toBe(302);
      expect(new URL(answer.header('location') ?? '').searchParams.get('redirect_uri')).toBe(
        `http://${open}/_auth/callback`,
      );
    }
  });

  it.each([
    'localhost',
    'localhost:80',
    'localhost:443',
    'localhost:1',
    'localhost:99999',
    'localhost:0PORT',
    'localhost:+PORT',
    'localhost: PORT',
    'localhost:PORT:PORT',
    'localhost:',
    'localhost..:PORT',
    '.localhost:PORT',
    'x.localhost:PORT',
    'localhostx:PORT',
    'localhost%2e:PORT',
    'local%68ost:PORT',
    'local\xadhost:PORT',
    'loca\xc4\xbahost:PORT',
    'localhost\0:PORT',
    'user@localhost:PORT',
    'localhost:PORT@evil.example',
    'evil.example@localhost:PORT',
    'localhost:PORT/x',
    'localhost:PORT#',
    'localhost:PORT?',
    'localhost:PORT\\',
    'localhost:PORT,localhost:PORT',
    'localhost:PORT, evil.example',
    'evil.example, localhost:PORT',
    'localhost:PORT evil.example',
    '"localhost":PORT',
    '[localhost]:PORT',
    '[::1]:PORT',
    '[::1',
    '[::1]x:PORT',
    '[::ffff:127.0.0.1]:PORT',
    '127.1:PORT',
    '2130706433:PORT',
    '0x7f.0.0.1:PORT',
    '0177.0.0.1:PORT',
    '127.0.0.1',
    '0.0.0.0:PORT',
    '*:PORT',
    '*',
    '',
    'http://localhost:PORT',
    'evil.example',
    'evil.example:PORT',
  ])('that name no configured host are refused, on every path: %j', async (host) => {
    for (const path of ['/x', '/public', '/_auth/login', '/_auth/callback?code=a&state=b']) {
      const seen = await get(way, path, withPort(host), navigationLines);
      expectDenied(seen, [400, 403]);
      expect(seen.answer.header('set-cookie')).toBeUndefined();
    }
    expect(world.provider.count('token')).toBe(0);
  });

  it('that come twice, or not at all, are refused', async () => {
    for (const [first, second] of [
      [open, open],
      [open, closed],
      [closed, open],
      [open, 'evil.example'],
      ['evil.example', open],
    ]) {
      expectDenied(await get(way, '/x', first ?? '', [`Host: ${second}`]), [400, 403]);
    }
    // Envoy drops an empty one; then the other is the host for rules and workload alike.
    const [request] = (await get(way, '/x', open, ['Host:'])).reached;
    expect(request?.values('host') ?? [open]).toEqual([open]);
    expectDenied(await get(way, '/x', closed, ['Host:']), [400, 401, 403]);
    const bytes = (version: string) => `GET /x HTTP/${version}\r\nConnection: close\r\n\r\n`;
    expectDenied(await attempt(world, ports[way], bytes('1.1')), [400]);
    expectDenied(await attempt(world, ports[way], bytes('1.0')), [400, 426]);
    expectDenied(await attempt(world, ports[way], `GET /x HTTP/1.0\r\nHost: ${open}\r\n\r\n`), [400, 426]);
    expectDenied(await attempt(world, ports[way], 'GET /x\r\n\r\n'), [0, 400, 426]);
  });

  it('that other headers state have no say', async () => {
    for (const name of [
      'X-Host',
      'X-Forwarded-Host',
      'X-Original-Host',
      'X-HTTP-Host-Override',
      'Forwarded-Host',
      ':authority',
      'authority',
    ]) {
      const seen = await get(way, '/x', closed, [`${name}: ${open}`]);
      expectDenied(seen, [400, 401]);
      const reverse = await get(way, '/x', open, [`${name}: ${closed}`]);
      for (const request of reverse.reached) expect(request.values('host')).toEqual([open]);
    }
  });
});

describe.each(ways)('P10 :authority and host over HTTP/2, %s listener', (way) => {
  const request = async (headers: Readonly<Record<string, string>>) => {
    const client = http2Client(ports[way], closed);
    const answer = await client.request(headers).catch(() => ({ status: 0 }));
    client.close();
    return { status: answer.status, hosts: world.upstream.requests.map((each) => each.values('host')) };
  };

  it('rules and workload see :authority, whatever host says (RFC 9113 §8.3.1)', async () => {
    expect(await request({ ':authority': closed, host: open, ':path': '/x' })).toEqual({ status: 401, hosts: [] });
    expect(await request({ ':authority': open, host: closed, ':path': '/x' })).toEqual({
      status: 200,
      hosts: [[open]],
    });
    world.upstream.clear();
    expect(await request({ ':authority': open, host: 'evil.example', ':path': '/admin' })).toEqual({
      status: 401,
      hosts: [],
    });
  });

  it.each([
    'evil.example',
    'localhost',
    'localhost:80',
    '[::1',
    'localhost:PORT,localhost:PORT',
    'x.localhost:PORT',
    'localhost%2e:PORT',
  ])('an :authority that names no configured host is refused, whatever host says: %s', async (authority) => {
    const { status, hosts } = await request({ ':authority': withPort(authority), host: open, ':path': '/x' });
    expect([0, 400, 403]).toContain(status);
    expect(hosts).toEqual([]);
  });

  it('what is no authority ends its stream', async () => {
    const odd = [
      'user@localhost:PORT',
      'localhost:PORT/x',
      'localhost:PORT#',
      'localhost:PORT?x',
      'local host:PORT',
      '',
    ];
    const statuses = await Promise.all(
      odd.map(async (authority) => (await request({ ':authority': withPort(authority), ':path': '/x' })).status),
    );
    expect(statuses.filter((status) => ![0, 400, 403].includes(status))).toEqual([]);
    expect(world.upstream.requests).toEqual([]);
  });

  it.each(['https', 'ftp', 'javascript'])('a scheme of the client’s changes nothing: %s', async (scheme) => {
    expect(await request({ ':authority': closed, ':scheme': scheme, ':path': '/x' })).toEqual({
      status: 401,
      hosts: [],
    });
    const { status, hosts } = await request({ ':authority': open, ':scheme': scheme, ':path': '/x' });
    expect({ status, hosts }).toEqual({ status: 200, hosts: [[open]] });
    const client = http2Client(ports[way], closed);
    const answer = await client.request({ ':scheme': scheme, ':path': '/x', accept: 'text/html' });
    client.close();
    expect(new URL(String(answer.headers['location'])).searchParams.get('redirect_uri')).toBe(
      `${world.origin}/_auth/callback`,
    );
  });
});
