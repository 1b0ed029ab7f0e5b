import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { scriptFetch } from '../support/browser-headers.ts';
import { type Answer, createClient, type TestClient } from '../support/client.ts';
import { callbackUrlOf, navigationLines } from '../support/login-steps.ts';
import { rawGet, sendRaw } from '../support/raw-http.ts';
import { redisClient, sessionKeys } from '../support/redis-client.ts';
import { bindingCookie, sessionCookie, startWorld, type World } from '../support/world.ts';
import { expectAlive, expectDead, randomPartOf, sessionIdOf } from './session-checks.ts';

let world: World;
let redis: Redis;
let keyId: string;

beforeAll(async () => {
  world = await startWorld({ replicas: 2 });
  redis = redisClient(world);
  keyId = JSON.parse(world.keyRing).keys[0].id;
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

function logOut(client: TestClient): Promise<Answer> {
  return client.open(`${world.origin}/_auth/logout`, { method: 'POST', headers: { origin: world.origin } });
}

describe('S1 fixation', () => {
  it.each(['of the right form', 'of no form', 'of a live session of the attacker'])(
    'a session cookie %s, chosen before login, opens nothing after it',
    async (kind) => {
      world.provider.logInAs('mallory', { email: 'mallory@example.com', email_verified: true, name: 'Mallory' });
      const attacker = kind.includes('live') ? await world.logIn() : undefined;
      const chosen = attacker
        ? sessionIdOf(attacker, world)
        : kind.includes('right')
          ? `${keyId}.${randomBytes(32).toString('base64url')}`
          : 'chosen';
      world.reset();
      const victim = createClient();
      victim.setCookie(world.origin, sessionCookie, chosen);
      expect((await victim.follow(`${world.origin}/_auth/login?rd=/orders`)).status).toBe(200);
      expect(sessionIdOf(victim, world)).toMatch(new RegExp(`^${keyId}\\.[\\w-]{43}$`));
      expect(randomPartOf(sessionIdOf(victim, world))).not.toBe(randomPartOf(chosen));
      await expectDead(world, chosen);
      await expectAlive(world, sessionIdOf(victim, world));
    },
  );

  it('a second login changes the id, and the old one is dead', async () => {
    const client = await world.logIn();
    const old = sessionIdOf(client, world);
    const sessions = await sessionKeys(redis);
    await client.follow(`${world.origin}/_auth/login?rd=/orders`);
    expect(sessionIdOf(client, world)).not.toBe(old);
    expect(await sessionKeys(redis)).toHaveLength(sessions.length);
    await expectDead(world, old);
    await expectAlive(world, sessionIdOf(client, world));
  });
});

describe('S2 logout', () => {
  it('makes a saved cookie dead on every replica at once, and no other session', async () => {
    const client = await world.logIn();
    const other = await world.logIn();
    const saved = sessionIdOf(client, world);
    await expectAlive(world, saved);
    expect((await logOut(client)).status).toBe(303);
    await expectDead(world, saved);
    expect(client.cookies(world.origin).has(sessionCookie)).toBe(false);
    await expectAlive(world, sessionIdOf(other, world));
  });

  it.each([
    ['a GET', 'GET', {}],
    ['a POST of another site', 'POST', { origin: 'http://evil.example' }],
    ['a POST of another port', 'POST', { origin: 'http://127.0.0.1:1' }],
    ['a POST without Origin', 'POST', {}],
    ['a POST of a sandboxed page', 'POST', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
  ])('is not done by %s', async (_what, method, headers) => {
    const client = await world.logIn();
    const answer = await client.open(`${world.origin}/_auth/logout`, { method, headers });
    expect([answer.status, answer.values('set-cookie')]).toEqual([method === 'GET' ? 200 : 403, []]);
    await expectAlive(world, sessionIdOf(client, world));
  });
});

describe('S8 two session cookies', () => {
  it.each([
    ['valid; other', (mine: string, other: string) => [`${mine}; ${other}`]],
    ['other; valid', (mine: string, other: string) => [`${other}; ${mine}`]],
    ['valid; valid', (mine: string) => [`${mine}; ${mine}`]],
    ['an empty one beside it', (mine: string) => [`${mine}; ${sessionCookie}=`]],
    ['with an application cookie between', (mine: string, other: string) => [`${mine}; theme=dark; ${other}`]],
    ['on two lines', (mine: string, other: string) => [mine, other]],
    ['on two lines, the same', (mine: string) => [mine, mine]],
    ['with blanks around the name', (mine: string, other: string) => [`${mine};\t ${other.replace('=', ' = ')}`]],
  ] as const)('are no session: %s', async (_what, compose) => {
    const mine = `${sessionCookie}=${sessionIdOf(await world.logIn(), world)}`;
    const other = `${sessionCookie}=${sessionIdOf(await world.logIn(), world)}`;
    const lines = compose(mine, other).map((value) => `cookie: ${value}`);
    world.upstream.clear();
    const page = await sendRaw(world.port, rawGet('/orders', world.host, [...navigationLines, ...lines]));
    expect([page.status, page.header('location')?.startsWith(world.provider.issuer)]).toEqual([302, true]);
    expect((await sendRaw(world.port, rawGet('/orders', world.host, lines))).status).toBe(401);
    expect((await sendRaw(world.port, rawGet('/_auth/userinfo', world.host, lines))).status).toBe(401);
    expect(world.upstream.requests).toEqual([]);
    expect((await sendRaw(world.port, rawGet('/orders', world.host, [`cookie: theme=dark; ${mine}`]))).status).toBe(
      200,
    );
  });
});

describe('the cookies of a login (RFC 6265bis §4.1)', () => {
  it('have exactly these attributes, and go with the same ones', async () => {
    const client = createClient();
    const attributes = '; Path=/; HttpOnly; SameSite=Lax; Secure';
    const start = await client.open(`${world.origin}/orders`);
    expect(start.values('set-cookie')).toEqual([
      expect.stringMatching(new RegExp(`^${bindingCookie}=[\\w-]{43}${attributes}$`)),
    ]);
    const callback = await callbackUrlOf(client, world.origin, '/orders');
    const done = await client.open(callback);
    expect(done.values('set-cookie')).toEqual([
      expect.stringMatching(new RegExp(`^${sessionCookie}=${keyId}\\.[\\w-]{43}${attributes}$`)),
    ]);
    const end = await logOut(client);
    expect(end.values('set-cookie')).toEqual(
      [sessionCookie, bindingCookie].map((name) => `${name}=${attributes}; Max-Age=0`),
    );
    expect(end.values('clear-site-data')).toEqual(['"cache"']);
  });

  it('are not set again by requests of a live session', async () => {
    const client = await world.logIn();
    for (const path of ['/orders', '/_auth/userinfo', '/public/x']) {
      expect((await client.open(`${world.origin}${path}`)).values('set-cookie')).toEqual([]);
    }
  });
});

describe('a fetch() without a session', () => {
  it.each([
    ['without cookies', ''],
    ['with a dead session', `${sessionCookie}=dead`],
    ['with a binding cookie', `${bindingCookie}=${'A'.repeat(43)}`],
  ])('%s leaves nothing: 401 with a login URL, no cookie, nothing in the store', async (_what, cookie) => {
    const keys = await redis.dbsize();
    for (const path of ['/orders', '/_auth/userinfo', '/_auth/login']) {
      const answer = await createClient().send(`${world.origin}${path}`, {
        headers: { ...scriptFetch, ...(cookie === '' ? {} : { cookie }) },
      });
      expect([path, answer.status, answer.header('location'), answer.values('set-cookie')]).toEqual([
        path,
        401,
        undefined,
        [],
      ]);
      expect(JSON.parse(answer.body)).toMatchObject({
        error: 'login_required',
        login_url: `${world.origin}/_auth/login`,
      });
    }
    expect(await redis.dbsize()).toBe(keys);
    expect([world.provider.count('authorize'), world.upstream.requests]).toEqual([0, []]);
  });
});
