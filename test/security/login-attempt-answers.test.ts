import type { Redis } from 'ioredis';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { scriptFetch } from '../support/browser-headers.ts';
import { type Answer, createClient, type TestClient } from '../support/client.ts';
import { callbackUrlOf, followUpTo } from '../support/login-steps.ts';
import { redisClient } from '../support/redis-client.ts';
import { bindingCookie, sessionCookie, startWorld, type World } from '../support/world.ts';

let world: World;
let redis: Redis;

beforeAll(async () => {
  world = await startWorld({ replicas: 2 });
  redis = redisClient(world);
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

const begin = (client: TestClient, path = '/orders') => callbackUrlOf(client, world.origin, path);
const parameter = (url: string, name: string) => new URL(url).searchParams.get(name) ?? '';

function changed(url: string, change: (query: URLSearchParams) => void): string {
  const copy = new URL(url);
  change(copy.searchParams);
  return copy.href;
}

/** Refused before anything was spent. */
function expectRefused(answer: Answer): void {
  expect([answer.status, answer.header('location'), answer.values('set-cookie')]).toEqual([400, undefined, []]);
  expect(world.provider.count('token')).toBe(0);
}

function expectLoggedIn(answer: Answer, path = '/orders'): void {
  expect([answer.status, answer.header('location')]).toEqual([302, `${world.origin}${path}`]);
  expect(answer.values('set-cookie')).toEqual([expect.stringContaining(`${sessionCookie}=`)]);
}

describe('L6 iss (RFC 9207 §2.4)', () => {
  const changes: readonly (readonly [what: string, change: (query: URLSearchParams, issuer: string) => void])[] = [
    ['another issuer', (query) => query.set('iss', 'http://evil.example')],
    ['missing although the provider promised it', (query) => query.delete('iss')],
    ['empty', (query) => query.set('iss', '')],
    ['a slash more', (query, issuer) => query.set('iss', `${issuer}/`)],
    ['another case', (query, issuer) => query.set('iss', issuer.toUpperCase())],
    ['a blank more', (query, issuer) => query.set('iss', `${issuer} `)],
    ['another scheme', (query, issuer) => query.set('iss', issuer.replace('http:', 'https:'))],
    ['doubled', (query, issuer) => query.append('iss', issuer)],
    ['doubled, the wrong one second', (query) => query.append('iss', 'http://evil.example')],
    [
      'doubled, the wrong one first',
      (query, issuer) => {
        query.set('iss', 'http://evil.example');
        query.append('iss', issuer);
      },
    ],
  ];

  it.each(changes)('%s is refused without asking for a token', async (_what, change) => {
    const client = createClient();
    const callback = await begin(client);
    expectRefused(await client.open(changed(callback, (query) => change(query, world.provider.issuer))));
    expectLoggedIn(await client.open(callback));
  });

  it('is checked in error responses too', async () => {
    world.provider.editCallback((callback) => {
      callback.searchParams.delete('code');
      callback.searchParams.set('error', 'access_denied');
      callback.searchParams.set('iss', 'http://evil.example');
    });
    const client = createClient();
    const answer = await client.open(await begin(client));
    expectRefused(answer);
    expect(answer.body).not.toContain('access_denied');
  });
});

describe('L7 a code of another attempt', () => {
  it('is refused by PKCE, whichever browser it was given to', async () => {
    const [one, two] = [createClient(), createClient()];
    const [first, second] = [await begin(one), await begin(two)];
    for (const [client, own, foreign] of [
      [one, first, second],
      [two, second, first],
    ] as const) {
      const answer = await client.open(changed(own, (query) => query.set('code', parameter(foreign, 'code'))));
      expect([answer.status, answer.header('location'), answer.values('set-cookie')]).toEqual([400, undefined, []]);
      // The provider's word: with the right verifier it would have been the nonce, which we check, that differs.
      expect(answer.body).toContain('<code>invalid_grant</code>');
      expect(client.cookies(world.origin).has(sessionCookie)).toBe(false);
    }
    expect(world.provider.count('token')).toBe(2);
  });

  it('is refused when two tabs of one browser are swapped', async () => {
    const client = createClient();
    const [first, second] = [await begin(client, '/first'), await begin(client, '/second')];
    const answer = await client.open(changed(first, (query) => query.set('code', parameter(second, 'code'))));
    expect([answer.status, answer.values('set-cookie')]).toEqual([400, []]);
    expect(answer.body).toContain('<code>invalid_grant</code>');
  });

  it('brings no other user into a session', async () => {
    const victim = await world.logIn();
    const before = victim.cookies(world.origin).get(sessionCookie);
    const attacker = createClient();
    world.provider.logInAs('mallory', { email: 'mallory@example.com', email_verified: true, name: 'Mallory' });
    const theirs = await begin(attacker);
    const ours = await begin(victim, '/_auth/login?rd=/orders');
    const answer = await victim.open(changed(ours, (query) => query.set('code', parameter(theirs, 'code'))));
    expect(answer.status).toBe(400);
    expect(victim.cookies(world.origin).get(sessionCookie)).toBe(before);
    world.upstream.clear();
    await victim.open(`${world.origin}/orders`);
    expect(world.upstream.requests.map((request) => request.values('x-auth-request-user'))).toEqual([['alice']]);
  });

  it('every attempt has a challenge, a nonce and a state of its own', async () => {
    const client = createClient();
    const urls: URL[] = [];
    for (const path of ['/orders', '/orders', '/_auth/login?rd=/orders'])
      urls.push(new URL((await client.open(`${world.origin}${path}`)).header('location') ?? ''));
    for (const name of ['code_challenge', 'nonce', 'state'])
      expect(new Set(urls.map(({ searchParams }) => searchParams.get(name))).size).toBe(urls.length);
    for (const { searchParams } of urls) {
      expect(searchParams.getAll('code_challenge_method')).toEqual(['S256']);
      expect(searchParams.getAll('code_challenge')).toEqual([expect.stringMatching(/^[\w-]{43}$/)]);
      expect(searchParams.getAll('redirect_uri')).toEqual([`${world.origin}/_auth/callback`]);
    }
  });
});

describe('L9 error responses', () => {
  const errors = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    '&lt;script&gt;',
    'javascript:alert(1)',
    'access_denied\r\nSet-Cookie: evil=1',
    'ACCESS_DENIED',
    '\u202eevil',
    'x'.repeat(2000),
  ];

  function expectNoMarkup(answer: Answer, sent: string): void {
    expect(answer.body).not.toContain(sent);
    expect(answer.body).not.toMatch(/<script|<img|onerror|alert\(|evil|javascript:/);
    expect(answer.header('content-security-policy')).toMatch(/^default-src 'none';/);
    expect([answer.header('content-type'), answer.header('x-content-type-options')]).toEqual([
      'text/html; charset=utf-8',
      'nosniff',
    ]);
  }

  it.each(errors)('show nothing of %j', async (error) => {
    world.provider.editCallback(({ searchParams }) => {
      searchParams.delete('code');
      for (const name of ['error', 'error_description', 'error_uri']) searchParams.set(name, error);
    });
    const client = createClient();
    const answer = await client.open(await begin(client));
    expectRefused(answer);
    expect(answer.body).toContain('<code>server_error</code>');
    expectNoMarkup(answer, error);
  });

  it.each(errors)('with a forged state are refused without a word of %j', async (error) => {
    const client = createClient();
    await begin(client);
    for (const state of [error, 'forged', 'A'.repeat(400)]) {
      const query = new URLSearchParams({ error, error_description: error, state, iss: world.provider.issuer });
      const answer = await client.open(`${world.origin}/_auth/callback?${query}`);
      expectRefused(answer);
      expectNoMarkup(answer, error);
      expect(answer.body).toContain('<code>invalid_request</code>');
    }
  });

  it('say so when the user declined, and lead back to a new try for the same page', async () => {
    world.provider.editCallback(({ searchParams }) => {
      searchParams.delete('code');
      searchParams.set('error', 'access_denied');
    });
    const client = createClient();
    const answer = await client.open(await begin(client, '/orders?x=1'));
    expect([answer.status, answer.values('set-cookie')]).toEqual([403, []]);
    expect(answer.body).toContain('<code>access_denied</code>');
    world.reset();
    const [, link = ''] = /href="([^"]+)"/.exec(answer.body) ?? [];
    expect((await client.follow(link)).url).toBe(`${world.origin}/orders?x=1`);
  });

  it('answer programs in JSON', async () => {
    const answer = await createClient().send(`${world.origin}/_auth/callback?error=%3Cevil%3E&state=x`, {
      headers: scriptFetch,
    });
    expectRefused(answer);
    expect(JSON.parse(answer.body)).toMatchObject({ error: 'invalid_request' });
    expect(answer.body).not.toContain('evil');
  });
});

