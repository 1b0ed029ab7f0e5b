import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { attempt, expectDenied, type Ports, portsOf, soleRequest, textOf, type Way, ways } from '../support/attack.ts';
import { navigation } from '../support/browser-headers.ts';
import { createClient } from '../support/client.ts';
import { http2Client } from '../support/http2-client.ts';
import { navigationLines } from '../support/login-steps.ts';
import { rawGet } from '../support/raw-http.ts';
import { sessionCookie, type World } from '../support/world.ts';
import { fullSession, identity, senders, startHeadersWorld } from './headers-world.ts';

let world: World;
let ports: Ports;
let session: string;

beforeAll(async () => {
  world = await startHeadersWorld();
  ports = await portsOf(world);
  session = `Cookie: ${await fullSession(world)}`;
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

const send = (way: Way, method: string, target: string, lines: readonly string[] = []) =>
  attempt(world, ports[way], rawGet(target, world.host, lines, method));
const get = (way: Way, target: string, lines: readonly string[] = []) => send(way, 'GET', target, lines);

const otherUrl = [
  'x-forwarded-uri',
  'x-original-url',
  'x-rewrite-url',
  'x-original-uri',
  'x-forwarded-path',
  'x-forwarded-prefix',
  'x-envoy-original-path',
  'x-http-destinationurl',
  'x-override-url',
  'x-proxy-url',
  'request-uri',
  'referer',
  'destination',
];

describe.each(ways)('H8 headers that name another URL, %s listener', (way) => {
  it.each(otherUrl)('do not open a protected path: %s', async (name) => {
    for (const value of ['/public', '/', `http://${world.host}/public`]) {
      for (const [, lines] of senders)
        expectDenied(await get(way, '/app', [`${name}: ${value}`, ...lines]), [302, 401]);
    }
  });

  it.each(otherUrl)('do not close a public path: %s', async (name) => {
    expect(soleRequest(await get(way, '/public', [`${name}: /app`])).target).toBe('/public');
  });

  it.each(['/app', '/public'])('do not reach a workload that would follow them, on %s', async (path) => {
    const lines = [
      'X-Original-URL: /admin',
      'x-rewrite-url: /admin',
      'X-REWRITE-URL: /admin',
      'X.Original.Url: /admin',
    ];
    const edge = way === 'hardened' ? ['X-Forwarded-Uri: /admin', 'X-Forwarded-Prefix: /admin'] : [];
    const request = soleRequest(await get(way, path, [...lines, ...edge, session]));
    expect(request.headers.filter(([, value]) => value.includes('/admin'))).toEqual([]);
  });
});

const evil = [
  'Forwarded: for=6.6.6.6;host=evil.example;proto=https',
  'X-Forwarded-Host: evil.example',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Port: 4444',
  'X-Forwarded-Prefix: /evil',
  'X-Forwarded-Server: evil.example',
  'X-Forwarded-For: 6.6.6.6, 127.0.0.1',
  'X-Forwarded-Scheme: https',
  'X-Forwarded-Ssl: on',
  'X-Forwarded-Client-Cert: By=evil',
  'X-Original-Host: evil.example',
  'X-Real-Ip: 6.6.6.6',
  'X-Envoy-External-Address: 6.6.6.6',
  'X-Envoy-Internal: true',
];

describe.each(ways)('H9 forwarding headers, %s listener', (way) => {
  const evilHeaders = Object.fromEntries(
    evil.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );

  /** An authorization request without what is new in each. */
  const lasting = (location: string | undefined): string => {
    const url = new URL(location ?? '');
    for (const name of ['state', 'nonce', 'code_challenge']) url.searchParams.delete(name);
    return url.href;
  };

  it.each(['/app?x=1', '/_auth/login?rd=/app'])(
    'change neither redirect_uri nor cookie of a login at %s',
    async (path) => {
      const plain = await get(way, path, navigationLines);
      const forwarded = await get(way, path, [...navigationLines, ...evil]);
      expectDenied(forwarded, [302]);
      expect(lasting(forwarded.answer.header('location'))).toBe(lasting(plain.answer.header('location')));
      expect(new URL(forwarded.answer.header('location') ?? '').searchParams.get('redirect_uri')).toBe(
        `${world.origin}/_auth/callback`,
      );
      const cookies = [plain, forwarded].map(({ answer }) =>
        answer.values('set-cookie').map((line) => line.replace(/=[^;]+/, '=')),
      );
      expect(cookies[1]).toEqual(['__Host-sallyport-login=; Path=/; HttpOnly; SameSite=Lax; Secure']);
      expect(cookies[1]).toEqual(cookies[0]);
    },
  );

  it('change nothing in the answer to a program', async () => {
    const plain = await get(way, '/app');
    const forwarded = await get(way, '/app', evil);
    expectDenied(forwarded, [401]);
    expect(forwarded.answer.body).toBe(plain.answer.body);
    expect(JSON.parse(forwarded.answer.body)).toMatchObject({ login_url: `${world.origin}/_auth/login` });
  });

  it('sent with every step of a login change nothing: it ends where it began, with our cookie', async () => {
    const client = createClient();
    const door = `http://127.0.0.1:${ports[way]}`;
    let at = `${world.origin}/app?x=1`;
    for (let hops = 0; hops < 10; hops += 1) {
      const isOurs = at.startsWith(world.origin);
      // The bare listener stands on another port: the browser's Host is the configured one all the same.
      const cookie = client.cookieHeader(world.origin);
      const answer = isOurs
        ? await client.send(at.replace(world.origin, door), {
            headers: { ...navigation, ...evilHeaders, host: world.host, ...(cookie === '' ? {} : { cookie }) },
          })
        : await client.open(at);
      for (const line of isOurs ? answer.values('set-cookie') : []) {
        expect(line).not.toMatch(/domain=/i);
        client.setCookie(
          world.origin,
          line.slice(0, line.indexOf('=')),
          line.slice(line.indexOf('=') + 1, line.indexOf(';')),
        );
      }
      const location = answer.header('location');
      if (location === undefined) break;
      at = new URL(location, at).href;
    }
    expect(at).toBe(`${world.origin}/app?x=1`);
    expect(client.cookies(world.origin).has(sessionCookie)).toBe(true);
    expect(world.upstream.requests.map(({ target }) => target)).toEqual(['/app?x=1']);
  });

  it.each(['x-forwarded-host', 'x-original-host', 'x-host', 'forwarded'])(
    'do not choose the rules: %s',
    async (name) => {
      const localhost = `localhost:${world.port}`;
      const value = (host: string) => (name === 'forwarded' ? `host="${host}"` : host);
      expectDenied(await get(way, '/app', [`${name}: ${value(localhost)}`]), [401]);
      const open = await attempt(world, ports[way], rawGet('/app', localhost, [`${name}: ${value(world.host)}`]));
      expect(soleRequest(open).values('host')).toEqual([localhost]);
    },
  );

  it('over HTTP/2 do not change redirect_uri', async () => {
    const client = http2Client(ports[way], world.host);
    const answer = await client.request({ ...navigation, ...evilHeaders, ':path': '/app' });
    client.close();
    expect(answer.status).toBe(302);
    expect(new URL(String(answer.headers['location'])).searchParams.get('redirect_uri')).toBe(
      `${world.origin}/_auth/callback`,
    );
  });
});

describe('H9 forwarding headers and the workload', () => {
  it('none reaches it behind the shipped listener: it sees what Envoy knows', async () => {
    const further = ['True-Client-Ip', 'Client-Ip', 'X-Client-Ip', 'X-Cluster-Client-Ip'].map(
      (name) => `${name}: 6.6.6.6`,
    );
    const request = soleRequest(
      await get('hardened', '/app', [...evil, ...further, 'X-Forwarded-Method: DELETE', session]),
    );
    expect(request.values('x-forwarded-proto')).toEqual(['http']);
    expect(request.values('x-forwarded-for')).toHaveLength(1);
    expect(request.values('x-forwarded-method')).toEqual([]);
    expect(textOf(request)).not.toMatch(/6\.6\.6\.6|4444|evil/);
  });
});

describe.each(ways)('H10 user agents of probes, %s listener', (way) => {
  const agents = [
    'kube-probe/1.36',
    'GoogleHC/1.0',
    'ELB-HealthChecker/2.0',
    'Amazon-Route53-Health-Check-Service',
    'Envoy/HC',
    'Prometheus/3.0',
    'HAProxy',
    'Googlebot/2.1',
    'sallyport',
  ];

  it.each(agents)('open no protected path: %s', async (agent) => {
    for (const path of ['/app', '/', '/healthz', '/readyz', '/metrics', '/ping', '/robots.txt', '/favicon.ico']) {
      for (const [, lines] of senders)
        expectDenied(await get(way, path, [`User-Agent: ${agent}`, ...lines]), [302, 401]);
    }
  });

  it('nor do headers of health checks', async () => {
    const lines = ['X-Envoy-Healthchecked-Cluster: workload', 'X-Health-Check: 1', 'X-Envoy-Internal: true'];
    expectDenied(await get(way, '/app', lines), [401]);
  });
});

describe.each(ways)('H11 headers that name another method, %s listener', (way) => {
  const names = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', 'x-http-method-override'];

  it.each(names)('do not make a GET of a POST: %s', async (name) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expectDenied(await send(way, method, '/form', [`${name}: GET`]), [401]);
      expectDenied(await send(way, method, '/form?_method=GET', [`${name}: GET`]), [401]);
    }
  });

  it.each(names)('do not make a POST of a GET: the workload sees none of them: %s', async (name) => {
    const request = soleRequest(await get(way, '/form', [`${name}: DELETE`]));
    expect(request.method).toBe('GET');
    expect(request.headers.filter(([, value]) => value === 'DELETE')).toEqual([]);
  });

  it.each(names)('do not reach the workload with a session: %s', async (name) => {
    const respelled = way === 'bare' ? [`${name.replaceAll('-', '_')}: DELETE`] : [];
    const request = soleRequest(await send(way, 'POST', '/form', [`${name}: DELETE`, ...respelled, session]));
    expect(request.method).toBe('POST');
    expect(request.headers.filter(([, value]) => value === 'DELETE')).toEqual([]);
  });
});

