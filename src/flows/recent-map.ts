/** A bounded map that keeps what was used last. */
export interface RecentMap<V> {
  /** What is there; counts as a use only with {@link RecentMap.use}. */
  get(name: string): V | undefined;
  use(name: string): void;
  /** A use; where there is no room, the least recently used go. */
  set(name: string, value: V): void;
  /** Another value for what is there; no use. */
  update(name: string, value: V): void;
  delete(name: string): void;
  readonly size: number;
}

/** `isOfUse` is asked of the least recently used: what is of none goes before the room is needed. */
export function createRecentMap<V>(limit: number, isOfUse: (value: V) => boolean): RecentMap<V> {
  // A Map yields in the order of insertion: the least recently used first.
  const entries = new Map<string, V>();

  function makeRoom(): void {
    for (const [name, value] of entries) {
      if (entries.size < limit && isOfUse(value)) return;
      entries.delete(name);
    }
  }

  return {
    get: (name) => entries.get(name),
    use(name) {
      const value = entries.get(name);
      if (value === undefined) return;
      entries.delete(name);
      entries.set(name, value);
    },
    set(name, value) {
      entries.delete(name);
      makeRoom();
      entries.set(name, value);
    },
    update(name, value) {
      if (entries.has(name)) entries.set(name, value);
    },
    delete: (name) => void entries.delete(name),
    get size() {
      return entries.size;
    },
  };
}
