import { type EpochSeconds, epochSecondsOf } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SessionRecord, SessionRecords } from '../../ports/store.ts';
import type { RedisConnection } from './connection.ts';
import { bufferOf, integerOf } from './fields.ts';
import type { RedisKeys } from './keys.ts';
import { scanKeys } from './scan.ts';

/**
 * Session records as hashes: v sealed, g generation, t last seen, e absolute end, i idle seconds.
 *
 * Expiry: keys get a relative time to live (PEXPIRE), computed from the caller's clock, not a moment (PEXPIREAT):
 * with a moment, a Redis whose clock runs ahead would end sessions early and let once markers go while their attempt
 * is still valid. A Redis whose clock is wrong, or that carried a write out late, keeps a key too long instead, which
 * harms nobody: the end by the caller's clock is in the record, and every read and script goes by that.
 */
export function createRedisSessions(connection: RedisConnection, keys: RedisKeys, clock: Clock): SessionRecords {
  return {
    async find(name) {
      const fields = await connection.run('a session read', (redis) =>
        redis.hmgetBuffer(keys.session(name), 'v', 'g', 't', 'e', 'i'),
      );
      return recordOf(fields, clock.now());
    },

    async create(name, { sealed, lastSeenAt, endsAt, idleFor }) {
      const now = clock.now();
      const ttl = Math.ceil((Math.min(endsAt, lastSeenAt + idleFor) - now) * 1000);
      if (ttl <= 0) return true;
      const created = await connection.run('a session creation', (redis) =>
        redis.createSession(keys.session(name), bufferOf(sealed), lastSeenAt, endsAt, Math.ceil(idleFor), ttl, now),
      );
      return created === 1;
    },

    async replace(name, generation, sealed) {
      const replaced = await connection.run('a session replacement', (redis) =>
        redis.replaceSession(keys.session(name), generation, bufferOf(sealed), clock.now()),
      );
      return replaced === 1;
    },

    async touch(name, lastSeenAt) {
      await connection.run('a session touch', (redis) =>
        redis.touchSession(keys.session(name), lastSeenAt, clock.now()),
      );
    },

    async delete(name) {
      const deleted = await connection.run('a session deletion', (redis) =>
        redis.deleteSession(keys.session(name), clock.now()),
      );
      return deleted === 1;
    },

    async *names() {
      for await (const key of scanKeys(connection, keys.sessions)) yield keys.sessionNameOf(key);
    },
  };
}

/** A record that is incomplete or whose end has passed is none (I6). */
function recordOf(fields: readonly (Buffer | null)[], now: EpochSeconds): SessionRecord | undefined {
  const [sealed = null, g, t, e, i] = fields;
  const generation = integerOf(g);
  const lastSeenAt = integerOf(t);
  const endsAt = integerOf(e);
  const idleFor = integerOf(i);
  if (sealed === null || generation === undefined) return undefined;
  if (lastSeenAt === undefined || endsAt === undefined || idleFor === undefined) return undefined;
  if (now >= Math.min(endsAt, lastSeenAt + idleFor)) return undefined;
  return { sealed, generation, lastSeenAt: epochSecondsOf(lastSeenAt) };
}
