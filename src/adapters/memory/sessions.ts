import { secondsOf } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import { headLength, type NewSessionRecord, type SessionRecords } from '../../ports/store.ts';
import { type ClaimState, claimed, held, released, unclaimed } from './claims.ts';
import { createExpiringMap } from './expiring-map.ts';
import type { MemoryChanges } from './session-changes.ts';

interface Entry extends NewSessionRecord {
  readonly generation: number;
  readonly claim: ClaimState;
}

/**
 * Session records in this process. Atomic, because nothing here waits.
 *
 * Claims go by the clock, as the records do: all of a store moves with the one clock that a test hands in. A step of
 * the machine's clock lengthens or shortens them, which the generation makes harmless.
 */
export function createMemorySessions(
  clock: Clock,
  maxSessions: number,
  { tell }: Pick<MemoryChanges, 'tell'>,
): SessionRecords {
  const entries = createExpiringMap<Entry>(maxSessions, (entry) =>
    Math.min(entry.endsAt, entry.lastSeenAt + entry.idleFor),
  );

  function put(name: string, entry: Entry): void {
    entries.set(name, entry, clock.now());
    tell({ kind: 'changed', name, generation: entry.generation, lastSeenAt: entry.lastSeenAt });
  }

  function remove(name: string): boolean {
    const entry = entries.get(name, clock.now());
    if (entry === undefined) return false;
    entries.delete(name, clock.now());
    tell({ kind: 'changed', name, generation: 0, lastSeenAt: entry.lastSeenAt });
    return true;
  }

  /** The entry, when its claim is the holder's. */
  function heldBy(name: string, holder: string): Entry | undefined {
    const entry = entries.get(name, clock.now());
    return entry?.claim.holder === holder ? entry : undefined;
  }

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
          claim: unclaimed,
        },
        now,
      );
      return true;
    },
    async replace(name, generation, sealed, { keepsClaim } = { keepsClaim: false }) {
      const entry = entries.get(name, clock.now());
      if (entry === undefined || entry.generation !== generation) return false;
      const claim = keepsClaim ? entry.claim : unclaimed;
      put(name, { ...entry, sealed: new Uint8Array(sealed), generation: generation + 1, claim });
      return true;
    },
    async claim(name, generation, holder, milliseconds) {
      const entry = entries.get(name, clock.now());
      if (entry === undefined || entry.generation !== generation) return { kind: 'replaced' };
      const { state, claim } = claimed(entry.claim, holder, milliseconds, clock.milliseconds());
      entries.set(name, { ...entry, claim: state }, clock.now());
      return claim;
    },
    async renewClaim(name, holder, milliseconds) {
      const entry = heldBy(name, holder);
      if (entry === undefined) return false;
      const claim = held(entry.claim, holder, clock.milliseconds() + milliseconds);
      entries.set(name, { ...entry, claim }, clock.now());
      return true;
    },
    async release(name, holder, backOff) {
      const entry = heldBy(name, holder);
      if (entry === undefined) return;
      entries.set(name, { ...entry, claim: released(entry.claim, backOff, clock.milliseconds()) }, clock.now());
    },
    async touch(name, lastSeenAt) {
      const entry = entries.get(name, clock.now());
      if (entry !== undefined && lastSeenAt > entry.lastSeenAt) put(name, { ...entry, lastSeenAt });
    },
    async delete(name) {
      return remove(name);
    },
    async deleteGeneration(name, generation) {
      return entries.get(name, clock.now())?.generation === generation && remove(name);
    },
    async *names() {
      yield* entries.names(() => clock.now());
    },
    async *heads() {
      for (const { keyId, sealed, endsAt } of entries.values(() => clock.now())) {
        yield { keyId, sealed: sealed.subarray(0, headLength), endsAt };
      }
    },
  };
}
