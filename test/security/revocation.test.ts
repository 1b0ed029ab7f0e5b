import type { Redis } from 'ioredis';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { createClient } from '../support/client.ts';
import { redisClient } from '../support/redis-client.ts';
import { reloadWith } from '../support/reload.ts';
import { replicaChecks } from '../support/replica-checks.ts';
import type { SallyportProcess } from '../support/sallyport.ts';
import { openTcpGate, type TcpGate } from '../support/tcp-gate.ts';
import { until } from '../support/until.ts';
import { sessionCookie, startWorld, type World } from '../support/world.ts';
import { sessionIdOf } from './session-checks.ts';

// Two replicas; the second one reaches Redis through a gate.

let world: World;
let gate: TcpGate;
let redis: Redis;
let first: (id: string) => Promise<number>;
let second: (id: string) => Promise<number>;

beforeAll(async () => {
  gate = await openTcpGate();
  let replica = 0;
  world = await startWorld({
    store: 'redis',
    replicas: 2,
    adjust: (config) => {
      if (replica === 1) {
        gate.leadTo(Number(new URL(config['store'].url).port));
        config['store'].url = `redis://127.0.0.1:${gate.port}`;
      }
      replica += 1;
    },
  });
  redis = redisClient(world);
  const [one, other] = replicaChecks(world);
  if (one === undefined || other === undefined) throw new Error('two replicas, please');
  [first, second] = [one.ask, other.ask];
});
beforeEach(() => world.reset());
afterEach(async () => {
  gate.thaw();
  await until('both serve', session);
  await expectHealthy(world);
});

/** A session that both replicas know; its id. */
async function session(): Promise<string> {
  const id = sessionIdOf(await world.logIn('/app'), world);
  await until('both serve it', async () => (await first(id)) === 200 && (await second(id)) === 200);
  return id;
}

/** A logout at the first replica. */
async function logOut(id: string): Promise<number> {
  const headers = { host: world.host, origin: world.origin, cookie: `${sessionCookie}=${id}` };
  const { status } = await createClient().send(`http://${world.configs[0]?.['listen'].http}/_auth/logout`, {
    method: 'POST',
    headers,
  });
  return status;
}

/** Session reads of Redis while `act` runs. */
async function readsDuring(act: () => Promise<unknown>): Promise<number> {
  await redis.config('RESETSTAT');
  await act();
  return Number(/cmdstat_hmget:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
}

describe('S2 a session that ends at one replica is refused by the other', () => {
  it.each<[connection: string, bar: () => void, refusal: number]>([
    ['is well', () => undefined, 401],
    ['is cut', () => gate.cut(), 503],
    ['is half open', () => gate.freeze(), 503],
    ['is half open where it subscribes, and nowhere else', () => gate.freeze('subscriptions'), 401],
  ])('whose connection to Redis %s', async (_, bar, refusal) => {
    const [ended, other] = [await session(), await session()];
    bar();
    expect(await logOut(ended)).toBe(303);
    expect(await first(ended)).toBe(401);
    expect(await until('it is refused', async () => unlessAllowed(await second(ended)))).toBe(refusal);
    for (let times = 0; times < 5; times += 1) expect(await second(ended)).toBe(refusal);
    // Who did not log out is told of no end, be there a store or not.
    expect(await second(other)).toBe(refusal === 503 ? 503 : 200);
    gate.thaw();
    await until('it serves', async () => (await second(other)) === 200);
    expect(await second(ended)).toBe(401);
  });

  function unlessAllowed(status: number): number | undefined {
    return status === 200 ? undefined : status;
  }
});

/** Gives the second replica another `store.cache`; resolves to the outcome. */
async function reload(cache: Readonly<Record<string, unknown>>): Promise<string> {
  const [config] = world.configs.slice(1);
  return await reloadWith(replicaOf(1), { ...config, store: { ...config?.['store'], cache } });
}

function replicaOf(index: number): SallyportProcess {
  return world.replicas[index] ?? expect.fail('a world without it');
}

describe('a session that is used', () => {
  const ask = (id: string) => async () => {
    for (let times = 0; times < 50; times += 1) expect(await second(id)).toBe(200);
  };

  it('is served without the store, but for a look every ten seconds', async () => {
    const id = await session();
    expect(await readsDuring(ask(id))).toBeLessThanOrEqual(2);
  });

  it('is looked up each time where none may be kept, and while changes are not heard; a reload changes that', async () => {
    const id = await session();
    for (let reloads = 0; reloads < 2; reloads += 1) {
      expect(await reload({ maxSessions: 0 })).toBe('reloaded');
      expect(await readsDuring(ask(id))).toBeGreaterThanOrEqual(50);
      expect(await reload({ maxSessions: 5 })).toBe('reloaded');
      expect(await readsDuring(ask(id))).toBeLessThanOrEqual(2);
    }
    // One subscription for each process, whatever was loaded how often.
    const [, subscriptions] = (await redis.pubsub('NUMSUB', 'sallyport:changes')) as [string, number]; // as Redis answers
    expect(subscriptions).toBe(2);

    gate.freeze('subscriptions');
    await until('changes are missed', async () => (await readsDuring(() => second(id))) > 0);
    expect(await readsDuring(ask(id))).toBeGreaterThanOrEqual(50);
  });
});

describe('I4 without Redis, and with store.cache.outageGrace', () => {
  const grace = async (outageGrace: string) => expect(await reload({ outageGrace })).toBe('reloaded');

  it('no session goes on beyond the grace, and none ends with it', async () => {
    await grace('2s');
    const id = await session();
    gate.cut();
    await until('the grace ends', async () => (await second(id)) === 503);
    gate.thaw();
    await until('it lives on', async () => (await second(id)) === 200);
  });

  it('a session goes on for the grace, unless it was ended, its token has expired, or it was not in use here', async () => {
    // Whatever was kept of it goes with the reload.
    const unused = await session();
    await grace('10m');
    const [live, ended] = [await session(), await session()];
    world.provider.accessTokensLive(5);
    const short = await session();
    world.provider.accessTokensLive(3600);
    expect(await logOut(ended)).toBe(303);
    await until('its end is heard', async () => (await second(ended)) === 401);
    gate.cut();
    await until('it is known', async () => (await fetch(`${replicaOf(1).opsUrl}/readyz`)).status === 503);
    expect(await second(ended)).toBe(503);
    await until('its token expires', async () => (await second(short)) === 503);
    expect(await second(unused)).toBe(503);
    expect(await second(live)).toBe(200);
  });
});
