import type { StoredSession } from '../core/session/lifetimes.ts';
import type { Session } from '../core/session/session.ts';
import { encodeSession } from '../core/session/session-codec.ts';
import type { Seconds } from '../core/time.ts';
import type { IdNames } from '../ports/id-names.ts';
import type { Sealer } from '../ports/sealer.ts';
import { type SessionIndex, type SessionRecords, StoreUnavailableError } from '../ports/store.ts';
import { openSession } from './open-session.ts';
import type { SessionCache } from './session-cache.ts';
import { indexSession } from './session-groups.ts';

/** What keeping sessions needs. */
export interface SessionPorts {
  /** Those of {@link SessionPorts.cache}. */
  readonly records: SessionRecords;
  readonly cache: SessionCache;
  readonly index: SessionIndex;
  readonly sealer: Sealer;
  readonly idNames: IdNames;
}

/** How long a session lives unused, and how many of its kind a user may have. */
export interface SessionLimits {
  readonly idleLifetime: Seconds;
  readonly maxPerUser: number;
}

/**
 * Stores a new session under a new id and returns the id, which only the browser will know. Ends the user's oldest
 * sessions of this instance where there are more than `maxPerUser`. Throws {@link StoreUnavailableError}.
 */
export async function createSession(session: Session, limits: SessionLimits, ports: SessionPorts): Promise<string> {
  const id = ports.idNames.mint();
  const [name, keyId] = [ports.idNames.nameOf(id), ports.idNames.keyIdOf(id)];
  if (name === undefined || keyId === undefined) throw new Error('a minted session id has no name');
  const created = await ports.records.create(name, {
    sealed: ports.sealer.sealBytes('session', encodeSession(session), name),
    lastSeenAt: session.createdAt,
    endsAt: session.endsAt,
    idleFor: limits.idleLifetime,
    keyId,
  });
  if (!created)
    throw new StoreUnavailableError('a session creation', { cause: new Error('the name of a new session is taken') });
  // Before anybody learns the id: whoever has a session can be found by his name.
  await indexSession(session, name, ports);
  await endOldest(session, limits.maxPerUser, ports);
  return id;
}

/**
 * The session of an id; undefined for an id or a record that is not ours, was changed, or was sealed by a key
 * that left the ring. Throws {@link StoreUnavailableError}.
 */
export async function findSession(id: string | undefined, ports: SessionPorts): Promise<StoredSession | undefined> {
  const name = id === undefined ? undefined : ports.idNames.nameOf(id);
  return name === undefined ? undefined : await ports.cache.find(name);
}

/** Ends a session; true when there was one. Throws {@link StoreUnavailableError}. */
export async function endSession(id: string | undefined, ports: SessionPorts): Promise<boolean> {
  const name = id === undefined ? undefined : ports.idNames.nameOf(id);
  return name === undefined ? false : await ports.records.delete(name);
}

/**
 * The user's sessions of the same instance and registration, the oldest first, end until `max` are left. Nothing is
 * opened while the group is small; else what no longer opens is taken out of it, so that it stays so.
 */
async function endOldest(newest: Session, max: number, ports: SessionPorts): Promise<void> {
  const { instance, registration, subject } = newest;
  const groups = ports.idNames.groupNames('subject', subject);
  const names = await namesIn(groups, ports);
  if (names.length <= max) return;
  const opened = await Promise.all(
    names.map(async (name) => ({ name, session: (await openSession(name, ports))?.session })),
  );
  const own = opened.filter(({ session }) => session?.instance === instance && session.registration === registration);
  const ended = own.slice(0, Math.max(0, own.length - max)).map(({ name }) => name);
  await Promise.all(ended.map((name) => ports.records.delete(name)));
  const gone = [...opened.filter(({ session }) => session === undefined).map(({ name }) => name), ...ended];
  await Promise.all(groups.map((group) => ports.index.remove(group, gone)));
}

/** The names in all of these groups, those of older keys first. */
export async function namesIn(groups: readonly string[], ports: SessionPorts): Promise<readonly string[]> {
  const lists = await Promise.all(groups.toReversed().map((group) => ports.index.list(group)));
  return [...new Set(lists.flat())];
}
