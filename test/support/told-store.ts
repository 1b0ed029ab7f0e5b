import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import type { Clock } from '../../src/ports/clock.ts';
import {
  type SessionChange,
  type SessionChanges,
  type SessionRecords,
  StoreUnavailableError,
} from '../../src/ports/store.ts';

/** Session records as one process sees them that shares them with others: reads take time, and so does the news. */
export interface ToldStore {
  /** Of this process. */
  readonly records: SessionRecords;
  readonly changes: SessionChanges;
  /** What other processes do; at once, and heard when the test says so. */
  readonly elsewhere: SessionRecords;
  /** Names that were read, in order. */
  readonly reads: readonly string[];
  /** Lets reads wait; yields what lets them go on, each with what was there when it began. */
  holdReads(): () => Promise<void>;
  /** The next change of this process fails: it was carried out, or not. */
  failNext(outcome: 'carried_out' | 'not_carried_out'): void;
  /** Tells the oldest change that was not told yet; false when there is none. */
  tell(): boolean;
  /**
   * The connection goes: operations fail, or not; nothing is heard, not even that, and what is on its way is lost.
   */
  loseNews(options?: { readonly reachable: boolean }): void;
  /** It is back: whatever was lost may have changed. */
  restoreNews(): void;
  /** Nothing is heard for a while, and nothing is lost: a machine that stood still. */
  stall(isStalled: boolean): void;
  readonly listeners: number;
}

export function toldStore(clock: Clock): ToldStore {
  const { sessions, changes } = createMemoryStore({ clock });
  const listeners = new Set<(change: SessionChange) => void>();
  const state = { isCurrent: true, isLost: false, isReachable: true, failure: undefined as string | undefined };
  const reads: string[] = [];
  const news: SessionChange[] = [];
  let gate = Promise.resolve();
  changes.subscribe((change) => {
    if (!state.isLost) news.push(change);
  });
  const tellAll = (change: SessionChange) => {
    for (const listener of listeners) listener(change);
  };

  async function changing<T>(operation: string, change: () => Promise<T>): Promise<T> {
    const { failure } = state;
    state.failure = undefined;
    if (!state.isReachable || failure === 'not_carried_out') throw new StoreUnavailableError(operation);
    const outcome = await change();
    if (failure === 'carried_out') throw new StoreUnavailableError(operation);
    return outcome;
  }

  return {
    records: {
      ...sessions,
      async find(name) {
        reads.push(name);
        if (!state.isReachable) throw new StoreUnavailableError('a read');
        const [record] = await Promise.all([sessions.find(name), gate]);
        return record;
      },
      replace: (...values) => changing('a replacement', () => sessions.replace(...values)),
      touch: (...values) => changing('a touch', () => sessions.touch(...values)),
      delete: (name) => changing('a deletion', () => sessions.delete(name)),
      deleteGeneration: (...values) => changing('a deletion', () => sessions.deleteGeneration(...values)),
    },
    changes: {
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      isCurrent: () => state.isCurrent,
    },
    elsewhere: sessions,
    reads,
    holdReads() {
      const held = Promise.withResolvers<void>();
      gate = held.promise;
      return async () => {
        gate = Promise.resolve();
        held.resolve();
        await new Promise(setImmediate);
      };
    },
    failNext(outcome) {
      state.failure = outcome;
    },
    tell() {
      const change = news.shift();
      if (change !== undefined) tellAll(change);
      return change !== undefined;
    },
    loseNews({ reachable } = { reachable: true }) {
      state.isCurrent = false;
      state.isLost = true;
      state.isReachable = reachable;
      news.length = 0;
    },
    restoreNews() {
      state.isCurrent = true;
      state.isLost = false;
      state.isReachable = true;
      tellAll({ kind: 'unknown' });
    },
    stall(isStalled) {
      state.isCurrent = !isStalled;
    },
    get listeners() {
      return listeners.size;
    },
  };
}
