import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { navigation, scriptFetch } from '../support/browser-headers.ts';
import { type Answer, createClient, type TestClient } from '../support/client.ts';
import { callbackUrlOf, followUpTo, keepCookies, landingOf, openRaw } from '../support/login-steps.ts';
import { metricOf } from '../support/metrics.ts';
import type { RawAnswer } from '../support/raw-http.ts';
import { redisClient } from '../support/redis-client.ts';
import { until } from '../support/until.ts';
import { sessionCookie, startWorld, type World } from '../support/world.ts';

let world: World;
let redis: Redis;

beforeAll(async () => {
  world = await startWorld({ store: 'redis' });
  redis = redisClient(world);
});
beforeEach(() => world.reset());
afterAll(() => expectHealthy(world));

function logOut(
  client: TestClient,
  suffix = '',
  body = '',
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return client.open(`${world.origin}/_auth/logout${suffix}`, {
    method: 'POST',
    headers: { origin: world.origin, 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body,
  });
}

describe('R3 nothing in a request moves the post-logout redirect', () => {
  const evil = 'http://evil.example/';
  const tries: readonly (readonly [
    what: string,
    suffix: string,
    body: string,
    headers: Readonly<Record<string, string>>,
  ])[] = [
    ['nothing', '', '', {}],
    ['rd in the query', `?rd=${evil}`, '', {}],
    ['rd in the body', '', `rd=${evil}`, {}],
    ['post_logout_redirect_uri in the query', `?post_logout_redirect_uri=${evil}&state=x`, '', {}],
    ['post_logout_redirect_uri in the body', '', `post_logout_redirect_uri=${evil}`, {}],
    ['a Referer', '', '', { referer: evil }],
    [
      'forwarding headers',
      '',
      '',
      { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', forwarded: 'host=evil.example' },
    ],
    ['X-Auth-Request-Redirect', '', '', { 'x-auth-request-redirect': evil }],
    ['a cookie', '', '', { cookie: `rd=${evil}` }],
  ];

  it.each(tries)('with %s, at a provider with an end_session_endpoint', async (_what, suffix, body, headers) => {
    const client = await world.logIn();
    const answer = await logOut(client, suffix, body, headers);
    const next = new URL(answer.header('location') ?? '');
    expect([answer.status, `${next.origin}${next.pathname}`]).toEqual([303, `${world.provider.issuer}/session/end`]);
    expect(next.searchParams.getAll('post_logout_redirect_uri')).toEqual([`${world.origin}/_auth/logout/callback`]);
    expect(next.searchParams.getAll('state')).toEqual([expect.stringMatching(/^[\w-]{22}$/)]);
    expect(next.href).not.toContain('evil');
  });

  it('shows a page without redirect and reflection where logout ends', async () => {
    const answer = await createClient().open(
      `${world.origin}/_auth/logout/callback?rd=${evil}&state=%3Cscript%3E&iss=${evil}`,
    );
    expect([answer.status, answer.header('location')]).toEqual([200, undefined]);
    expect(answer.body).not.toMatch(/evil|<script/);
    expect([...answer.body.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual([
      `${world.origin}/_auth/login?rd=%2F`,
    ]);
  });

  describe('without an end_session_endpoint', () => {
    beforeAll(async () => {
      world.provider.edit('discovery', ({ end_session_endpoint: _taken, ...metadata }) => metadata);
      await world.restart(0);
      await world.logIn(); // discovery is asked for now, while it is edited
    });
    afterAll(async () => {
      world.reset();
      await world.restart(0);
    });

    it.each(tries)('with %s', async (_what, suffix, body, headers) => {
      const client = await world.logIn();
      const answer = await logOut(client, suffix, body, headers);
      expect([answer.status, answer.header('location')]).toEqual([303, `${world.origin}/_auth/logout/callback`]);
    });
  });
});

describe('R4 the Referer is not a return URL', () => {
  it.each(['http://evil.example/', '{origin}/orders', '//evil.example'])('%s', async (referer) => {
    const headers = { referer: referer.replace('{origin}', world.origin), 'x-auth-request-redirect': '/orders' };
    const client = createClient();
    const atLogin = await client.open(`${world.origin}/_auth/login`, { headers });
    const atPage = await client.open(`${world.origin}/page`, { headers });
    const ends: (string | undefined)[] = [];
    for (const { values } of [atLogin, atPage]) {
      const callback = await followUpTo(client, `${world.origin}/_auth/callback`, values('location')[0] ?? '');
      ends.push((await client.open(callback, { headers })).header('location'));
    }
    expect(ends).toEqual([`${world.origin}/`, `${world.origin}/page`]);
  });
});

describe('R5 a cookie is not a return URL', () => {
  const names = [
    'rd',
    'redirect',
    'redirect_uri',
    'return_to',
    'returnTo',
    'next',
    'state',
    '_auth',
    '__Host-sallyport-rd',
    '__Host-sallyport-return',
  ];

  it.each(['//evil.example', '/orders'])('whatever its name, of value %s', async (value) => {
    const client = createClient();
    for (const name of names) client.setCookie(world.origin, name, value);
    expect(await landingOf(client, world.origin, '/_auth/login')).toBe(`${world.origin}/`);
    expect(await landingOf(client, world.origin, '/_auth/login?rd=/page')).toBe(`${world.origin}/page`);
  });
});

describe('R6 CR, LF and NUL are encoded or refused', () => {
  const targets: readonly (readonly [target: string, path: string | undefined])[] = [
    ['/a%0d%0aSet-Cookie:evil=1', undefined],
    ['/a%00', undefined],
    ['/a\rSet-Cookie: evil=1', undefined],
    ['/a\0', undefined],
    ['/a?x=\rSet-Cookie:evil=1', undefined],
    ['/a?x=\0', undefined],
    ['/a?x=%0d%0aSet-Cookie:evil=1', '/a?x=%0d%0aSet-Cookie:evil=1'],
    ['/a?x=%00&y=%0A', '/a?x=%00&y=%0A'],
    ['/_auth/login?rd=/a%0d%0aSet-Cookie:evil=1', '/'],
    ['/_auth/login?rd=/a%00b', '/'],
    ['/_auth/login?rd=/a?x=%0d%0aSet-Cookie:evil=1', '/'],
    ['/_auth/login?rd=/a%250d%250aSet-Cookie:evil=1', '/'],
    ['/_auth/login?rd=/a?x=%250d%250aSet-Cookie:evil=1', '/a?x=%0d%0aSet-Cookie:evil=1'],
    ['/_auth/login?rd=/a%23x%0d%0aSet-Cookie:evil=1', '/'],
    ['/_auth/login?rd=/a\rSet-Cookie:evil=1', undefined],
    ['/_auth/login?rd=/a\0', undefined],
  ];

  it.each(targets)('%j', async (target, path) => {
    const client = createClient();
    const begun = await openRaw(world.port, target);
    expectNoSplit(begun);
    if (path === undefined) {
      expect([begun.status, begun.header('location')]).toEqual([400, undefined]);
      expect(world.upstream.requests).toEqual([]);
      return;
    }
    keepCookies(client, world.origin, begun);
    const callback = await followUpTo(client, `${world.origin}/_auth/callback`, begun.header('location') ?? '');
    const ended = await openRaw(world.port, callback.slice(world.origin.length), [
      `cookie: ${client.cookieHeader(world.origin)}`,
    ]);
    expectNoSplit(ended);
    expect([ended.status, ended.values('location')]).toEqual([302, [`${world.origin}${path}`]]);
  });

  function expectNoSplit(answer: RawAnswer): void {
    for (const line of answer.values('set-cookie')) expect(line).toMatch(/^__Host-sallyport/);
    for (const [name, value] of answer.headers) expect(`${name}: ${value}`).toMatch(/^[a-z-]+: [\x20-\x7e]+$/);
  }
});

describe('R8 no redirect is kept by a cache', () => {
  it('from the first page to the end of logout', async () => {
    const client = createClient();
    const callback = await callbackUrlOf(client, world.origin, '/orders');
    const redirects: Readonly<Record<string, Answer>> = {
      'a page that needs a login': await createClient().open(`${world.origin}/orders`),
      'the login page': await createClient().open(`${world.origin}/_auth/login?rd=/orders`),
      'the callback': await client.open(callback),
      'the callback, once more': await client.open(callback),
      logout: await logOut(client),
    };
    for (const [what, answer] of Object.entries(redirects)) {
      expect([what, Math.floor(answer.status / 100)]).toEqual([what, 3]);
      expect([what, answer.values('cache-control')]).toEqual([what, ['no-store']]);
      expect([what, answer.header('location') === undefined]).toEqual([what, false]);
    }
  });
});

describe('R9 a request that cannot be repeated is not redirected', () => {
  let expired: TestClient;

  beforeAll(async () => {
    world.provider.accessTokensLive(1);
    // With a refresh token it would go on.
    world.provider.edit('token', ({ refresh_token: _none, ...body }) => body);
    expired = await world.logIn();
    await until('the session has ended', async () => {
      const { status } = await expired.send(`${world.origin}/orders`, { headers: scriptFetch });
      return status === 401;
    });
  });

  const form = { ...navigation, 'content-type': 'application/x-www-form-urlencoded' };

  it.each(
    ['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'].flatMap((method) => [
      [method, 'form', form] as const,
      [method, 'fetch', scriptFetch] as const,
    ]),
  )('%s by %s with an ended session is 401', async (method, _by, headers) => {
    expect(expired.cookies(world.origin).has(sessionCookie)).toBe(true);
    const body = ['POST', 'PUT', 'PATCH'].includes(method) ? { body: 'amount=1' } : {};
    const answer = await expired.send(`${world.origin}/orders`, { method, headers, ...body });
    expect([answer.status, answer.header('location'), answer.values('set-cookie')]).toEqual([401, undefined, []]);
    if (method !== 'HEAD') expect(JSON.parse(answer.body)).toMatchObject({ error: 'login_required' });
    expect(world.upstream.requests).toEqual([]);
  });

  it.each(['/_auth/login?rd=/orders', '/_auth/callback', '/_auth/userinfo'])('POST to %s is refused', async (path) => {
    const answer = await expired.send(`${world.origin}${path}`, { method: 'POST', headers: form, body: 'rd=/orders' });
    // The callback reads forms of providers, and this is none.
    expect(answer.status).toBe(path === '/_auth/callback' ? 400 : 404);
    expect(answer.header('location')).toBeUndefined();
  });
});

describe('R10 what is no navigation is not sent to a login', () => {
  const framed = { ...navigation, 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'cross-site' };
  const requests: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'fetch()': scriptFetch,
    'fetch() for HTML': { ...scriptFetch, accept: 'text/html' },
    XMLHttpRequest: { accept: 'application/json, text/plain, */*', 'x-requested-with': 'XMLHttpRequest' },
    'an iframe': framed,
    'an object': { ...framed, 'sec-fetch-dest': 'object' },
    'an image': { ...scriptFetch, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
    'a service worker': { ...scriptFetch, 'sec-fetch-mode': 'same-origin', 'sec-fetch-dest': 'serviceworker' },
    'a navigation preload without a destination': { ...navigation, 'sec-fetch-dest': 'empty' },
    'a navigation with half of its Fetch Metadata': { accept: 'text/html', 'sec-fetch-mode': 'navigate' },
    'a prefetch': { ...navigation, 'sec-purpose': 'prefetch' },
    'a prerender': { ...navigation, 'sec-purpose': 'prefetch;prerender' },
    'an older prefetch': { ...navigation, purpose: 'prefetch' },
    'a prefetch of Firefox': { ...navigation, 'x-moz': 'prefetch' },
    'a preview of Safari': { ...navigation, 'x-purpose': 'preview' },
    'a program that accepts anything': { accept: '*/*' },
    'a program that says nothing': {},
  };

  const loginsBegun = async () => {
    const counts = world.replicas.map((each) => metricOf(each, 'sallyport_events_total', 'event="login_started"'));
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  };
  let begun: number;

  beforeAll(async () => {
    const before = await loginsBegun();
    await createClient().open(`${world.origin}/orders`);
    begun = await loginsBegun();
    // A navigation is counted, or the tests below would count nothing.
    expect(begun).toBe(before + 1);
  });

  it.each(Object.entries(requests))('%s', async (_what, headers) => {
    const before = await redis.dbsize();
    for (const path of ['/orders?x=1', '/_auth/login?rd=/orders']) {
      const client = createClient();
      const answer = await client.send(`${world.origin}${path}`, { headers });
      expect([path, answer.status, answer.header('location'), answer.values('set-cookie')]).toEqual([
        path,
        401,
        undefined,
        [],
      ]);
      expect(answer.header('cache-control')).toBe('no-store');
      expect(JSON.parse(answer.body)).toMatchObject({
        error: 'login_required',
        login_url: `${world.origin}/_auth/login`,
      });
    }
    expect(world.upstream.requests).toEqual([]);
    expect(world.provider.count('authorize')).toBe(0);
    expect(await redis.dbsize()).toBe(before);
    expect(await loginsBegun()).toBe(begun);
  });
});
