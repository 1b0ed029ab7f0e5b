import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { createRedisStore } from '../../src/adapters/ioredis/redis-store.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { describeStore } from './store.contract.ts';

let server: RedisServer;

beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.close());

describeStore('Redis', async (clock) => {
  const keyPrefix = `contract-${randomUUID()}`;
  const store = createRedisStore(
    { topology: { kind: 'standalone', url: server.url }, keyPrefix, commandTimeoutMs: 2000 },
    { clock },
  );
  await store.isReachable();
  return store;
});
