import type { Redis } from 'ioredis';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { type Answer, createClient, type TestClient } from '../support/client.ts';
import { callbackUrlOf, navigationLines } from '../support/login-steps.ts';
import { metricOf } from '../support/metrics.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { rawGet, sendRaw } from '../support/raw-http.ts';
import { redisClient, sessionKeys } from '../support/redis-client.ts';
import { bindingCookie, sessionCookie, startWorld, type World } from '../support/world.ts';

let world: World;
let redis: Redis;
/** The provider of the instance `other`. */
let second: TestProvider;

// Three session instances on two hosts: `web`, `twin` with the same provider, `other` with another one.
beforeAll(async () => {
  second = await startProvider();
  world = await startWorld({
    replicas: 2,
    adjust: (config) => {
      config['origins'].push(config['origins'][0].replace('127.0.0.1', 'localhost'));
      config['providers'].second = { ...config['providers'].test, issuer: second.issuer };
      config['modes'].twin = { mode: 'session', provider: 'test', basePath: '/_twin', cookie: { name: 'twin' } };
      config['modes'].other = { mode: 'session', provider: 'second', basePath: '/_other', cookie: { name: 'other' } };
      config['rules'].unshift({ path: { prefix: '/twin' }, use: 'twin' }, { path: { prefix: '/other' }, use: 'other' });
    },
  });
  redis = redisClient(world);
});
beforeEach(() => {
  world.reset();
  second.reset();
});
afterEach(() => expectHealthy(world));

const begin = (client: TestClient, path = '/orders', basePath?: string) =>
  callbackUrlOf(client, world.origin, path, basePath);

/** `url` with its query changed. */
function changed(url: string, change: (query: URLSearchParams) => void): string {
  const copy = new URL(url);
  change(copy.searchParams);
  return copy.href;
}

const parameter = (url: string, name: string) => new URL(url).searchParams.get(name) ?? '';
const sessionsSet = (answer: Answer) => answer.values('set-cookie').filter((line) => !line.includes('-login='));

/** 400 without a redirect and without a session, before anything was spent. */
function expectRefused(answer: Answer): void {
  expect([answer.status, answer.header('location'), answer.values('set-cookie')]).toEqual([400, undefined, []]);
  expect([world.provider.count('token'), second.count('token')]).toEqual([0, 0]);
}

/** 302 to `path` with a new session. */
function expectLoggedIn(answer: Answer, path = '/orders'): void {
  expect([answer.status, answer.header('location')]).toEqual([302, `${world.origin}${path}`]);
  expect(sessionsSet(answer)).toHaveLength(1);
}

describe('L1 a callback of another browser', () => {
  it.each(['nothing', 'an attempt of its own', 'a session'])(
    'is refused by a browser that has %s, and still works where it began',
    async (has) => {
      const attacker = createClient();
      const callback = await begin(attacker);
      const victim = has === 'a session' ? await world.logIn() : createClient();
      if (has === 'an attempt of its own') await begin(victim);
      const before = new Map(victim.cookies(world.origin));
      world.reset();
      expectRefused(await victim.open(callback));
      expect(victim.cookies(world.origin)).toEqual(before);
      expectLoggedIn(await attacker.open(callback));
    },
  );

  it('is refused without cookies, with an empty and with a doubled binding cookie', async () => {
    const client = createClient();
    const callback = await begin(client);
    const binding = `${bindingCookie}=${client.cookies(world.origin).get(bindingCookie)}`;
    for (const cookie of [
      '',
      `${bindingCookie}=`,
      `${binding}; ${binding}`,
      binding.toLowerCase(),
      binding.slice(0, -1),
    ])
      expectRefused(await createClient().open(callback, { headers: { cookie } }));
  });
});

