import type { StoredSession } from '../core/session/lifetimes.ts';
import { decodeSession } from '../core/session/session-codec.ts';
import type { Sealer } from '../ports/sealer.ts';
import type { SessionRecords } from '../ports/store.ts';

/**
 * The session that the store keeps under a name; undefined for a record that is not ours, was changed, or was sealed by
 * a key that left the ring. Throws StoreUnavailableError.
 */
export async function openSession(
  name: string,
  ports: { readonly records: Pick<SessionRecords, 'find'>; readonly sealer: Sealer },
): Promise<StoredSession | undefined> {
  const record = await ports.records.find(name);
  if (record === undefined) return undefined;
  // Bound to its name: a record copied to another name opens nothing.
  const opened = ports.sealer.openBytes('session', record.sealed, name);
  const session = opened === undefined ? undefined : decodeSession(opened);
  if (session === undefined) return undefined;
  return { session, name, generation: record.generation, lastSeenAt: record.lastSeenAt };
}
