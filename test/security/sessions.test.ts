import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { type Answer, createClient, scriptFetch, type TestClient } from '../support/client.ts';
import { callbackUrlOf, navigationLines } from '../support/login-steps.ts';
import { rawGet, sendRaw } from '../support/raw-http.ts';
import { redisClient, sessionKeys } from '../support/redis-client.ts';
import { seenSecrets } from '../support/seen-secrets.ts';
import { bindingCookie, sessionCookie, startWorld, type World } from '../support/world.ts';

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

const idOf = (client: TestClient) => client.cookies(world.origin).get(sessionCookie) ?? '';
const withId = (id: string) => ({ cookie: `${sessionCookie}=${id}` });
const lastOf = (id: string) => id.slice(keyId.length + 1);

function logOut(client: TestClient): Promise<Answer> {
  return client.open(`${world.origin}/_auth/logout`, { method: 'POST', headers: { origin: world.origin } });
}

/** What each replica's side service says to a cookie, past Envoy's choice between them. */
function userinfoOf(cookie: string): Promise<readonly number[]> {
  return Promise.all(
    world.configs.map(async (config) => {
      const port = Number(config['listen'].http.split(':')[1]);
      return (await sendRaw(port, rawGet('/_auth/userinfo', world.host, [`cookie: ${cookie}`]))).status;
    }),
  );
}

