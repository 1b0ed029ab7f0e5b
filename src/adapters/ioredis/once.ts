import type { Clock } from '../../ports/clock.ts';
import type { OnceMarkers } from '../../ports/store.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';

/**
 * Once markers as SET NX with a time to live; the value is the end, for operators.
 *
 * A caller whose `take` timed out does not know whether it was the first. It must treat the thing as used up: Redis
 * may have set the marker, and then nobody gets true any more.
 */
export function createRedisOnce(connection: RedisConnection, keys: RedisKeys, clock: Clock): OnceMarkers {
  return {
    async take(name, endsAt) {
      const ttl = (endsAt - clock.now()) * 1000;
      // What has ended is not usable, and a marker for it would not stay.
      if (ttl <= 0) return false;
      const reply = await connection.run('a once marker', (redis) =>
        redis.set(keys.once(name), String(endsAt), 'PX', ttl, 'NX'),
      );
      return reply === 'OK';
    },
  };
}
