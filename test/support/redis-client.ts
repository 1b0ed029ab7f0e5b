import { Redis } from 'ioredis';
import { atEnd } from './ends.ts';
import type { World } from './world.ts';

/** A plain client of a world's Redis, to look and to tamper. It goes with the test file. */
export function redisClient(world: World): Redis {
  if (world.redis === undefined) throw new Error('this world has no Redis of its own: only the store `redis` does');
  const client = new Redis(world.redis.url);
  // Without a listener ioredis prints errors to the console; here Redis goes away on purpose.
  client.on('error', () => undefined);
  atEnd(async () => client.disconnect());
  return client;
}

/** Names of the sessions in the store, as keys. */
export async function sessionKeys(redis: Redis): Promise<readonly string[]> {
  return (await redis.keys('*')).filter((key) => key.includes('s:{')).sort();
}
