import type { SessionChange, SessionChanges } from '../../ports/store.ts';

export interface MemoryChanges extends SessionChanges {
  tell(change: SessionChange): void;
}

/** Changes of the records in this process: told at once, so they are always current. */
export function createMemoryChanges(): MemoryChanges {
  const listeners = new Set<(change: SessionChange) => void>();
  return {
    subscribe(listener) {
      // A function of its own for each subscription: one ends without another of the same listener.
      const own = (change: SessionChange): void => listener(change);
      listeners.add(own);
      return () => {
        listeners.delete(own);
      };
    },
    isCurrent: () => true,
    tell(change) {
      for (const listener of listeners) listener(change);
    },
  };
}
