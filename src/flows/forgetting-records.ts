import type { EpochSeconds } from '../core/time.ts';
import type { SessionRecords } from '../ports/store.ts';

/** What is kept of records elsewhere. */
export interface KeptRecords {
  forget(name: string): void;
  /** Moves `lastSeenAt`; yields what puts it back. */
  see(name: string, lastSeenAt: EpochSeconds): () => void;
}

/** The same records; `kept` forgets what is changed through them, and what may have been: a failure says nothing. */
export function forgettingRecords(records: SessionRecords, kept: KeptRecords): SessionRecords {
  async function changing<T>(name: string, change: () => Promise<T>): Promise<T> {
    try {
      return await change();
    } finally {
      // Not before: somebody may have read the old record meanwhile.
      kept.forget(name);
    }
  }

  return {
    find: (name) => records.find(name),
    create: (name, record) => records.create(name, record),
    replace: (name, generation, sealed, options) =>
      changing(name, () => records.replace(name, generation, sealed, options)),
    delete: (name) => changing(name, () => records.delete(name)),
    deleteGeneration: (name, generation) => changing(name, () => records.deleteGeneration(name, generation)),
    async touch(name, lastSeenAt) {
      // At once, so that not everybody who comes meanwhile touches it too.
      const putBack = kept.see(name, lastSeenAt);
      try {
        await records.touch(name, lastSeenAt);
      } catch (error) {
        putBack();
        throw error;
      }
    },
    claim: (name, generation, holder, milliseconds) => records.claim(name, generation, holder, milliseconds),
    renewClaim: (name, holder, milliseconds) => records.renewClaim(name, holder, milliseconds),
    release: (name, holder, backOff) => records.release(name, holder, backOff),
    names: () => records.names(),
    heads: () => records.heads(),
  };
}
