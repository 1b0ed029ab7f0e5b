import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { createRedisStore } from '../../src/adapters/ioredis/redis-store.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { describeStore, standingClock } from './store.contract.ts';

let server: RedisServer;

beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.close());

describeStore('Redis', async () => {
  const clock = standingClock();
  const keyPrefix = `contract-${randomUUID()}`;
  const store = createRedisStore({ url: server.url, keyPrefix, commandTimeoutMs: 2000 }, { clock });
  await store.isReachable();
  return { store, clock };
});
