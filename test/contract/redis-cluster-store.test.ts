import { randomUUID } from 'node:crypto';
import { beforeAll } from 'vitest';
import { createRedisStore } from '../../src/adapters/ioredis/redis-store.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import type { RedisDeployment } from '../support/redis-deployment.ts';
import { describeStore } from './store.contract.ts';

// A node of a cluster answers CROSSSLOT to any command or script whose keys lie in different slots, and refuses
// scripts that touch keys they did not declare: so the key layout suits it.
let cluster: RedisDeployment;

beforeAll(async () => {
  cluster = await startRedisCluster();
});

describeStore('Redis Cluster', async (clock) => {
  const keyPrefix = `contract-${randomUUID()}`;
  const store = createRedisStore({ topology: cluster.topology, keyPrefix, commandTimeoutMs: 2000 }, { clock });
  await store.isReachable();
  return store;
});
