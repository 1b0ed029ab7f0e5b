import type { HttpRequest } from '../../core/http/request.ts';
import type { FoundSession, SessionEnd } from '../../core/session/lifetimes.ts';
import type { Session } from '../../core/session/session.ts';
import type { RefreshReason } from '../../core/session/staleness.ts';
import type { EpochSeconds } from '../../core/time.ts';
import type { RefreshUnavailable } from '../../flows/refresh-outcome.ts';

/** What the cookies of a request lead to. */
export type Presented =
  /** No session cookie of ours. */
  | { readonly kind: 'none' }
  /** Cookies that open nothing: changed, cut short, mixed, doubled, of another key. */
  | { readonly kind: 'invalid' }
  /** An id of ours under which there is nothing any more (store), or a sealed session past its end. */
  | { readonly kind: 'ended' }
  | PresentedSession;

/**
 * `key` names the session in its CSRF cookie. `found.session` has what the request brought: with sealed cookies a request
 * outside of the agent's base path brings neither refresh token, ID token nor claims.
 */
export interface PresentedSession {
  readonly kind: 'found';
  readonly found: FoundSession;
  readonly key: string;
  /** Undefined with a store. */
  readonly inCookies?: InCookies;
}

/** What is known of a sealed session beside what its cookies hold. */
export interface InCookies {
  /** The form of its cookies. Of 0x01 nobody knows the user (`subject` is '') and the end, and claims only where an ID token came. */
  readonly version: 1 | 2;
  /** Of the CSRF cookie that came with it; undefined where the refresh token did not come, which alone needs it. */
  readonly csrfToken: string | undefined;
  /** Whether the browser has a refresh token, brought or not; true where that is not known. */
  readonly hasRefreshToken: boolean;
}

/** Why a session that was found is none. */
export type AgentSessionEnd =
  | SessionEnd
  | 'other_instance'
  | 'other_provider'
  /** Without a refresh token nothing can be done about it. */
  | 'token_expired';

/** What is known of whoever sends a request: as {@link Presented}, and whether a session that was found still lives. */
export type KnownSession =
  /** Cookies of no kind: nobody is logged in. */
  | { readonly kind: 'none' }
  /** Cookies that open nothing. */
  | { readonly kind: 'invalid' }
  /** `because`: for logs and explain. `not_there`: the store, or the browser, knows of its end. */
  | { readonly kind: 'ended'; readonly because: AgentSessionEnd | 'not_there' }
  | { readonly kind: 'live'; readonly presented: PresentedSession };

export type BegunAgentSession =
  | { readonly kind: 'begun'; readonly setCookies: readonly string[]; readonly csrfToken: string }
  /** Its tokens do not fit into what browsers keep. */
  | { readonly kind: 'too_large' };

export type AgentRefresh =
  | { readonly kind: 'refreshed'; readonly presented: PresentedSession; readonly setCookies: readonly string[] }
  | { readonly kind: 'ended' }
  | RefreshUnavailable;

/**
 * How the sessions of one agent are kept: in the store with an id in the cookie, or sealed in cookies. Everything throws
 * StoreUnavailableError unless it says otherwise; nothing is lost then. The sealed one never throws it.
 */
export interface AgentState {
  /** Every cookie that it sets, with all chunks, `-csrf` and `-login` included. */
  readonly cookieNames: readonly string[];
  /** What the cookies of a request lead to. Whether its session still lives is not asked here: see known-session.ts. */
  find(request: HttpRequest): Promise<Presented>;
  /**
   * A new session with a new CSRF token, never under an id that the browser brought. What the cookies of `request` lead
   * to has ended then, and no late answer to another tab brings it back.
   */
  begin(session: Session, request: HttpRequest): Promise<BegunAgentSession>;
  /** Notes that a session was used at `now`. Never throws and never waits; sealed sessions note nothing. */
  touch(presented: PresentedSession, now: EpochSeconds): void;
  /** Waits for tokens for which the reason does not hold. The CSRF token stays; sealed again where that is due. */
  refresh(presented: PresentedSession, reason: RefreshReason): Promise<AgentRefresh>;
  /** Begins the same where nobody has to wait for it; never throws. Nothing with sealed sessions. */
  refreshSoon(presented: PresentedSession): void;
  /** Ends what the cookies lead to; true when there was something. */
  end(request: HttpRequest): Promise<boolean>;
  /**
   * Set-Cookie values that make the browser forget all: session, CSRF and login cookies, each at its own path. `loggedOut`:
   * the request of a logout, so that no late answer to another tab brings back what its cookies lead to.
   */
  forget(loggedOut: HttpRequest | undefined): readonly string[];
}