describe('L10 two tabs', () => {
  it.each([
    ['the first', [0, 1]],
    ['the second', [1, 0]],
  ])('finish in either order: %s before the other', async (_which, order) => {
    const client = createClient();
    const paths = ['/first?tab=1', '/second?tab=2'];
    // Both stand at the provider before either goes on.
    const starts = [await client.open(`${world.origin}${paths[0]}`), await client.open(`${world.origin}${paths[1]}`)];
    const callbacks: string[] = [];
    for (const start of starts)
      callbacks.push(await followUpTo(client, `${world.origin}/_auth/callback`, start.header('location') ?? ''));
    for (const tab of order) {
      expectLoggedIn(await client.open(callbacks[tab] ?? ''), paths[tab]);
      expect((await client.open(`${world.origin}${paths[tab]}`)).status).toBe(200);
    }
    expect(world.provider.count('token')).toBe(2);
    expect([...client.cookies(world.origin).keys()].sort()).toEqual([sessionCookie, bindingCookie]);
    for (const path of paths) expect((await client.open(`${world.origin}${path}`)).status).toBe(200);
  });
});

describe('L10 two tabs that open at once in a browser without cookies', () => {
  it('tie one of them to the browser; the other gets a page that leads back to its own address', async () => {
    const client = createClient();
    const starts = [
      await client.open(`${world.origin}/first?tab=1`),
      await createClient().open(`${world.origin}/second`),
    ];
    // Both answers arrived; the browser keeps the cookie of the second.
    const [, binding = ''] = /=([^;]+)/.exec(starts[1]?.header('set-cookie') ?? '') ?? [];
    client.setCookie(world.origin, bindingCookie, binding);
    const callbacks: string[] = [];
    for (const start of starts)
      callbacks.push(await followUpTo(client, `${world.origin}/_auth/callback`, start.header('location') ?? ''));
    const lost = await client.open(callbacks[0] ?? '');
    expect(lost.status).toBe(400);
    const [, again = ''] = /href="([^"]+\/login\?[^"]+)"/.exec(lost.body) ?? [];
    expect(again).toBe(`${world.origin}/_auth/login?rd=%2Ffirst%3Ftab%3D1`);
    expect((await client.follow(again)).url).toBe(`${world.origin}/first?tab=1`);
    expectLoggedIn(await client.open(callbacks[1] ?? ''), '/second');
  });
});

