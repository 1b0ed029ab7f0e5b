import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { RedisTopology } from '../../src/adapters/ioredis/options.ts';
import { createRedisStore } from '../../src/adapters/ioredis/redis-store.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Store } from '../../src/ports/store.ts';
import { describeChanges } from './changes.contract.ts';
import { describeChangesFaults } from './changes-faults.contract.ts';
import { describeClaims } from './claims.contract.ts';
import { describeStore } from './store.contract.ts';

/** A Redis that is started before the tests run. */
export interface TestedRedis {
  topology(): RedisTopology;
  /** Plain clients of the nodes that hold keys. */
  masters(): Promise<readonly Redis[]>;
  pause(): Promise<void> | void;
  resume(): Promise<void> | void;
  /** Lets a replica take the place of a master; absent where there is none. */
  readonly switchMaster?: () => Promise<void>;
}

/** The whole contract of a store on Redis of some topology. Each test has a key prefix of its own. */
export function describeStoreOfRedis(name: string, redis: TestedRedis): void {
  async function open(clock: Clock, keyPrefix = `contract-${randomUUID()}`, commandTimeoutMs = 2000): Promise<Store> {
    const store = createRedisStore({ topology: redis.topology(), keyPrefix, commandTimeoutMs }, { clock });
    await store.isReachable();
    return store;
  }

  async function openTwo(clock: Clock, commandTimeoutMs?: number): Promise<{ store: Store; other: Store }> {
    const keyPrefix = `contract-${randomUUID()}`;
    return {
      store: await open(clock, keyPrefix, commandTimeoutMs),
      other: await open(clock, keyPrefix, commandTimeoutMs),
    };
  }

  describeStore(name, open);
  describeClaims(name, open);
  describeChanges(name, openTwo);
  describeChangesFaults(name, {
    open: (commandTimeoutMs) => openTwo(systemClock, commandTimeoutMs),
    pause: redis.pause,
    resume: redis.resume,
    switchMaster: redis.switchMaster,
    async cut(type) {
      for (const master of await redis.masters()) await master.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
    },
  });
}
