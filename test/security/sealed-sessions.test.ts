import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { navigation } from '../support/browser-headers.ts';
import { createClient, type TestClient } from '../support/client.ts';
import { metricOf } from '../support/metrics.ts';
import { until } from '../support/until.ts';
import { sessionCookie, startWorld, type World } from '../support/world.ts';

// Two processes that share a key ring and nothing else: each has a memory of its own.

let world: World;

beforeAll(async () => {
  world = await startWorld({
    replicas: 2,
    store: 'sealed',
    session: { idleLifetime: '20s' },
    rules: [
      { path: { prefix: '/public' }, use: 'public' },
      { path: { prefix: '/open' }, use: 'web', require: { optional: true } },
      { use: 'web' },
    ],
  });
  const client = createClient();
  await until('Envoy asks both', async () => {
    await client.send(`${world.origin}/public`);
    return (await checksOf(0)) > 0 && (await checksOf(1)) > 0;
  });
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

async function checksOf(index: number): Promise<number> {
  const replica = world.replicas[index];
  if (replica === undefined) throw new Error(`there is no replica ${index}`);
  return await metricOf(replica, 'sallyport_checks_total', 'decision="forward"');
}

/** The cookies of a session, by name. */
function sessionCookies(client: TestClient): ReadonlyMap<string, string> {
  return new Map([...client.cookies(world.origin)].filter(([name]) => /^__Host-sallyport(?:\.\d)?$/.test(name)));
}

async function statusWith(cookies: Iterable<readonly [string, string]>): Promise<number> {
  const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
  return (await createClient().send(`${world.origin}/app`, { headers: { cookie } })).status;
}

const manyGroups = Array.from({ length: 100 }, (_, index) => `department-${index}`);

/** A session that takes more than one cookie. */
async function logInWithMuch(): Promise<TestClient> {
  world.provider.logInAs('alice', { email: 'alice@example.com', email_verified: true, groups: manyGroups });
  return await world.logIn('/app');
}

describe('a sealed session', () => {
  it('is known to every process, and none of its cookies reaches the workload', async () => {
    const client = await logInWithMuch();
    expect([...sessionCookies(client).keys()].length).toBeGreaterThan(1);
    client.setCookie(world.origin, 'theme', 'dark');
    const before = [await checksOf(0), await checksOf(1)];
    await until('both have let it through', async () => {
      expect((await client.send(`${world.origin}/app`)).status).toBe(200);
      return (await checksOf(0)) > (before[0] ?? 0) && (await checksOf(1)) > (before[1] ?? 0);
    });
    for (const request of world.upstream.requests) {
      expect(request.headers.join('\n')).not.toContain('sallyport');
    }
    expect(world.upstream.requests.at(-1)?.values('cookie')).toEqual(['theme=dark']);
  });

  it('goes on with its use: the browser gets it anew beside the cookies of the workload', async () => {
    const client = await world.logIn('/app');
    const first = sessionCookies(client).get(sessionCookie);
    world.upstream.answerWith(() => ({
      headers: [
        ['set-cookie', 'cart=1; Path=/'],
        ['set-cookie', 'lang=de; Path=/'],
        ['cache-control', 'public, max-age=31536000'],
      ],
    }));
    await until('it was sealed anew', async () => {
      const answer = await client.send(`${world.origin}/app`);
      expect(answer.status).toBe(200);
      // No cache may keep a session; what the workload lets caches keep stays so elsewhere.
      const hasOurs = answer.values('set-cookie').some((line) => line.startsWith(sessionCookie));
      expect(answer.values('cache-control')).toEqual([hasOurs ? 'private, no-store' : 'public, max-age=31536000']);
      return sessionCookies(client).get(sessionCookie) !== first;
    });
    expect(client.cookies(world.origin).get('cart')).toBe('1');
    expect(client.cookies(world.origin).get('lang')).toBe('de');
    expect((await client.send(`${world.origin}/app`)).status).toBe(200);
  });

  it('is gone from the browser after logout; a copy of it lives on, as documented', async () => {
    const client = await logInWithMuch();
    const copy = [...sessionCookies(client)];
    await client.open(`${world.origin}/_auth/logout`, { method: 'POST', headers: { origin: world.origin } });
    expect(sessionCookies(client).size).toBe(0);
    expect((await client.open(`${world.origin}/app`)).status).toBe(302);
    expect(await statusWith(copy)).toBe(200);
  });
});

describe('S5 a tag cut short', () => {
  it('is refused at every length, like any other change', async () => {
    const value = sessionCookies(await world.logIn('/app')).get(sessionCookie) ?? '';
    const [count = '', sealed = ''] = value.split('.');
    const bytes = Buffer.from(sealed, 'base64url');
    expect(await statusWith([[sessionCookie, value]])).toBe(200);
    for (let cut = 1; cut <= 16; cut += 1) {
      const short = bytes.subarray(0, bytes.length - cut).toString('base64url');
      expect(await statusWith([[sessionCookie, `${count}.${short}`]])).toBe(401);
    }
    expect(world.upstream.requests.at(-1)?.target).toBe('/app');
  });
});

describe('S6 chunks that changed places (S7)', () => {
  it('are no session: moved, mixed with those of another, missing, reordered, surplus', async () => {
    const own = [...sessionCookies(await logInWithMuch())];
    const other = sessionCookies(await logInWithMuch());
    const [first, second] = own;
    if (first === undefined || second === undefined) throw new Error('there are two chunks');
    expect(await statusWith(own)).toBe(200);
    world.upstream.clear();
    const [name, value] = first;
    for (const wrong of [
      [[name, other.get(name) ?? ''] as const, ...own.slice(1)],
      [first, [second[0], other.get(second[0]) ?? ''] as const, ...own.slice(2)],
      own.slice(1),
      own.slice(0, -1),
      [[name, second[1]] as const, [second[0], value] as const, ...own.slice(2)],
      [...own, ['__Host-sallyport.4', second[1]] as const],
      [...own, second],
      [['__Host-sallyport-login', value] as const, ...own.slice(1)],
    ]) {
      expect(await statusWith(wrong)).toBe(401);
    }
    expect(world.upstream.requests).toHaveLength(0);
  });
});

describe('a rule with optional sign-in', () => {
  it('forwards without an identity, and with it after a login; forged headers never get through', async () => {
    const forged = { 'x-auth-request-user': 'root', authorization: 'Bearer forged', ...navigation };
    expect((await createClient().send(`${world.origin}/open`, { headers: forged })).status).toBe(200);
    const anonymous = world.upstream.requests.at(-1);
    for (const name of ['x-auth-request-user', 'authorization']) expect(anonymous?.values(name)).toEqual([]);

    const client = await world.logIn('/app');
    await client.send(`${world.origin}/open`, { headers: forged });
    const known = world.upstream.requests.at(-1);
    expect(known?.values('x-auth-request-user')).toEqual(['alice']);
    expect(known?.values('authorization')).toEqual([expect.not.stringContaining('forged')]);
  });
});
