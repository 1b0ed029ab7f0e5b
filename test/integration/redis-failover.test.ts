// More than 300 lines: what may happen to a group of Redis processes, done to the two kinds of groups.
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRedisStore } from '../../src/adapters/ioredis/redis-store.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { type EpochSeconds, epochSecondsOf, secondsOf } from '../../src/core/time.ts';
import { type Store, StoreUnavailableError } from '../../src/ports/store.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { clientOf, type RedisWithFailover } from '../support/redis-deployment.ts';
import { type RedisSentinel, startRedisSentinel } from '../support/redis-sentinel.ts';
import { until } from '../support/until.ts';

const commandTimeoutMs = 500;
// For two busy processors: the deadline is the time-out, the rest is waiting for a processor.
const slackMs = 400;

const inSeconds = (seconds: number): EpochSeconds => epochSecondsOf(systemClock.now() + seconds);
const session = () => ({
  sealed: Buffer.alloc(1000, 's'),
  lastSeenAt: systemClock.now(),
  endsAt: inSeconds(600),
  idleFor: secondsOf(300),
  keyId: 'AAAAAA',
});
const namesOf = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `session-${index}`);

/** A store with what it told. */
interface Subject {
  readonly store: Store;
  readonly events: readonly string[];
}

function openStore({ topology }: RedisWithFailover): Subject {
  const events: string[] = [];
  const telemetry = {
    event: (name: string) => void events.push(name),
    problem: (name: string) => void events.push(name),
    check: () => undefined,
  };
  const options = { topology, keyPrefix: 'sallyport', commandTimeoutMs };
  return { store: createRedisStore(options, { clock: systemClock, telemetry }), events };
}

/** How an operation went; anything but its value or StoreUnavailableError inside the time-out is thrown. */
async function outcomeOf<T>(operation: Promise<T>): Promise<T | 'unavailable'> {
  const startedAt = performance.now();
  try {
    return await operation;
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    return 'unavailable';
  } finally {
    expect(performance.now() - startedAt).toBeLessThan(commandTimeoutMs + slackMs);
  }
}

/** Reads, touches and creates, over and over, until it is told to stop; yields how many operations failed. */
function load(store: Store, names: readonly string[]): { stop(): Promise<number> } {
  const state = { isOver: false, failures: 0 };
  const work = async (worker: number): Promise<void> => {
    for (let step = worker; !state.isOver; step += 1) {
      const name = names[(step * 7) % names.length] ?? '';
      const found = await outcomeOf(store.sessions.find(name));
      // Never absent: an outage must not look like the end of a session.
      expect(found, name).toBeDefined();
      const created = await outcomeOf(store.sessions.create(`load-${worker}-${step}`, session()));
      expect([true, 'unavailable']).toContain(created);
      const touched = await outcomeOf(store.sessions.touch(name, systemClock.now()));
      state.failures += [found, created, touched].filter((outcome) => outcome === 'unavailable').length;
      // The pace of the load: a store that fails at once must not take the processors from Redis.
      await pause(2);
    }
  };
  const workers = Promise.all([0, 1, 2, 3].map(work));
  return {
    async stop() {
      state.isOver = true;
      await workers;
      return state.failures;
    },
  };
}

async function expectAll(store: Store, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const found = await until(`${name} is there`, async () => {
      const outcome = await outcomeOf(store.sessions.find(name));
      return outcome === 'unavailable' ? undefined : { outcome };
    });
    expect(found.outcome, name).toMatchObject({ generation: 1 });
  }
}

async function expectRecovery({ store }: Subject): Promise<void> {
  await until('the store serves', () => store.isReachable());
  const names = Array.from({ length: 20 }, (_, index) => `after ${performance.now()} ${index}`);
  await until('every key can be written', async () => {
    const outcomes = await Promise.all(names.map((name) => outcomeOf(store.sessions.create(name, session()))));
    return !outcomes.includes('unavailable');
  });
}

const kinds = [
  ['Sentinel', () => startRedisSentinel({ deadAfterMs: 1000 })],
  ['Cluster', () => startRedisCluster({ deadAfterMs: 2000 })],
] as const;

