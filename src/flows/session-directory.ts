import type { StoredSession } from '../core/session/lifetimes.ts';
import type { EpochSeconds } from '../core/time.ts';
import { openSession } from './open-session.ts';
import { namesIn, type SessionPorts } from './sessions.ts';

/** Which sessions an operator means. `name`: the one under which the store keeps it, which opens nothing. */
export type SessionFilter =
  | { readonly kind: 'all' }
  /** By `sub`, or by e-mail address without regard to case. */
  | { readonly kind: 'user'; readonly user: string }
  /** By `sid` of the provider. */
  | { readonly kind: 'provider_session'; readonly sid: string }
  | { readonly kind: 'name'; readonly name: string };

/**
 * The live sessions that a filter means, each once; of `all`, one may come twice, since remembering a million names
 * would take more room than it is worth. What no key of the ring opens is left out.
 * Throws StoreUnavailableError.
 */
export async function* findSessions(filter: SessionFilter, ports: SessionPorts): AsyncGenerator<StoredSession> {
  const seen = filter.kind === 'all' ? undefined : new Set<string>();
  let steps = 0;
  for await (const name of namesFor(filter, ports)) {
    // A store in memory answers without a pause: others are to be served between.
    steps += 1;
    if (steps % 128 === 0) await new Promise(setImmediate);
    if (seen?.has(name)) continue;
    seen?.add(name);
    const found = await openSession(name, ports);
    if (found !== undefined && isMeant(found, filter)) yield found;
  }
}

/**
 * Ends the sessions that a filter means; how many there were. `all` ends those too that no key of the ring opens.
 * Throws StoreUnavailableError; then some may have ended.
 */
export async function endSessions(filter: SessionFilter, ports: SessionPorts): Promise<number> {
  return await deleteSessions(
    filter.kind === 'all' ? ports.records.names() : namesOf(findSessions(filter, ports)),
    ports,
  );
}

/** How many there were. */
async function deleteSessions(names: AsyncIterable<string>, ports: SessionPorts): Promise<number> {
  let ended = 0;
  for await (const batch of batches(names)) {
    const wereThere = await Promise.all(batch.map((name) => ports.records.delete(name)));
    ended += wereThere.filter(Boolean).length;
  }
  return ended;
}

/** Deletions that are under way together: enough to hide the way to the store, few enough to hold up nobody. */
const batchSize = 64;

async function* batches(names: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let batch: string[] = [];
  for await (const name of names) {
    batch.push(name);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

async function* namesOf(sessions: AsyncIterable<StoredSession>): AsyncGenerator<string> {
  for await (const { name } of sessions) yield name;
}

/** A login at a provider, as the provider names it: a user, one of his sessions there, or both. */
export interface ProviderLogout {
  readonly instance: string;
  readonly registration: string;
  readonly subject: string | undefined;
  readonly providerSessionId: string | undefined;
  /** Sessions that began at this moment or later are not meant; undefined means all. */
  readonly begunBefore: EpochSeconds | undefined;
}

/** Ends the sessions of a login that the provider says is over, and no other provider's. Throws StoreUnavailableError. */
export async function endProviderSessions(logout: ProviderLogout, ports: SessionPorts): Promise<number> {
  const { subject, providerSessionId: sid } = logout;
  if (sid === undefined && subject === undefined) return 0;
  const filter: SessionFilter =
    sid === undefined ? { kind: 'user', user: subject ?? '' } : { kind: 'provider_session', sid };
  return await deleteSessions(namesOf(sessionsOf(logout, findSessions(filter, ports))), ports);
}

async function* sessionsOf(
  { instance, registration, subject, begunBefore }: ProviderLogout,
  sessions: AsyncIterable<StoredSession>,
): AsyncGenerator<StoredSession> {
  for await (const found of sessions) {
    const { session } = found;
    const isMeant =
      session.instance === instance &&
      session.registration === registration &&
      (begunBefore === undefined || session.createdAt < begunBefore) &&
      (subject === undefined || session.subject === subject);
    if (isMeant) yield found;
  }
}

async function* namesFor(filter: SessionFilter, ports: SessionPorts): AsyncGenerator<string> {
  switch (filter.kind) {
    case 'all':
      yield* ports.records.names();
      return;
    case 'user':
      yield* await namesIn(ports.idNames.groupNames('subject', filter.user), ports);
      yield* await namesIn(ports.idNames.groupNames('email', filter.user.toLowerCase()), ports);
      return;
    case 'provider_session':
      yield* await namesIn(ports.idNames.groupNames('sid', filter.sid), ports);
      return;
    case 'name':
      yield filter.name;
  }
}

/** What a group lists is only a hint: the session itself says whose it is. */
function isMeant({ session }: StoredSession, filter: SessionFilter): boolean {
  switch (filter.kind) {
    case 'all':
    case 'name':
      return true;
    case 'user': {
      const email = session.claims.get('email');
      return (
        session.subject === filter.user ||
        (typeof email === 'string' && email.toLowerCase() === filter.user.toLowerCase())
      );
    }
    case 'provider_session':
      return session.providerSessionId === filter.sid;
  }
}
