import { isPreflight } from '../../core/http/cors.ts';
import { type HttpRequest, soleHeader } from '../../core/http/request.ts';
import { freshnessOf } from '../../core/oauth/token-freshness.ts';
import { dueRefresh } from '../../core/session/due-refresh.ts';
import { needsTouch } from '../../core/session/lifetimes.ts';
import type { RefreshReason } from '../../core/session/staleness.ts';
import { type EpochMilliseconds, type Seconds, secondOf } from '../../core/time.ts';
import { type BrowserRefusal, browserRefusal, isDataChanging, trustedOriginOf } from './browser-rules.ts';
import type { OauthAgentRequirements } from './requirements.ts';
import type { OauthAgentSettings } from './settings.ts';
import type { KnownSession, PresentedSession } from './state.ts';

/** The settings that the decision looks at. */
export interface DecisionSettings
  extends Pick<OauthAgentSettings, 'trustedOrigins' | 'cors' | 'state' | 'healCooldown'> {
  /** Lower-case name of the header that repeats the CSRF token. */
  readonly csrfHeader: string;
  readonly idleLifetime: Seconds;
}

/** Everything that was found out about a request before deciding. */
export interface AgentFacts {
  readonly request: HttpRequest;
  /** Of the host that it was sent to. */
  readonly origin: string;
  /** What its cookies lead to. Undefined before that was asked: nothing is opened for whom the rows before stop. */
  readonly session: SessionFacts | undefined;
  /** When the request began whose access token has just been refused. */
  readonly rejected: { readonly requestedAt: EpochMilliseconds } | undefined;
  /** It was the provider that refused it, so that no API need be asked. */
  readonly isInactive: boolean;
  /** False after a refresh, whatever came of it: one is enough for a request. */
  readonly mayRefresh: boolean;
}

/** What the cookies of a request lead to, at one moment. */
export interface SessionFacts {
  readonly known: KnownSession;
  /** The request repeats the CSRF token of this session. Of no interest where it changes nothing. */
  readonly repeatsCsrfToken: boolean;
  readonly now: EpochMilliseconds;
}

/** Why a request is refused that a page of the application would not send like this. For logs. */
export type RefusalReason = BrowserRefusal | 'other_authorization' | 'csrf_missing' | 'csrf_mismatch';

/** Why there is no session to go on with. For explain. */
export type NoSession =
  | 'no_session'
  | 'invalid_session'
  | (KnownSession & { readonly kind: 'ended' })['because']
  | 'token_inactive';

/** What to do with a request. */
export type Move =
  /** Answer a preflight of a page of this origin. */
  | { readonly kind: 'answer_preflight'; readonly origin: string }
  /** Let it through with the Authorization that it brought, and without a session. */
  | { readonly kind: 'pass_own_authorization' }
  /** Find out what its cookies lead to, and decide again. */
  | { readonly kind: 'find_session' }
  /** Hold it until there is another access token, and decide again. */
  | { readonly kind: 'refresh'; readonly presented: PresentedSession; readonly reason: RefreshReason }
  | {
      readonly kind: 'forward';
      readonly presented: PresentedSession;
      readonly touches: boolean;
      /** The access token ends soon: another one is fetched meanwhile. */
      readonly refreshesSoon: boolean;
    }
  /** Say 401: the application knows what to do when nobody is logged in. */
  | { readonly kind: 'unauthenticated'; readonly because: NoSession }
  | { readonly kind: 'refuse'; readonly status: 401 | 403; readonly reason: RefusalReason };

/** The decision table of oauth-agent mode, in the order of its rows. */
export function decide(facts: AgentFacts, requirements: OauthAgentRequirements, settings: DecisionSettings): Move {
  const { request, origin, session } = facts;
  if (settings.cors.enabled && isPreflight(request)) {
    const trusted = trustedOriginOf(request, origin, settings);
    return trusted === undefined ? refuse('origin_not_trusted') : { kind: 'answer_preflight', origin: trusted };
  }
  const refusal = browserRefusal(request, origin, settings);
  if (request.headers.has('authorization')) return decideOwnAuthorization(refusal, requirements);
  if (refusal !== undefined) return refuse(refusal);
  if (isDataChanging(request.method) && !soleHeader(request, settings.csrfHeader)) return refuse('csrf_missing');
  return session === undefined ? { kind: 'find_session' } : decideWithSession(facts, session, settings);
}

/** Never beside a token of ours: the workload would have two users to choose from. */
function decideOwnAuthorization(refusal: BrowserRefusal | undefined, requirements: OauthAgentRequirements): Move {
  if (requirements.clientAuthorization !== true) return refuse('other_authorization');
  // Programs name no origin. Where one is named, a browser sends the request, and with it whatever it has stored.
  return refusal === undefined || refusal === 'origin_missing' ? { kind: 'pass_own_authorization' } : refuse(refusal);
}

function decideWithSession(
  { request, rejected, isInactive, mayRefresh }: AgentFacts,
  { known, repeatsCsrfToken, now }: SessionFacts,
  { state, idleLifetime, healCooldown: cooldown }: DecisionSettings,
): Move {
  if (known.kind !== 'live') return { kind: 'unauthenticated', because: becauseOf(known) };
  if (isDataChanging(request.method) && !repeatsCsrfToken) return refuse('csrf_mismatch');
  const { presented } = known;
  const { session } = presented.found;
  // New tokens of a sealed session come in cookies, for which the application goes to the agent itself.
  const canRefresh = state === 'store' && session.tokenSet.refreshToken !== undefined;
  if (!canRefresh && freshnessOf(session.tokenSet, now) === 'expired')
    return { kind: 'unauthenticated', because: 'token_expired' };
  const due = canRefresh && mayRefresh ? dueRefresh(session, { now, rejected, cooldown }) : undefined;
  if (due !== undefined && due.kind !== 'near_end') return { kind: 'refresh', presented, reason: due };
  if (isInactive) return { kind: 'unauthenticated', because: 'token_inactive' };
  const touches = needsTouch(presented.found, secondOf(now), idleLifetime);
  return { kind: 'forward', presented, touches, refreshesSoon: due !== undefined };
}

function becauseOf(known: Exclude<KnownSession, { kind: 'live' }>): NoSession {
  switch (known.kind) {
    case 'none':
      return 'no_session';
    case 'invalid':
      return 'invalid_session';
    case 'ended':
      return known.because;
  }
}

function refuse(reason: RefusalReason): Move {
  return { kind: 'refuse', status: reason === 'cross_site' ? 403 : 401, reason };
}