describe('L2 a callback with missing, empty or doubled parameters', () => {
  const changes: Readonly<Record<string, (query: URLSearchParams) => void>> = {
    'nothing at all': (query) => [...query.keys()].forEach((name) => void query.delete(name)),
    'no code': (query) => query.delete('code'),
    'no state': (query) => query.delete('state'),
    'an empty code': (query) => query.set('code', ''),
    'an empty state': (query) => query.set('state', ''),
    'an empty iss': (query) => query.set('iss', ''),
    'two codes': (query) => query.append('code', 'second'),
    'the code twice': (query) => query.append('code', query.get('code') ?? ''),
    'the state twice': (query) => query.append('state', query.get('state') ?? ''),
    'two states': (query) => query.append('state', 'second'),
    'code and error': (query) => query.set('error', 'access_denied'),
    'two errors': (query) => {
      query.delete('code');
      query.append('error', 'access_denied');
      query.append('error', 'server_error');
    },
    'an empty error': (query) => {
      query.delete('code');
      query.set('error', '');
    },
    'a JARM response beside it': (query) => query.append('response', ''),
  };

  it.each(Object.entries(changes))('is refused: %s', async (_what, change) => {
    const client = createClient();
    const callback = await begin(client);
    expectRefused(await client.open(changed(callback, change)));
    // Nothing was spent: the genuine response still works.
    expectLoggedIn(await client.open(callback));
  });
});

describe('L3 a callback more than once', () => {
  it('goes on to its page with the session of the first, and to a page with a link without it', async () => {
    const client = createClient();
    const callback = await begin(client, `/_auth/login?rd=${encodeURIComponent('/orders?x=1#top')}`);
    const binding = { cookie: `${bindingCookie}=${client.cookies(world.origin).get(bindingCookie)}` };
    expectLoggedIn(await client.open(callback), '/orders?x=1#top');
    const again = await client.open(callback);
    expect([again.status, again.header('location'), again.values('set-cookie')]).toEqual([
      302,
      `${world.origin}/orders?x=1#top`,
      [],
    ]);
    const elsewhere = await createClient().open(callback, { headers: binding });
    expect([elsewhere.status, elsewhere.values('set-cookie')]).toEqual([400, []]);
    expect(elsewhere.body).toContain(`href="${world.origin}/_auth/login?rd=${encodeURIComponent('/orders?x=1#top')}"`);
    expect(world.provider.count('token')).toBe(1);
  });

  it('50 times in parallel over two replicas makes one exchange and one session', async () => {
    const client = createClient();
    const callback = await begin(client);
    const sessions = await sessionKeys(redis);
    const answered = () =>
      Promise.all(world.replicas.map((each) => metricOf(each, 'sallyport_events_total', 'event="login_')));
    const before = await answered();
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.open(callback)));
    expect(world.provider.count('token')).toBe(1);
    expect(await sessionKeys(redis)).toHaveLength(sessions.length + 1);
    expect(answers.flatMap(sessionsSet)).toHaveLength(1);
    expect(answers.map(({ status }) => status).sort()).toEqual([302, ...Array.from({ length: 49 }, () => 400)]);
    for (const [index, count] of (await answered()).entries()) expect(count - (before[index] ?? 0)).toBeGreaterThan(10);
    expect((await client.open(`${world.origin}/orders`)).status).toBe(200);
  });
});