describe.each(ways)('H12 header names that every JavaScript object has, %s listener', (way) => {
  const names = [
    'constructor',
    'hasOwnProperty',
    'toString',
    'valueOf',
    'isPrototypeOf',
    'prototype',
    'then',
    'toJSON',
  ];
  const underscored = ['__proto__', '__defineGetter__', '__lookupGetter__'];

  it.each(['/app', '/public'])('reach the workload on %s like any other, and the rest as always', async (path) => {
    const sent = [...names, ...(way === 'bare' ? underscored : [])];
    const lines = sent.flatMap((name) => [`${name}: 1`, `${name}: 2`]);
    const request = soleRequest(await get(way, path, [...lines, `${session}; __proto__=3; constructor=4`]));
    for (const name of sent)
      expect([name, request.values(name.toLowerCase()).join()]).toEqual([name, expect.stringMatching(/^1, ?2$|^1,2$/)]);
    expect(request.values('cookie')).toEqual(['__proto__=3; constructor=4']);
    for (const [name, value] of identity) expect(request.values(name)).toEqual(path === '/app' ? [value] : []);
    // Configured for claims that nobody has.
    expect(request.values('x-claim-constructor')).toEqual([]);
    expect(request.values('x-claim-prototype')).toEqual([]);
  });

  it.each([...names, ...underscored])('open nothing: %s', async (name) => {
    const expected = way === 'hardened' && name.includes('_') ? [400] : [401];
    expectDenied(await get(way, '/app', [`${name}: 1`, `Cookie: ${name}=1`]), expected);
  });

  it('over HTTP/2 break nothing', async () => {
    const client = http2Client(ports[way], world.host);
    const headers = Object.fromEntries(names.map((name) => [name, '1']));
    const answer = await client.request({ ':path': '/app', ...headers, cookie: session.slice('Cookie: '.length) });
    client.close();
    expect(answer.status).toBe(200);
    expect(world.upstream.requests[0]?.values('constructor')).toEqual(['1']);
  });
});
