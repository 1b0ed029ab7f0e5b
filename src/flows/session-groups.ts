import type { Session } from '../core/session/session.ts';
import type { IdNames } from '../ports/id-names.ts';
import type { SessionIndex } from '../ports/store.ts';

interface IndexPorts {
  readonly index: SessionIndex;
  readonly idNames: IdNames;
}

/**
 * Enters a session where it can be found: under its user by subject and by e-mail address, and under the provider's
 * session; only where it was not already when it was `before`. Throws StoreUnavailableError.
 */
export async function indexSession(
  session: Session,
  name: string,
  { index, idNames }: IndexPorts,
  before?: Session,
): Promise<void> {
  const known = new Set(before === undefined ? [] : keysOf(before).map(String));
  const fresh = keysOf(session).filter((key) => !known.has(String(key)));
  const groups = fresh.map(([kind, value]) => idNames.groupNames(kind, value)[0]);
  await Promise.all(groups.map((group) => index.add(group, name, session.endsAt)));
}

function keysOf(session: Session): readonly (readonly [kind: string, value: string])[] {
  const email = session.claims.get('email');
  const sid = session.providerSessionId;
  return [
    ['subject', session.subject],
    ...(typeof email === 'string' ? [['email', email.toLowerCase()] as const] : []),
    ...(sid === undefined ? [] : [['sid', sid] as const]),
  ];
}
