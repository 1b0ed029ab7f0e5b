import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { navigation, scriptFetch } from '../support/browser-headers.ts';
import { createClient, type TestClient } from '../support/client.ts';
import { callbackUrlOf } from '../support/login-steps.ts';
import { redisClient } from '../support/redis-client.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { startWorld, type World } from '../support/world.ts';
import { sessionIdOf } from './session-checks.ts';

const password = 'canary-password-of-redis';

let world: World;
let redis: Redis;

beforeAll(async () => {
  const file = join(await tempFolder(), 'redis-password');
  await writeFile(file, password);
  world = await startWorld({
    store: 'redis',
    adjust: (config) => {
      config['store'].password = { file };
      config['store'].commandTimeout = '1s';
      config['envoy'].checkTimeout = '3s';
    },
  });
  redis = redisClient(world);
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

/** The deadline of a check, and what a busy machine takes besides. */
const patienceMs = 4000;

async function visit(client: TestClient, path = '/app'): Promise<string> {
  const startedAt = performance.now();
  const answer = await client.send(`${world.origin}${path}`, { headers: navigation });
  expect(performance.now() - startedAt).toBeLessThan(patienceMs);
  const leads = answer.header('location')?.startsWith(world.provider.issuer) === true ? ' to login' : '';
  return `${answer.status}${leads}${answer.status === 503 ? ` ${answer.header('retry-after')}` : ''}`;
}

const unavailable = '503 1';

describe('I4 Redis', () => {
  /** Kills every connection but our own, so that what follows meets new ones. */
  const disconnectOthers = () => redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  const node = () => world.redis ?? expect.fail('a world without Redis');
  let loading: Promise<void> | undefined;

  const faults = [
    {
      fault: 'that is down',
      begin: () => node().stop(),
      end: () => node().start(),
      reads: false,
    },
    {
      fault: 'that stands still',
      begin: () => node().pause(),
      end: () => node().resume(),
      reads: false,
    },
    {
      fault: 'that loads its data (LOADING)',
      begin: async () => {
        const filling = redis.pipeline();
        for (let count = 0; count < 6000; count += 1) filling.set(`filler:${count}`, 'x', 'EX', 600);
        await filling.exec();
        // For each key a millisecond, from the next start on.
        await redis.config('SET', 'key-load-delay', '1000');
        await redis.config('REWRITE');
        await node().stop();
        loading = node().start();
        const impatient = redis.duplicate({ enableReadyCheck: false });
        const answer = () => impatient.get('a').catch((error: unknown) => String(error));
        await until('it loads', async () => String(await answer()).includes('LOADING'));
        impatient.disconnect();
      },
      end: async () => {
        await loading;
        await redis.config('SET', 'key-load-delay', '0');
        await redis.config('REWRITE');
      },
      reads: false,
    },
    {
      fault: 'that takes another password (WRONGPASS)',
      begin: async () => {
        await redis.call('ACL', 'SETUSER', 'default', 'resetpass', '>another-password');
        await disconnectOthers();
      },
      end: () => redis.call('ACL', 'SETUSER', 'default', 'resetpass', 'nopass'),
      reads: false,
    },
    {
      fault: 'that has no memory left (OOM)',
      begin: () => redis.config('SET', 'maxmemory', '1mb'),
      end: () => redis.config('SET', 'maxmemory', '0'),
      reads: true,
    },
    {
      fault: 'that became a replica in a failover (READONLY)',
      begin: () => redis.replicaof('127.0.0.1', 1),
      end: () => redis.replicaof('NO', 'ONE'),
      reads: true,
    },
  ] as const;

  it.each(faults)(
    '$fault: refuses inside the deadline, recovers without a restart, and loses no session',
    async (it) => {
      const [alice, bob] = [await world.logIn('/app'), createClient()];
      const callback = await callbackUrlOf(bob, world.origin, '/app');
      const processes = world.replicas.map(({ pid }) => pid);
      world.reset();
      await it.begin();
      try {
        // What was read just before is served until nobody can know any more whether it has changed.
        if (!it.reads) await until('it is noticed', async () => (await visit(alice)) === unavailable);
        world.upstream.clear();
        for (let visits = 0; visits < 4; visits += 1) {
          expect(await visit(alice)).toBe(it.reads ? '200' : unavailable);
          expect(await visit(createClient(), '/public/page')).toBe('200');
        }
        // A login cannot end now, and must not seem to.
        const ended = await bob.open(callback);
        expect([ended.status, ended.header('retry-after')]).toEqual([503, '1']);
        expect(await visit(bob)).toBe('302 to login');
        const pages = world.upstream.requests.filter(({ target }) => !target.startsWith('/public'));
        expect(pages).toHaveLength(it.reads ? 4 : 0);
      } finally {
        await it.end();
      }
      await until('the session lives on', async () => (await visit(alice)) === '200');
      for (let visits = 0; visits < 4; visits += 1) expect(await visit(alice)).toBe('200');
      expect(world.provider.count('authorize')).toBe(0);
      expect(world.replicas.map(({ pid }) => pid)).toEqual(processes);
    },
  );
});

describe('I5 FLUSHALL', () => {
  it('logs everybody out, who then logs in again and is back on the page', async () => {
    const alice = await world.logIn('/app');
    const before = sessionIdOf(alice, world);
    await redis.flushall();
    // Redis tells nobody: it is noticed when the session is read the next time, which is within ten seconds.
    await until('it is noticed', async () => (await visit(alice)) === '302 to login');
    const script = await alice.send(`${world.origin}/app`, { headers: scriptFetch });
    expect(script.status).toBe(401);
    const page = await alice.follow(`${world.origin}/app?back=1`);
    expect([page.status, page.url]).toEqual([200, `${world.origin}/app?back=1`]);
    expect(sessionIdOf(alice, world)).not.toBe(before);
  });

  it('in mid-login costs nothing: the attempt is in the state, not in the store', async () => {
    const client = createClient();
    const callback = await callbackUrlOf(client, world.origin, '/app');
    await redis.flushall();
    expect((await client.follow(callback)).url).toBe(`${world.origin}/app`);
    expect(await visit(client)).toBe('200');
  });

  it('after a login lets nobody use its callback again', async () => {
    const [client, thief] = [createClient(), createClient()];
    const callback = await callbackUrlOf(client, world.origin, '/app');
    const cookies = client.cookieHeader(world.origin);
    await client.follow(callback);
    await redis.flushall();
    world.reset();
    // The marker that the attempt was used is gone; the code is still used up at the provider.
    const again = await thief.open(callback, { headers: { cookie: cookies } });
    expect(again.status).toBeGreaterThanOrEqual(400);
    expect(again.status).toBeLessThan(500);
    expect(thief.cookies(world.origin).has('__Host-sallyport')).toBe(false);
    expect(world.upstream.requests).toEqual([]);
  });
});
