import type { EpochSeconds } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import {
  type DocumentKey,
  type DocumentStore,
  type FoundDocument,
  headLength,
  type StoredDocument,
} from '../../ports/store.ts';
import { createExpiringMap } from './expiring-map.ts';

interface Entry extends StoredDocument {
  readonly consumedAt: EpochSeconds | undefined;
}

/** Documents in this process. */
export function createMemoryDocuments(clock: Clock, maxDocuments: number): DocumentStore {
  const endOf = (entry: { readonly endsAt: EpochSeconds | undefined }): number =>
    entry.endsAt ?? Number.POSITIVE_INFINITY;
  const entries = createExpiringMap<Entry>(maxDocuments, endOf);
  const aliases = createExpiringMap<{ readonly id: string; readonly endsAt: EpochSeconds | undefined }>(
    maxDocuments,
    endOf,
  );
  const groups = createExpiringMap<Group>(maxDocuments, (group) => group.endsAt);

  function join(group: string, name: string, end: number, now: EpochSeconds): void {
    const members = groups.get(group, now)?.members ?? new Map<string, number>();
    for (const [member, memberEnd] of members) if (now >= memberEnd) members.delete(member);
    members.set(name, end);
    groups.set(group, { members, endsAt: Math.max(...members.values()) }, now);
  }

  function find({ kind, id }: DocumentKey): FoundDocument | undefined {
    const entry = entries.get(nameOf(kind, id), clock.now());
    return entry && { id, value: entry.value, consumedAt: entry.consumedAt };
  }

  return {
    async put(key, document) {
      const now = clock.now();
      const name = nameOf(key.kind, key.id);
      if (now >= endOf(document)) {
        entries.delete(name, now);
        return;
      }
      // The group first: when there is no room for it, nothing stays outside it.
      if (document.group !== undefined) join(document.group, name, endOf(document), now);
      if (document.alias !== undefined) {
        aliases.set(nameOf(key.kind, document.alias), { id: key.id, endsAt: document.endsAt }, now);
      }
      // Once consumed, always consumed: a late writer must not make a code usable twice.
      const consumedAt = entries.get(name, now)?.consumedAt;
      entries.set(name, { ...document, value: new Uint8Array(document.value), consumedAt }, now);
    },
    async find(key) {
      return find(key);
    },
    async findByAlias(kind, alias) {
      const now = clock.now();
      const id = aliases.get(nameOf(kind, alias), now)?.id;
      // The alias of an earlier put may still be there.
      if (id === undefined || entries.get(nameOf(kind, id), now)?.alias !== alias) return undefined;
      return find({ kind, id });
    },
    async consume(key, at) {
      const now = clock.now();
      const name = nameOf(key.kind, key.id);
      const entry = entries.get(name, now);
      if (entry === undefined || entry.consumedAt !== undefined) return false;
      entries.set(name, { ...entry, consumedAt: at }, now);
      return true;
    },
    async delete({ kind, id }) {
      entries.delete(nameOf(kind, id), clock.now());
    },
    async deleteGroup(group) {
      const now = clock.now();
      for (const name of groups.get(group, now)?.members.keys() ?? []) {
        // It may have been put again since, into another group.
        if (entries.get(name, now)?.group === group) entries.delete(name, now);
      }
      groups.delete(group, now);
    },
    async *heads() {
      for (const { value, endsAt } of entries.values(() => clock.now())) {
        yield { sealed: value.subarray(0, headLength), endsAt };
      }
    },
  };
}

/** `members`: ends by name. */
interface Group {
  readonly members: Map<string, number>;
  readonly endsAt: number;
}

/** JSON, so that no kind and id can be joined in two ways. */
function nameOf(kind: string, id: string): string {
  return JSON.stringify([kind, id]);
}
