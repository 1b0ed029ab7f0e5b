import type { HttpRequest } from '../core/http/request.ts';
import type { FoundSession } from '../core/session/lifetimes.ts';
import type { Session } from '../core/session/session.ts';
import type { RefreshReason } from '../core/session/staleness.ts';
import type { EpochSeconds } from '../core/time.ts';
import type { RefreshUnavailable } from './refresh-outcome.ts';

/** What beginning a session led to. */
export type BegunSession =
  /** `setCookies`: the values that give the browser the session. `name`: in the store; undefined where it is in none. */
  | { readonly kind: 'begun'; readonly setCookies: readonly string[]; readonly name: string | undefined }
  /** Its tokens and claims do not fit into what browsers keep. */
  | { readonly kind: 'too_large' };

/** What became of a session whose token should be replaced; see {@link RefreshOutcome} of the refresher. */
export type KeptRefresh =
  /** `setCookies`: as of {@link SessionKeeper.touch}. */
  | { readonly kind: 'refreshed'; readonly found: FoundSession; readonly setCookies: readonly string[] }
  | { readonly kind: 'ended' }
  | RefreshUnavailable;

/**
 * How the sessions of one instance are kept: in the store with an id in the cookie, or sealed in cookies.
 * Everything throws StoreUnavailableError unless it says otherwise; nothing is lost then.
 */
export interface SessionKeeper {
  /** Every cookie that it sets, for whoever strips our cookies from forwarded requests. */
  readonly cookieNames: readonly string[];
  /** What the cookies of a request lead to; undefined for anything that is not a session of ours. */
  find(request: HttpRequest): Promise<FoundSession | undefined>;
  /** A new session, never under an id that the browser brought. */
  begin(session: Session): Promise<BegunSession>;
  /** Notes that a session was used at `now`; the Set-Cookie values for the answer. Never throws and never waits. */
  touch(found: FoundSession, now: EpochSeconds): readonly string[];
  /** Waits for tokens for which the reason does not hold. */
  refresh(found: FoundSession, reason: RefreshReason): Promise<KeptRefresh>;
  /** Begins the same where nobody has to wait for it; never throws. */
  refreshSoon(found: FoundSession): void;
  /** Ends what the cookies lead to; true when there was something. */
  end(request: HttpRequest): Promise<boolean>;
  /** Set-Cookie values that make the browser forget what it holds at `now`. */
  forget(now: EpochSeconds): readonly string[];
}
