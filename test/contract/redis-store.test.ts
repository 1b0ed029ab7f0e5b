import type { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { describeStoreOfRedis } from './redis-store.contract.ts';

let server: RedisServer;
let admin: Redis;

beforeAll(async () => {
  server = await startRedisServer();
  admin = server.admin();
});
afterAll(() => server.close());

describeStoreOfRedis('Redis', {
  topology: () => ({ kind: 'standalone', url: server.url }),
  masters: async () => [admin],
  pause: () => server.pause(),
  resume: () => server.resume(),
});