describe('L4 a state in another spelling', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const spellings: Readonly<Record<string, (state: string) => string>> = {
    'another case': (state) => state.toLowerCase(),
    padding: (state) => `${state}=`,
    'two signs of padding': (state) => `${state}==`,
    'the alphabet of base64': (state) =>
      `${state.replaceAll('-', '+').replaceAll('_', '/')}${/[-_]/.test(state) ? '' : '+'}`,
    'a newline at the end': (state) => `${state}\n`,
    'a blank at the end': (state) => `${state} `,
    'a blank before': (state) => ` ${state}`,
    'one character less': (state) => state.slice(0, -1),
    'one character more': (state) => `${state}A`,
    'itself twice': (state) => `${state}${state}`,
    'its first character changed': (state) => `${state.startsWith('A') ? 'B' : 'A'}${state.slice(1)}`,
    'a bit in its middle changed': (state) =>
      `${state.slice(0, 100)}${state[100] === 'A' ? 'B' : 'A'}${state.slice(101)}`,
    'a NUL at the end': (state) => `${state}\0`,
    'its escapes encoded once more': (state) => `%${state.charCodeAt(0).toString(16)}${state.slice(1)}`,
  };

  it.each(Object.entries(spellings))('is refused: %s', async (_what, spell) => {
    const client = createClient();
    const callback = await begin(client);
    const spelled = spell(parameter(callback, 'state'));
    expect(spelled).not.toBe(parameter(callback, 'state'));
    expectRefused(await client.open(changed(callback, (query) => query.set('state', spelled))));
    expectLoggedIn(await client.open(callback));
  });

  // Two of three lengths leave bits of the last character unused: decoders that ignore them see the same bytes.
  it.each(['/a', '/ab', '/abc'])(
    'is refused: a last character that differs in its lowest bit, for %s',
    async (path) => {
      const client = createClient();
      const callback = await begin(client, path);
      const state = parameter(callback, 'state');
      const spelled = `${state.slice(0, -1)}${alphabet[alphabet.indexOf(state.at(-1) ?? '') ^ 1]}`;
      expectRefused(await client.open(changed(callback, (query) => query.set('state', spelled))));
      expectLoggedIn(await client.open(callback), path);
    },
  );
});

describe('L5 a state of another instance or provider', () => {
  it.each([
    ['/twin', '/_auth', '/_twin', '__Host-twin-login', bindingCookie],
    ['/other', '/_auth', '/_other', '__Host-other-login', bindingCookie],
    ['/orders', '/_twin', '/_auth', bindingCookie, '__Host-twin-login'],
    ['/orders', '/_other', '/_auth', bindingCookie, '__Host-other-login'],
  ])('begun at %s, is refused by the instance of %s', async (path, foreignPath, basePath, ownCookie, foreignCookie) => {
    const client = createClient();
    const callback = await begin(client, path, basePath);
    // The best that an attacker could have: the binding secret of one instance in the cookie of the other.
    client.setCookie(world.origin, foreignCookie, client.cookies(world.origin).get(ownCookie) ?? '');
    expectRefused(await client.open(callback.replace(`${basePath}/callback`, `${foreignPath}/callback`)));
    expectLoggedIn(await client.open(callback), path);
  });

  it('begun on one host, is refused on another host of the same instance', async () => {
    const client = createClient();
    const callback = new URL(await begin(client));
    const cookie = `cookie: ${client.cookieHeader(world.origin)}`;
    const foreign = rawGet(`${callback.pathname}${callback.search}`, `localhost:${world.port}`, [
      ...navigationLines,
      cookie,
    ]);
    const { status, values } = await sendRaw(world.port, foreign);
    expect([status, values('location'), values('set-cookie'), world.provider.count('token')]).toEqual([400, [], [], 0]);
    expectLoggedIn(await client.open(callback.href));
  });

  it('takes no code of one provider for an attempt at another (mix-up, RFC 9700 §4.4)', async () => {
    const client = createClient();
    const ours = await begin(client);
    const theirs = await begin(client, '/other', '/_other');
    const mixed = changed(ours, (query) => {
      query.set('code', parameter(theirs, 'code'));
      query.set('iss', parameter(theirs, 'iss'));
    });
    expectRefused(await client.open(mixed));
    expectLoggedIn(await client.open(ours));
    expectLoggedIn(await client.open(theirs), '/other');
  });

  it('accepts no session of another instance', async () => {
    const client = createClient();
    await client.follow(`${world.origin}/twin`);
    const id = client.cookies(world.origin).get('__Host-twin') ?? '';
    for (const name of [sessionCookie, '__Host-other']) client.setCookie(world.origin, name, id);
    expect((await client.open(`${world.origin}/twin`)).status).toBe(200);
    for (const path of ['/orders', '/other']) expect((await client.open(`${world.origin}${path}`)).status).toBe(302);
    for (const path of ['/_auth', '/_other'])
      expect((await client.open(`${world.origin}${path}/userinfo`)).status).toBe(401);
  });
});
