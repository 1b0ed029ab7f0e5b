import { beforeAll } from 'vitest';
import type { RedisWithFailover } from '../support/redis-deployment.ts';
import { startRedisSentinel } from '../support/redis-sentinel.ts';
import { describeStoreOfRedis } from './redis-store.contract.ts';

let redis: RedisWithFailover;

beforeAll(async () => {
  redis = await startRedisSentinel();
});

describeStoreOfRedis('Redis with Sentinel', {
  topology: () => redis.topology,
  masters: () => redis.masters(),
  pause: () => redis.pause(),
  resume: () => redis.resume(),
  switchMaster: () => redis.switchMasterOf('{a}'),
});