async function checksOf(opsUrl: string): Promise<number> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text();
  return [...text.matchAll(/^sallyport_checks_total\{[^}]*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Neither replica lets it through, in the check or in the side service. */
async function expectDead(id: string): Promise<void> {
  const asked = world.upstream.requests.length;
  const before = await Promise.all(world.replicas.map(({ opsUrl }) => checksOf(opsUrl)));
  for (let tries = 0; tries < 4; tries += 1) {
    const page = await createClient().open(`${world.origin}/orders`, { headers: withId(id) });
    expect([page.status, page.header('location')?.startsWith(world.provider.issuer)]).toEqual([302, true]);
    const script = await createClient().send(`${world.origin}/orders`, { headers: { ...scriptFetch, ...withId(id) } });
    expect([script.status, script.values('set-cookie')]).toEqual([401, []]);
  }
  const after = await Promise.all(world.replicas.map(({ opsUrl }) => checksOf(opsUrl)));
  for (const [index, count] of after.entries()) expect(count).toBeGreaterThan(before[index] ?? 0);
  expect(await userinfoOf(`${sessionCookie}=${id}`)).toEqual([401, 401]);
  expect(world.upstream.requests.length).toBe(asked);
}

async function expectAlive(id: string, user = 'alice'): Promise<void> {
  world.upstream.clear();
  expect((await createClient().open(`${world.origin}/orders`, { headers: withId(id) })).status).toBe(200);
  expect(world.upstream.requests.map((request) => request.values('x-auth-request-user'))).toEqual([[user]]);
  expect(await userinfoOf(`${sessionCookie}=${id}`)).toEqual([200, 200]);
}

describe('S1 fixation', () => {
  it.each(['of the right form', 'of no form', 'of a live session of the attacker'])('a session cookie %s, chosen before login, opens nothing after it', async (kind) => {
    world.provider.logInAs('mallory', { email: 'mallory@example.com', email_verified: true, name: 'Mallory' });
    const attacker = kind.includes('live') ? await world.logIn() : undefined;
    const chosen = attacker ? idOf(attacker) : kind.includes('right') ? `${keyId}.${randomBytes(32).toString('base64url')}` : 'chosen';
    world.reset();
    const victim = createClient();
    victim.setCookie(world.origin, sessionCookie, chosen);
    expect((await victim.follow(`${world.origin}/_auth/login?rd=/orders`)).status).toBe(200);
    expect(idOf(victim)).toMatch(new RegExp(`^${keyId}\\.[\\w-]{43}$`));
    expect(lastOf(idOf(victim))).not.toBe(lastOf(chosen));
    await expectDead(chosen);
    await expectAlive(idOf(victim));
  });

  it('a second login changes the id, and the old one is dead', async () => {
    const client = await world.logIn();
    const old = idOf(client);
    const sessions = await sessionKeys(redis);
    await client.follow(`${world.origin}/_auth/login?rd=/orders`);
    expect(idOf(client)).not.toBe(old);
    expect(await sessionKeys(redis)).toHaveLength(sessions.length);
    await expectDead(old);
    await expectAlive(idOf(client));
  });
});

describe('S2 logout', () => {
  it('makes a saved cookie dead on every replica at once, and no other session', async () => {
    const client = await world.logIn();
    const other = await world.logIn();
    const saved = idOf(client);
    await expectAlive(saved);
    expect((await logOut(client)).status).toBe(303);
    await expectDead(saved);
    expect(client.cookies(world.origin).has(sessionCookie)).toBe(false);
    await expectAlive(idOf(other));
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
    await expectAlive(idOf(client));
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
    const mine = `${sessionCookie}=${idOf(await world.logIn())}`;
    const other = `${sessionCookie}=${idOf(await world.logIn())}`;
    const lines = compose(mine, other).map((value) => `cookie: ${value}`);
    world.upstream.clear();
    const page = await sendRaw(world.port, rawGet('/orders', world.host, [...navigationLines, ...lines]));
    expect([page.status, page.header('location')?.startsWith(world.provider.issuer)]).toEqual([302, true]);
    expect((await sendRaw(world.port, rawGet('/orders', world.host, lines))).status).toBe(401);
    expect((await sendRaw(world.port, rawGet('/_auth/userinfo', world.host, lines))).status).toBe(401);
    expect(world.upstream.requests).toEqual([]);
    expect((await sendRaw(world.port, rawGet('/orders', world.host, [`cookie: theme=dark; ${mine}`]))).status).toBe(200);
  });
});

describe('S12 a copy of the store', () => {
  /** Everything in Redis as it could be stolen: names, serialised values and plain fields, in latin-1. */
  async function stolen(): Promise<{ readonly text: string; readonly sealed: readonly Buffer[] }> {
    const texts: string[] = [];
    const sealed: Buffer[] = [];
    for (const key of await redis.keys('*')) {
      const dump = (await redis.dumpBuffer(key)) ?? expect.fail(`${key} went away`);
      const isHash = (await redis.type(key)) === 'hash';
      const fields = isHash ? Object.entries(await redis.hgetallBuffer(key)).flatMap(([name, value]) => [Buffer.from(name), value]) : [await redis.getBuffer(key)];
      texts.push(key, dump.toString('latin1'), ...fields.map((field) => field?.toString('latin1') ?? ''));
      const value = isHash ? await redis.hgetBuffer(key, 'v') : null;
      if (value !== null) sealed.push(value);
    }
    return { text: texts.join('\n'), sealed };
  }

  it('shows no token, no session id, no code, no verifier and nothing about a user', async () => {
    for (let users = 0; users < 3; users += 1) await world.logIn();
    const client = createClient();
    const callback = new URL(await callbackUrlOf(client, world.origin, '/orders?canary=1'));
    const ids = [];
    await client.open(callback.href);
    for (const each of [client, await world.logIn()]) ids.push(lastOf(idOf(each)));
    const secrets = [...seenSecrets(), ...ids, callback.searchParams.get('code') ?? '', callback.searchParams.get('state') ?? ''];
    expect(secrets.length).toBeGreaterThan(15);
    const people = ['alice', 'Alice', 'example.com', 'staff', 'admins', 'canary', world.provider.issuer, world.provider.clientSecret];
    const { text, sealed } = await stolen();
    expect(sealed.length).toBeGreaterThanOrEqual(5);
    for (const each of [...secrets, ...people]) {
      for (const spelling of [each, Buffer.from(each).toString('base64url').slice(0, -1), Buffer.from(each).toString('hex')])
        expect(text.includes(spelling), `the store shows ${each}`).toBe(false);
    }
    // What is sealed looks like noise; a session in any readable form would shrink.
    for (const value of sealed) expect(deflateRawSync(value).length).toBeGreaterThanOrEqual(value.length);
  });

  async function attackerAndVictim() {
    const none = await sessionKeys(redis);
    world.provider.logInAs('mallory', { email: 'mallory@example.com', email_verified: true, name: 'Mallory' });
    const attacker = await world.logIn();
    const [attackerKey = ''] = (await sessionKeys(redis)).filter((key) => !none.includes(key));
    world.reset();
    const victim = await world.logIn();
    const [victimKey = ''] = (await sessionKeys(redis)).filter((key) => !none.includes(key) && key !== attackerKey);
    return { attacker: idOf(attacker), attackerKey, victim: idOf(victim), victimKey };
  }

  it('opens nothing where a record is copied to the name of another session', async () => {
    const { attacker, attackerKey, victim, victimKey } = await attackerAndVictim();
    await expectAlive(attacker, 'mallory');
    const record = (await redis.dumpBuffer(victimKey)) ?? expect.fail('no record');
    await redis.restore(attackerKey, 60_000, record, 'REPLACE');
    await expectDead(attacker);
    await expectAlive(victim);
  });

  it('opens nothing where a sealed value alone is copied, changed or cut', async () => {
    const { attacker, attackerKey, victim, victimKey } = await attackerAndVictim();
    const own = (await redis.hgetBuffer(attackerKey, 'v')) ?? expect.fail('no value');
    const foreign = (await redis.hgetBuffer(victimKey, 'v')) ?? expect.fail('no value');
    const flipped = Buffer.from(own);
    flipped[own.length - 20] = (flipped[own.length - 20] ?? 0) ^ 1;
    for (const value of [foreign, flipped, own.subarray(0, -1), own.subarray(0, 20), Buffer.alloc(0)]) {
      await redis.hset(attackerKey, 'v', value);
      await expectDead(attacker);
    }
    await redis.hset(attackerKey, 'v', own);
    await expectAlive(attacker, 'mallory');
    await expectAlive(victim);
  });

  it('opens nothing with an id made up from the name of a record', async () => {
    const client = await world.logIn();
    const names = (await sessionKeys(redis)).map((key) => /\{(.+)\}$/.exec(key)?.[1] ?? '');
    expect(names.length).toBeGreaterThan(0);
    expect(names).not.toContain(lastOf(idOf(client)));
    for (const name of names.slice(0, 3)) {
      expect(name).toMatch(/^[\w-]{43}$/);
      for (const id of [`${keyId}.${name}`, name, `s:{${name}}`, `${keyId}.{${name}}`, `${name.slice(0, 6)}.${name}`]) await expectDead(id);
    }
  });
});

describe('the cookies of a login (RFC 6265bis §4.1)', () => {
  it('have exactly these attributes, and go with the same ones', async () => {
    const client = createClient();
    const attributes = '; Path=/; HttpOnly; SameSite=Lax; Secure';
    const start = await client.open(`${world.origin}/orders`);
    expect(start.values('set-cookie')).toEqual([expect.stringMatching(new RegExp(`^${bindingCookie}=[\\w-]{43}${attributes}$`))]);
    const callback = await callbackUrlOf(client, world.origin, '/orders');
    const done = await client.open(callback);
    expect(done.values('set-cookie')).toEqual([expect.stringMatching(new RegExp(`^${sessionCookie}=${keyId}\\.[\\w-]{43}${attributes}$`))]);
    const end = await logOut(client);
    expect(end.values('set-cookie')).toEqual([sessionCookie, bindingCookie].map((name) => `${name}=${attributes}; Max-Age=0`));
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
      const answer = await createClient().send(`${world.origin}${path}`, { headers: { ...scriptFetch, ...(cookie === '' ? {} : { cookie }) } });
      expect([path, answer.status, answer.header('location'), answer.values('set-cookie')]).toEqual([path, 401, undefined, []]);
      expect(JSON.parse(answer.body)).toMatchObject({ error: 'login_required', login_url: `${world.origin}/_auth/login` });
    }
    expect(await redis.dbsize()).toBe(keys);
    expect([world.provider.count('authorize'), world.upstream.requests]).toEqual([0, []]);
  });
});
