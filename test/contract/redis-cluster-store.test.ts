import { beforeAll } from 'vitest';
import { startRedisCluster } from '../support/redis-cluster.ts';
import type { RedisWithFailover } from '../support/redis-deployment.ts';
import { describeStoreOfRedis } from './redis-store.contract.ts';

// A node of a cluster answers CROSSSLOT to any command or script whose keys lie in different slots, and refuses
// scripts that touch keys they did not declare: so the key layout suits it.
let redis: RedisWithFailover;

beforeAll(async () => {
  redis = await startRedisCluster();
});

describeStoreOfRedis('Redis Cluster', {
  topology: () => redis.topology,
  masters: () => redis.masters(),
  pause: () => redis.pause(),
  resume: () => redis.resume(),
  switchMaster: () => redis.switchMasterOf('{a}'),
});
