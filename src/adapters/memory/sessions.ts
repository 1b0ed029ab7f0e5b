import { secondsOf } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { NewSessionRecord, SessionRecords } from '../../ports/store.ts';
import { createExpiringMap } from './expiring-map.ts';

interface Entry extends NewSessionRecord {
  readonly generation: number;
}

/** Session records in this process. Atomic, because nothing here waits. */
export function createMemorySessions(clock: Clock, maxSessions: number): SessionRecords {
  const entries = createExpiringMap<Entry>(maxSessions, (entry) =>
    Math.min(entry.endsAt, entry.lastSeenAt + entry.idleFor),
  );
  return {
    async find(name) {
      return entries.get(name, clock.now());
    },
    async create(name, record) {
      const now = clock.now();
      if (entries.get(name, now) !== undefined) return false;
      // A copy: the caller's bytes may be a view into a larger buffer that would be kept alive with it. (Not by
      // slice(), which for a Buffer makes another view.)
      entries.set(
        name,
        {
          ...record,
          sealed: new Uint8Array(record.sealed),
          idleFor: secondsOf(Math.ceil(record.idleFor)),
          generation: 1,
        },
        now,
      );
      return true;
    },
    async replace(name, generation, sealed) {
      const now = clock.now();
      const entry = entries.get(name, now);
      if (entry === undefined || entry.generation !== generation) return false;
      entries.set(name, { ...entry, sealed: new Uint8Array(sealed), generation: generation + 1 }, now);
      return true;
    },
    async touch(name, lastSeenAt) {
      const now = clock.now();
      const entry = entries.get(name, now);
      if (entry !== undefined && lastSeenAt > entry.lastSeenAt) entries.set(name, { ...entry, lastSeenAt }, now);
    },
    async delete(name) {
      return entries.delete(name, clock.now());
    },
    async *names() {
      yield* entries.names(() => clock.now());
    },
  };
}
