import type { Clock } from '../../ports/clock.ts';
import type { SessionIndex } from '../../ports/store.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisKeys } from './keys.ts';
import { orderSteps } from './scripts.ts';

/**
 * Groups as sorted sets. A score holds both what ends a member and where it stands: its end times {@link orderSteps},
 * plus its place in the order of adding. So the ended ones are a range, and one reading gives both. The member `!`
 * counts the additions; names of sessions are base64url.
 */
export function createRedisIndex(connection: RedisConnection, keys: RedisKeys, clock: Clock): SessionIndex {
  return {
    async add(group, name, endsAt) {
      const now = clock.now();
      await connection.run('an index addition', (redis) =>
        redis.addToIndex(keys.index(group), name, endsAt, (endsAt - now) * 1000, now),
      );
    },
    async list(group) {
      const flat = await connection.run('an index read', (redis) =>
        redis.zrange(keys.index(group), '0', '-1', 'WITHSCORES'),
      );
      return namesOf(flat, clock.now());
    },
    async remove(group, names) {
      if (names.length === 0) return;
      await connection.run('an index removal', (redis) => redis.zrem(keys.index(group), ...names));
    },
  };
}

/** Names whose end has not come, oldest first, of a reading `[member, score, …]`. */
function namesOf(flat: readonly string[], now: number): readonly string[] {
  const members = flat.flatMap((name, index) => (index % 2 === 0 ? [{ name, score: Number(flat[index + 1]) }] : []));
  const additions = members.find(({ name }) => name === '!')?.score ?? 0;
  // Places begin again at 0 when they are used up; the number of additions since then, which is the age, does not.
  const ageOf = (score: number): number => (additions - score) % orderSteps;
  return members
    .filter(({ name, score }) => name !== '!' && now < Math.floor(score / orderSteps))
    .toSorted((one, other) => ageOf(other.score) - ageOf(one.score))
    .map(({ name }) => name);
}