describe('L11 200 abandoned attempts', () => {
  it('leave one cookie and nothing in the store, and the first and the last can still be finished', async () => {
    const client = createClient();
    const keys = await redis.dbsize();
    const starts: Answer[] = [];
    for (let tab = 0; tab < 200; tab += 1) starts.push(await client.open(`${world.origin}/orders/${tab}`));
    expect(starts.map(({ status }) => status)).toEqual(Array.from({ length: 200 }, () => 302));
    expect(starts.flatMap((start) => start.values('set-cookie'))).toHaveLength(1);
    expect([...client.cookies(world.origin).keys()]).toEqual([bindingCookie]);
    expect(await redis.dbsize()).toBe(keys);
    for (const tab of [0, 199]) {
      const callback = await followUpTo(
        client,
        `${world.origin}/_auth/callback`,
        starts[tab]?.header('location') ?? '',
      );
      expectLoggedIn(await client.open(callback), `/orders/${tab}`);
    }
  });

  it('of clients without cookies leave nothing in the store', async () => {
    const keys = await redis.dbsize();
    for (let visit = 0; visit < 200; visit += 1) {
      const { status } = await createClient().open(`${world.origin}/_auth/login?rd=/orders/${visit}`);
      expect(status).toBe(302);
    }
    expect(await redis.dbsize()).toBe(keys);
  });
});