describe.each(kinds)('the store on Redis %s (I4)', (kind, start) => {
  let redis: RedisWithFailover;
  let subject: Subject;

  beforeAll(async () => {
    redis = await start();
  });
  beforeEach(async () => {
    for (const master of await redis.masters()) await master.flushall();
    subject = openStore(redis);
    expect(await subject.store.isReachable()).toBe(true);
  });
  afterEach(async () => {
    await subject.store.close();
    await redis.whole();
  });

  it('loses no session and needs no restart when a master is killed under load', async () => {
    const { store, events } = subject;
    const names = namesOf(300);
    for (const name of names) expect(await store.sessions.create(name, session())).toBe(true);
    await redis.replicated();
    const master = await redis.masterOf('sallyport:s:{session-0}');
    const traffic = load(store, names);

    await master.stop();
    await until('another master has taken its place', async () => {
      const taken = (await redis.masterOf('sallyport:s:{session-0}')).port !== master.port;
      return taken && (await outcomeOf(store.sessions.find('session-0'))) !== 'unavailable';
    });
    await expectRecovery(subject);
    expect(await traffic.stop()).toBeGreaterThan(0);

    await expectAll(store, names);
    const found = new Set<string>();
    for await (const name of store.sessions.names()) found.add(name);
    expect(names.filter((name) => !found.has(name))).toEqual([]);
    await until('the end of the outage is told', () => events.at(-1) === 'store_recovered');
    expect(events[0]).toBe('store_unavailable');

    await master.start();
    await redis.whole();
    await expectAll(store, names);
  });

  it('keeps a logout that the new master took when the old one, which stood still, wakes', async () => {
    const { store } = subject;
    for (const name of ['session-0', 'session-1']) await store.sessions.create(name, session());
    await redis.replicated();
    const master = await redis.masterOf('sallyport:s:{session-0}');
    await master.pause();
    try {
      await until('another master has taken its place', async () => {
        const outcome = await outcomeOf(store.sessions.delete('session-0'));
        return outcome !== 'unavailable';
      });
    } finally {
      await master.resume();
    }
    // It wakes as a master that was never told; nobody may hear from it that the session lives.
    for (let reads = 0; reads < 50; reads += 1) {
      expect(await outcomeOf(store.sessions.find('session-0'))).toSatisfy(isGone);
    }
    await redis.whole();
    expect(await store.sessions.find('session-0')).toBeUndefined();
    expect(await store.sessions.find('session-1')).toBeDefined();
  });

  it('goes on when the roles are exchanged on purpose, and loses nothing', async () => {
    const { store } = subject;
    const names = namesOf(100);
    for (const name of names) await store.sessions.create(name, session());
    const traffic = load(store, names);
    await redis.switchMasterOf('sallyport:s:{session-0}');
    await expectRecovery(subject);
    await traffic.stop();
    await expectAll(store, names);
  });

  it('fails inside the time-out while every process stands still, and goes on afterwards', async () => {
    const { store } = subject;
    await store.sessions.create('session-0', session());
    await redis.pause();
    for (let reads = 0; reads < 5; reads += 1) {
      expect(await outcomeOf(store.sessions.find('session-0'))).toBe('unavailable');
      expect(await outcomeOf(store.sessions.delete('session-0'))).toBe('unavailable');
    }
    expect(await store.isReachable()).toBe(false);
    await redis.resume();
    await expectRecovery(subject);
  });

  it('comes back when every process was gone, with every session', async () => {
    const names = namesOf(30);
    for (const name of names) await subject.store.sessions.create(name, session());
    await redis.replicated();
    await redis.stop();
    for (let reads = 0; reads < 5; reads += 1) {
      expect(await outcomeOf(subject.store.sessions.find('session-0'))).toBe('unavailable');
    }
    expect(await subject.store.isReachable()).toBe(false);
    await redis.start();
    await expectRecovery(subject);
    await expectAll(subject.store, names);
    await until('the end of the outage is told', () => subject.events.at(-1) === 'store_recovered');
    expect(subject.events.filter((event) => event === 'store_recovered')).toHaveLength(1);
  });

  it(`starts while nobody is there and serves when ${kind} comes up`, async () => {
    await redis.stop();
    const early = openStore(redis);
    expect(await early.store.isReachable()).toBe(false);
    expect(await outcomeOf(early.store.sessions.find('session-0'))).toBe('unavailable');
    await redis.start();
    await expectRecovery(early);
    await early.store.close();
  });
});

describe('the store on Redis Sentinel without its sentinels (I4)', () => {
  let redis: RedisSentinel;

  beforeAll(async () => {
    redis = await startRedisSentinel();
  });

  it('goes on as long as the connection does, fails when that is lost, and goes on when a sentinel is back', async () => {
    const subject = openStore(redis);
    expect(await subject.store.isReachable()).toBe(true);
    await subject.store.sessions.create('session-0', session());
    const [master] = await redis.masters();
    for (const sentinel of redis.sentinels) await sentinel.stop();
    expect(await subject.store.sessions.find('session-0')).toBeDefined();

    await master?.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until(
      'the connection is lost',
      async () => (await outcomeOf(subject.store.sessions.find('session-0'))) === 'unavailable',
    );
    expect(await subject.store.isReachable()).toBe(false);
    await redis.sentinels[1]?.start();
    await expectRecovery(subject);
    expect(await subject.store.sessions.find('session-0')).toBeDefined();
    await subject.store.close();
  });
});

describe('the store on Redis Cluster when slots move', () => {
  let redis: RedisWithFailover;

  beforeAll(async () => {
    redis = await startRedisCluster();
  });

  it('follows ASK while a slot is on its way and MOVED afterwards, and nobody notices', async () => {
    const { store } = openStore(redis);
    expect(await store.isReachable()).toBe(true);
    const key = 'sallyport:s:{session-0}';
    await store.sessions.create('session-0', session());
    const from = clientOf((await redis.masterOf(key)).port);
    const slot = await from.cluster('KEYSLOT', key);
    const to = (await redis.masters()).find(({ options }) => options.port !== from.options.port) ?? from;
    const [fromId, toId] = [await from.cluster('MYID'), await to.cluster('MYID')];

    await to.cluster('SETSLOT', slot, 'IMPORTING', fromId);
    await from.cluster('SETSLOT', slot, 'MIGRATING', toId);
    expect(await store.sessions.find('session-0')).toMatchObject({ generation: 1 });
    await from.migrate('127.0.0.1', to.options.port ?? 0, key, 0, 5000);
    expect(await store.sessions.find('session-0')).toMatchObject({ generation: 1 });
    expect(await store.sessions.replace('session-0', 1, Buffer.from('second'))).toBe(true);

    await to.cluster('SETSLOT', slot, 'NODE', toId);
    await from.cluster('SETSLOT', slot, 'NODE', toId);
    expect(await store.sessions.find('session-0')).toMatchObject({ generation: 2 });
    expect(await store.sessions.delete('session-0')).toBe(true);
    await store.close();
  });
});

function isGone(outcome: unknown): boolean {
  return outcome === undefined || outcome === 'unavailable';
}
