import { type EpochSeconds, epochSecondsOf } from '../../core/time.ts';
import { type DocumentHead, headLength, type SessionHead } from '../../ports/store.ts';
import type { RedisConnection } from './connection.ts';
import { integerOf } from './fields.ts';
import { scanKeys } from './scan.ts';

/** Fields v (its beginning), n, t, e and i of a session or a document. */
type Head = readonly (Buffer | null)[];

/** Heads that are asked for together: enough to hide the way to Redis, few enough to hold up nobody. */
const batchSize = 64;

/** The heads of everything at keys that match a pattern, with the promises of {@link scanKeys}. */
export async function* scanHeads(connection: RedisConnection, pattern: string): AsyncGenerator<Head> {
  let batch: string[] = [];
  for await (const key of scanKeys(connection, pattern)) {
    batch.push(key);
    if (batch.length < batchSize) continue;
    yield* await readHeads(batch, connection);
    batch = [];
  }
  yield* await readHeads(batch, connection);
}

function readHeads(keys: readonly string[], connection: RedisConnection): Promise<readonly Head[]> {
  return connection.run('a scan', (redis) => Promise.all(keys.map((key) => redis.readHeadBuffer(key, headLength))));
}

/** Undefined when it has ended, or is no session. */
export function sessionHeadOf([sealed, n, t, e, i]: Head, now: EpochSeconds): SessionHead | undefined {
  const [lastSeenAt, endsAt, idleFor] = [integerOf(t), integerOf(e), integerOf(i)];
  if (sealed === null || sealed === undefined || lastSeenAt === undefined) return undefined;
  if (endsAt === undefined || idleFor === undefined || now >= Math.min(endsAt, lastSeenAt + idleFor)) return undefined;
  return { keyId: n?.toString('latin1'), sealed, endsAt: epochSecondsOf(endsAt) };
}

/** Undefined when it has ended, or is no document. One without an end has an empty field. */
export function documentHeadOf([sealed, , , e]: Head, now: EpochSeconds): DocumentHead | undefined {
  if (sealed === null || sealed === undefined) return undefined;
  if (e?.length === 0) return { sealed, endsAt: undefined };
  const endsAt = integerOf(e);
  return endsAt === undefined || now >= endsAt ? undefined : { sealed, endsAt: epochSecondsOf(endsAt) };
}
