import type { Claims } from '../json.ts';
import { mergeClaims } from '../oauth/merge-claims.ts';
import { profileClaims } from '../oauth/profile-claims.ts';
import type { TokenSet } from '../oauth/token-set.ts';
import { type EpochMilliseconds, secondOf } from '../time.ts';
import type { Session } from './session.ts';
import type { RefreshReason } from './staleness.ts';

/** What a refresh brought. */
export interface RefreshedTokens {
  readonly tokenSet: TokenSet;
  /** Of the new ID token; undefined when there was none. */
  readonly claims: Claims | undefined;
  /** Names of claims that the ID token before had and the new one has not. */
  readonly withdrawn: readonly string[];
}

/** Some providers leave them out of later ID tokens: nobody lost his name. */
const lasting: ReadonlySet<string> = new Set(profileClaims);

/**
 * The session with new tokens. What the new ID token says counts. Of what it does not say stays what it never said
 * (claims of userinfo) and who the user is; what may let him in somewhere, a group that he has left, does not.
 */
export function refreshedSession(
  session: Session,
  { tokenSet, claims, withdrawn }: RefreshedTokens,
  reason: RefreshReason,
  now: EpochMilliseconds,
): Session {
  return {
    ...session,
    tokenSet,
    claims: claims === undefined ? session.claims : mergeClaims(claims, without(session.claims, withdrawn)),
    healedAt: reason.kind === 'rejected' ? secondOf(now) : session.healedAt,
  };
}

function without(claims: Claims, withdrawn: readonly string[]): Claims {
  const gone = new Set(withdrawn);
  return new Map([...claims].filter(([name]) => !gone.has(name) || lasting.has(name)));
}
