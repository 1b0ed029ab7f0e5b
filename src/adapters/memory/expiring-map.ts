import type { EpochSeconds } from '../../core/time.ts';
import { StoreUnavailableError } from '../../ports/store.ts';

/** A map whose entries end by themselves, without a timer that would keep the process alive. */
export interface ExpiringMap<V> {
  get(name: string, now: EpochSeconds): V | undefined;
  /** Throws StoreUnavailableError when a new entry would be one too many. */
  set(name: string, value: V, now: EpochSeconds): void;
  /** True when an entry was there. */
  delete(name: string, now: EpochSeconds): boolean;
  /** Names of entries that have not ended. Entries may come and go while it is used. */
  names(now: () => EpochSeconds): Iterable<string>;
  /** The entries that {@link ExpiringMap.names} names. */
  values(now: () => EpochSeconds): Iterable<V>;
  /** Entries held, ended ones that no sweep has met yet included. */
  readonly size: number;
}

// Each write looks at this many entries, going round: ended ones never make up more than about half of what is held.
const sweptPerWrite = 4;

/**
 * `endOf` is asked at each look, so an entry's end may move. Past `limit` entries the newcomer is refused: to make
 * room would mean to end somebody else's session.
 */
export function createExpiringMap<V>(limit: number, endOf: (value: V) => number): ExpiringMap<V> {
  const entries = new Map<string, V>();
  let cursor = entries.entries();
  let sweptAt = Number.NEGATIVE_INFINITY;

  function drop(name: string, value: V, now: EpochSeconds): void {
    if (now >= endOf(value)) entries.delete(name);
  }

  function sweepSome(now: EpochSeconds): void {
    for (let count = 0; count < sweptPerWrite; count += 1) {
      const next = cursor.next();
      if (next.done === true) {
        cursor = entries.entries();
        return;
      }
      drop(...next.value, now);
    }
  }

  /** At most once a second: a full map must not cost a walk through all of it for each refused newcomer. */
  function sweepAll(now: EpochSeconds): void {
    if (now === sweptAt) return;
    sweptAt = now;
    for (const [name, value] of entries) drop(name, value, now);
  }

  function get(name: string, now: EpochSeconds): V | undefined {
    const value = entries.get(name);
    if (value === undefined) return undefined;
    if (now < endOf(value)) return value;
    entries.delete(name);
    return undefined;
  }

  return {
    get,
    set(name, value, now) {
      sweepSome(now);
      if (!entries.has(name)) {
        if (entries.size >= limit) sweepAll(now);
        if (entries.size >= limit)
          throw new StoreUnavailableError(`a write: the memory store is full (${limit} entries)`);
      }
      entries.set(name, value);
    },
    delete(name, now) {
      const isThere = get(name, now) !== undefined;
      entries.delete(name);
      return isThere;
    },
    *names(now) {
      for (const [name, value] of entries) if (now() < endOf(value)) yield name;
    },
    *values(now) {
      for (const value of entries.values()) if (now() < endOf(value)) yield value;
    },
    get size() {
      return entries.size;
    },
  };
}
