import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { createRedisStore } from '../../src/adapters/ioredis/redis-store.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { describeStore } from './store.contract.ts';

/*
 * One node that serves every slot: it answers CROSSSLOT to any command or script whose keys lie in different slots,
 * and refuses scripts that touch keys they did not declare. So the key layout and every command suit a cluster.
 */
let server: RedisServer;

beforeAll(async () => {
  server = await startRedisServer(['--cluster-enabled', 'yes']);
  const admin = server.admin();
  await admin.cluster('ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => slot));
  let state = '';
  while (!state.includes('cluster_state:ok')) state = await admin.cluster('INFO');
});
afterAll(() => server.close());

describeStore('a Redis in cluster mode', async (clock) => {
  const keyPrefix = `contract-${randomUUID()}`;
  const store = createRedisStore({ url: server.url, keyPrefix, commandTimeoutMs: 2000 }, { clock });
  await store.isReachable();
  return store;
});
