import { randomUUID } from 'node:crypto';
import { beforeAll } from 'vitest';
import { createRedisStore } from '../../src/adapters/ioredis/redis-store.ts';
import type { RedisDeployment } from '../support/redis-deployment.ts';
import { startRedisSentinel } from '../support/redis-sentinel.ts';
import { describeStore } from './store.contract.ts';

let redis: RedisDeployment;

beforeAll(async () => {
  redis = await startRedisSentinel();
});

describeStore('Redis with Sentinel', async (clock) => {
  const keyPrefix = `contract-${randomUUID()}`;
  const store = createRedisStore({ topology: redis.topology, keyPrefix, commandTimeoutMs: 2000 }, { clock });
  await store.isReachable();
  return store;
});
