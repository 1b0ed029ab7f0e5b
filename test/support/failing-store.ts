import { type SessionChange, type Store, StoreUnavailableError } from '../../src/ports/store.ts';

/** A store that can be cut off: then every operation throws StoreUnavailableError, and its changes are not current. */
export interface FailingStore extends Store {
  /** Tells `unknown` to whoever listens to changes when it comes or goes, as Redis does. */
  setReachable(isReachable: boolean): void;
  /** Fails the next operation of this name, and only that. */
  failNext(operation: string): void;
}

export function failingStore(store: Store): FailingStore {
  let reachable = true;
  let failing: string | undefined;
  const listeners = new Set<(change: SessionChange) => void>();
  /** Stands in front of a part of the store: its methods reject while the store is cut off. */
  function guarded<Part extends object>(part: Part): Part {
    return new Proxy(part, {
      get(target, name, receiver) {
        const member: unknown = Reflect.get(target, name, receiver);
        if (typeof member !== 'function') return member;
        return async (...values: unknown[]): Promise<unknown> => {
          if (!reachable || name === failing) {
            failing = undefined;
            throw new StoreUnavailableError(String(name));
          }
          return await (member.apply(target, values) as Promise<unknown>); // every operation of a store is asynchronous
        };
      },
    });
  }
  return {
    sessions: {
      ...guarded(store.sessions),
      async *names() {
        for await (const name of store.sessions.names()) {
          if (!reachable) throw new StoreUnavailableError('names');
          yield name;
        }
      },
      heads: () => store.sessions.heads(),
    },
    changes: {
      subscribe(listener) {
        const end = store.changes.subscribe((change) => {
          if (reachable) listener(change);
        });
        listeners.add(listener);
        return () => {
          end();
          listeners.delete(listener);
        };
      },
      isCurrent: () => reachable && store.changes.isCurrent(),
    },
    index: guarded(store.index),
    once: guarded(store.once),
    documents: { ...guarded(store.documents), heads: () => store.documents.heads() },
    isReachable: async () => reachable,
    close: async () => await store.close(),
    setReachable: (isReachable) => {
      if (isReachable === reachable) return;
      reachable = isReachable;
      for (const listener of listeners) listener({ kind: 'unknown' });
    },
    failNext: (operation) => {
      failing = operation;
    },
  };
}
