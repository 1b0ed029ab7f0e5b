import type { Claims } from '../json.ts';
import type { TokenSet } from '../oauth/token-set.ts';
import type { EpochSeconds } from '../time.ts';

/** A logged-in browser. Lives sealed in the store; what changes often (last seen) is kept beside it. */
export interface Session {
  /** The mode instance that made it; another instance does not accept it. */
  readonly instance: string;
  /** The provider that authenticated the user, by its configured name. */
  readonly provider: string;
  /** Its issuer and our client id then: a session does not outlive a provider that keeps only its name. */
  readonly registration: string;
  /** `sub` of the ID token; '' where nobody knows whose it is: see {@link knownSubjectOf}. */
  readonly subject: string;
  /** `sid` of the ID token (OpenID Connect Front-/Back-Channel Logout 1.0), where the provider sends one. */
  readonly providerSessionId: string | undefined;
  /** Claims of the validated ID token, completed from userinfo. */
  readonly claims: Claims;
  readonly tokenSet: TokenSet;
  readonly createdAt: EpochSeconds;
  /** The absolute end, whatever the activity. */
  readonly endsAt: EpochSeconds;
  /** When its token set was last replaced because a resource server had refused the access token; undefined: never. */
  readonly healedAt: EpochSeconds | undefined;
}

/** Whose session it is; undefined for one that was taken over from another program, whose cookies do not say. */
export function knownSubjectOf({ subject }: Session): string | undefined {
  return subject === '' ? undefined : subject;
}
