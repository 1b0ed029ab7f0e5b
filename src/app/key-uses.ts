import { setImmediate as turn } from 'node:timers/promises';
import { sealingKeyOf } from '../adapters/node-crypto/sealer.ts';
import type { Store } from '../ports/store.ts';

/** What in the store needs one key. */
export interface KeyUse {
  /** Sessions whose cookie names it: they need it until they end. */
  readonly named: number;
  /** Sessions that it sealed: they need it until they are written again. */
  readonly sealed: number;
  /** Sessions that need it for the one or the other. */
  readonly sessions: number;
  /** When the last of these ends; 0 without any. */
  readonly sessionsEndAt: number;
  /** Documents of an issuer that it sealed. */
  readonly documents: number;
  /** When the last of these ends: infinite when one has no end. */
  readonly documentsEndAt: number;
}

export const unused: KeyUse = {
  ...{ named: 0, sealed: 0, sessions: 0, sessionsEndAt: 0 },
  ...{ documents: 0, documentsEndAt: 0 },
};

/** Steps between two turns of the event loop: a store in memory answers without any, and checks would wait. */
const turnEvery = 500;

/**
 * What needs which key, by id; keys that nothing needs are absent. A session may be counted twice while the store
 * grows or shrinks, and none is left out. Throws StoreUnavailableError.
 */
export async function countKeyUses({
  sessions,
  documents,
}: Pick<Store, 'sessions' | 'documents'>): Promise<ReadonlyMap<string, KeyUse>> {
  const uses = new Map<string, KeyUse>();
  const count = (id: string, change: (use: KeyUse) => KeyUse) => uses.set(id, change(uses.get(id) ?? unused));
  let steps = 0;
  const step = async () => {
    steps += 1;
    if (steps % turnEvery === 0) await turn();
  };
  for await (const { keyId, sealed, endsAt } of sessions.heads()) {
    await step();
    const sealedBy = sealingKeyOf(sealed);
    // Versions that did not note the key of the name never wrote a session twice: one key did both.
    const namedBy = keyId ?? sealedBy;
    for (const id of new Set([namedBy, sealedBy])) {
      if (id === undefined) continue;
      count(id, (use) => ({
        ...use,
        named: use.named + (id === namedBy ? 1 : 0),
        sealed: use.sealed + (id === sealedBy ? 1 : 0),
        sessions: use.sessions + 1,
        sessionsEndAt: Math.max(use.sessionsEndAt, endsAt),
      }));
    }
  }
  for await (const { sealed, endsAt = Number.POSITIVE_INFINITY } of documents.heads()) {
    await step();
    const id = sealingKeyOf(sealed);
    if (id === undefined) continue;
    count(id, (use) => ({
      ...use,
      documents: use.documents + 1,
      documentsEndAt: Math.max(use.documentsEndAt, endsAt),
    }));
  }
  return uses;
}
