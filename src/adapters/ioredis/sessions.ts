import { type EpochSeconds, epochSecondsOf } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Claim, SessionRecord, SessionRecords } from '../../ports/store.ts';
import type { RedisConnection } from './connection.ts';
import { bufferOf, integerOf } from './fields.ts';
import { scanHeads, sessionHeadOf } from './heads.ts';
import type { RedisKeys } from './keys.ts';
import { scanKeys } from './scan.ts';

/**
 * Session records as hashes: v sealed, g generation, t last seen, e absolute end, i idle seconds, n id of the key that
 * made the name. A claim is in the same hash: h holder (empty: a back-off), u until when, f failures, k that somebody waits to take it over.
 *
 * Expiry: keys get a relative time to live (PEXPIRE), computed from the caller's clock, not a moment (PEXPIREAT):
 * with a moment, a Redis whose clock runs ahead would end sessions early and let once markers go while their attempt
 * is still valid. A Redis whose clock is wrong, or that carried a write out late, keeps a key too long instead, which
 * harms nobody: the end by the caller's clock is in the record, and every read and script goes by that.
 */
export function createRedisSessions(connection: RedisConnection, keys: RedisKeys, clock: Clock): SessionRecords {
  async function remove(name: string, generation: number | ''): Promise<boolean> {
    const deleted = await connection.run('a session deletion', (redis) =>
      redis.deleteSession(keys.session(name), generation, clock.now(), keys.changes, name),
    );
    return deleted === 1;
  }

  return {
    async find(name) {
      const fields = await connection.run('a session read', (redis) =>
        redis.hmgetBuffer(keys.session(name), 'v', 'g', 't', 'e', 'i'),
      );
      return recordOf(fields, clock.now());
    },

    async create(name, { sealed, lastSeenAt, endsAt, idleFor, keyId }) {
      const now = clock.now();
      const ttl = Math.ceil((Math.min(endsAt, lastSeenAt + idleFor) - now) * 1000);
      if (ttl <= 0) return true;
      const created = await connection.run('a session creation', (redis) =>
        redis.createSession(
          keys.session(name),
          bufferOf(sealed),
          lastSeenAt,
          endsAt,
          Math.ceil(idleFor),
          keyId,
          ttl,
          now,
        ),
      );
      return created === 1;
    },

    async replace(name, generation, sealed, { keepsClaim } = { keepsClaim: false }) {
      const key = keys.session(name);
      const keeps = keepsClaim ? 1 : 0;
      const replaced = await connection.run('a session replacement', (redis) =>
        redis.replaceSession(key, generation, bufferOf(sealed), clock.now(), keeps, keys.changes, name),
      );
      return replaced === 1;
    },

    async claim(name, generation, holder, milliseconds) {
      const answer = await connection.run('a session claim', (redis) =>
        redis.claimSession(keys.session(name), generation, holder, Math.ceil(milliseconds), clock.now()),
      );
      return claimOf(answer);
    },

    async renewClaim(name, holder, milliseconds) {
      const renewed = await connection.run('a claim renewal', (redis) =>
        redis.renewClaim(keys.session(name), holder, Math.ceil(milliseconds), clock.now()),
      );
      return renewed === 1;
    },

    async release(name, holder, backOff) {
      await connection.run('a claim release', (redis) =>
        redis.releaseClaim(keys.session(name), holder, Math.ceil(backOff), clock.now()),
      );
    },

    async touch(name, lastSeenAt) {
      await connection.run('a session touch', (redis) =>
        redis.touchSession(keys.session(name), lastSeenAt, clock.now(), keys.changes, name),
      );
    },

    delete: (name) => remove(name, ''),
    deleteGeneration: (name, generation) => remove(name, generation),

    async *names() {
      for await (const key of scanKeys(connection, keys.sessions)) yield keys.sessionNameOf(key);
    },

    async *heads() {
      for await (const head of scanHeads(connection, keys.sessions)) {
        const session = sessionHeadOf(head, clock.now());
        if (session !== undefined) yield session;
      }
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

/** What the script of a claim answered. Throws for an answer that it does not give. */
function claimOf([kind, number]: readonly [string, number]): Claim {
  switch (kind) {
    case 'claimed':
      return { kind, failures: number };
    case 'backing_off':
      return { kind, milliseconds: number };
    case 'held':
    case 'replaced':
      return { kind };
    default:
      throw new Error('Redis answered something that the script of claims does not');
  }
}
