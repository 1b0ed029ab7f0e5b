import type { StoredSession } from '../core/session/lifetimes.ts';
import type { EpochSeconds, Seconds } from '../core/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Pause } from '../ports/pause.ts';
import type { Sealer } from '../ports/sealer.ts';
import { type SessionChange, type SessionChanges, type SessionRecords, StoreUnavailableError } from '../ports/store.ts';
import { forgettingRecords } from './forgetting-records.ts';
import { openSession } from './open-session.ts';
import { createRecentMap } from './recent-map.ts';

/** Opened sessions in this process, as good as those in the store: what another process changes is not served. */
export interface SessionCache {
  /**
   * A session by name, without the store where it need not be asked; undefined as `openSession`. Its time may have
   * ended some seconds ago: go by `sessionEnd`. Throws StoreUnavailableError.
   */
  find(name: string): Promise<StoredSession | undefined>;
  /** The store's records; what is changed through them is forgotten here at once. */
  readonly records: SessionRecords;
  /** Ends its subscription; every look asks the store then. */
  close(): void;
}

export interface SessionCacheOptions {
  /** The least recently used go when there are more; 0: none is kept, and every look asks the store. */
  readonly maxSessions: number;
  /**
   * For how long after it was last read a session is served while the store does not answer: less than this after the
   * store went away. What is ended elsewhere in that time is not heard. 0: never.
   */
  readonly outageGrace: Seconds;
}

export interface SessionCachePorts {
  readonly records: SessionRecords;
  readonly changes: SessionChanges;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly pause: Pick<Pause, 'elapsed'>;
}

/** After so long the store is asked, whatever was told: what nobody tells (a key's own end) is seen as well. */
const longestAgeMs = 10_000;

interface Entry {
  readonly stored: StoredSession;
  /** When the read began, by the clock of {@link Pause.elapsed}. */
  readonly readAt: number;
  /** The epoch in which it was read. */
  readonly epoch: number;
}

/** A read that is under way. */
interface Read {
  readonly result: Promise<StoredSession | undefined>;
}

/**
 * A cache on the records of a store. A session is served from it while changes are heard and for 10 s after it was
 * read. What is found to be none is not kept.
 */
export function createSessionCache(options: SessionCacheOptions, ports: SessionCachePorts): SessionCache {
  const { records, changes, clock, pause } = ports;
  const graceMs = options.outageGrace * 1000;
  const longestUseMs = Math.max(longestAgeMs, graceMs);
  const entries = createRecentMap<Entry>(options.maxSessions, ({ readAt }) => pause.elapsed() - readAt <= longestUseMs);
  /**
   * Reads that may be shared and whose result may be kept. A change of the name takes its read out: it may have seen
   * what was there before.
   */
  const reads = new Map<string, Read>();
  /** Ends whenever changes may have been missed; what was read in an earlier one is not served without the store. */
  let epoch = 0;
  let isClosed = false;

  const hearsChanges = () => !isClosed && changes.isCurrent();

  function hear(change: SessionChange): void {
    if (change.kind === 'unknown') {
      epoch += 1;
      reads.clear();
      return;
    }
    reads.delete(change.name);
    const entry = entries.get(change.name);
    if (entry === undefined) return;
    if (entry.stored.generation === change.generation) see(change.name, entry, change.lastSeenAt);
    else entries.delete(change.name);
  }

  function see(name: string, entry: Entry, lastSeenAt: EpochSeconds): void {
    if (lastSeenAt > entry.stored.lastSeenAt)
      entries.update(name, { ...entry, stored: { ...entry.stored, lastSeenAt } });
  }

  function cached(name: string): StoredSession | undefined {
    const entry = entries.get(name);
    if (entry === undefined || entry.epoch !== epoch || !hearsChanges()) return undefined;
    if (pause.elapsed() - entry.readAt > longestAgeMs) return undefined;
    entries.use(name);
    return entry.stored;
  }

  function read(name: string): Promise<StoredSession | undefined> {
    // Who cannot hear of changes gets nothing that was read before he asked.
    return (hearsChanges() ? reads.get(name)?.result : undefined) ?? begin(name);
  }

  async function begin(name: string): Promise<StoredSession | undefined> {
    const readAt = pause.elapsed();
    const own: Read = { result: openSession(name, ports) };
    reads.set(name, own);
    try {
      const stored = await own.result;
      if (stored === undefined) entries.delete(name);
      else if (reads.get(name) === own) entries.set(name, { stored, readAt, epoch });
      return stored;
    } finally {
      if (reads.get(name) === own) reads.delete(name);
    }
  }

  /** What an outage does not end yet. Its token can be used without us: it must not have ended. */
  function spared(name: string): StoredSession | undefined {
    const entry = entries.get(name);
    if (isClosed || entry === undefined || pause.elapsed() - entry.readAt >= graceMs) return undefined;
    const { tokenSet, endsAt } = entry.stored.session;
    const now = clock.now();
    return now < endsAt && (tokenSet.expiresAt === undefined || now < tokenSet.expiresAt) ? entry.stored : undefined;
  }

  if (options.maxSessions === 0) return { find: (name) => openSession(name, ports), records, close: () => undefined };
  const unsubscribe = changes.subscribe(hear);
  return {
    async find(name) {
      const stored = cached(name);
      if (stored !== undefined) return stored;
      try {
        return await read(name);
      } catch (error) {
        const left = error instanceof StoreUnavailableError ? spared(name) : undefined;
        if (left === undefined) throw error;
        return left;
      }
    },
    records: forgettingRecords(records, {
      forget(name) {
        reads.delete(name);
        entries.delete(name);
      },
      see(name, lastSeenAt) {
        const entry = entries.get(name);
        if (entry === undefined) return () => undefined;
        see(name, entry, lastSeenAt);
        const seen = entries.get(name);
        return () => {
          if (entries.get(name) === seen) entries.update(name, entry);
        };
      },
    }),
    close() {
      isClosed = true;
      unsubscribe();
    },
  };
}
