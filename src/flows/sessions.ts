import type { StoredSession } from '../core/session/lifetimes.ts';
import type { Session } from '../core/session/session.ts';
import { decodeSession, encodeSession } from '../core/session/session-codec.ts';
import type { EpochSeconds, Seconds } from '../core/time.ts';
import type { IdNames } from '../ports/id-names.ts';
import type { Sealer } from '../ports/sealer.ts';
import { type SessionRecords, StoreUnavailableError } from '../ports/store.ts';

/** What keeping sessions needs. */
export interface SessionPorts {
  readonly records: SessionRecords;
  readonly sealer: Sealer;
  readonly idNames: IdNames;
}

/**
 * Stores a new session under a new id and returns the id, which only the browser will know.
 * Throws {@link StoreUnavailableError}.
 */
export async function createSession(session: Session, idleLifetime: Seconds, ports: SessionPorts): Promise<string> {
  const id = ports.idNames.mint();
  const name = ports.idNames.nameOf(id);
  if (name === undefined) throw new Error('a minted session id has no name');
  const created = await ports.records.create(name, {
    sealed: ports.sealer.sealBytes('session', encodeSession(session), name),
    lastSeenAt: session.createdAt,
    endsAt: session.endsAt,
    idleFor: idleLifetime,
  });
  if (!created)
    throw new StoreUnavailableError('a session creation', { cause: new Error('the name of a new session is taken') });
  return id;
}

/**
 * The session of an id; undefined for an id or a record that is not ours, was changed, or was sealed by a key
 * that left the ring. Throws {@link StoreUnavailableError}.
 */
export async function findSession(id: string | undefined, ports: SessionPorts): Promise<StoredSession | undefined> {
  const name = id === undefined ? undefined : ports.idNames.nameOf(id);
  if (name === undefined) return undefined;
  const record = await ports.records.find(name);
  if (record === undefined) return undefined;
  // Bound to its name: a record copied to another name opens nothing.
  const opened = ports.sealer.openBytes('session', record.sealed, name);
  const session = opened === undefined ? undefined : decodeSession(opened);
  return session === undefined ? undefined : { session, generation: record.generation, lastSeenAt: record.lastSeenAt };
}

/** Notes that a session was used. Throws {@link StoreUnavailableError}. */
export async function touchSession(id: string, now: EpochSeconds, ports: SessionPorts): Promise<void> {
  const name = ports.idNames.nameOf(id);
  if (name !== undefined) await ports.records.touch(name, now);
}

/** Ends a session; true when there was one. Throws {@link StoreUnavailableError}. */
export async function endSession(id: string | undefined, ports: SessionPorts): Promise<boolean> {
  const name = id === undefined ? undefined : ports.idNames.nameOf(id);
  return name === undefined ? false : await ports.records.delete(name);
}
