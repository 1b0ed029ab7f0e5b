import { isForeignWebSocket, isTopLevelNavigation } from '../../core/http/navigation.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import { freshnessOf } from '../../core/oauth/token-freshness.ts';
import { type AdmissionRefusal, admissionRefusal } from '../../core/session/admission.ts';
import { dueRefresh } from '../../core/session/due-refresh.ts';
import { type FoundSession, needsTouch, type SessionEnd, sessionEnd } from '../../core/session/lifetimes.ts';
import type { RefreshReason } from '../../core/session/staleness.ts';
import { type EpochMilliseconds, type Seconds, secondOf } from '../../core/time.ts';
import type { SessionRequirements } from './requirements.ts';

/** The settings that the decision looks at. */
export interface DecisionSettings {
  readonly instance: string;
  /** The providers that log users in now, by name. */
  readonly providers: ReadonlyMap<string, DecisionProvider>;
  readonly idleLifetime: Seconds;
  /** Claim that lists the user's groups. */
  readonly groupsClaim: string;
  /** How long after a refused token was replaced the next refused one is not. */
  readonly healCooldown: Seconds;
}

/** What the decision needs to know of a provider. */
export interface DecisionProvider {
  /** The one that a session must have come from. */
  readonly registration: string;
  readonly vouchesForEmail: boolean;
}

/** Everything that was found out about a request before deciding. */
export interface SessionFacts {
  readonly request: HttpRequest;
  readonly origin: string;
  /** What the cookie led to, if anything. */
  readonly found: FoundSession | undefined;
  readonly now: EpochMilliseconds;
  /** When the request began whose access token the workload has just refused. */
  readonly rejected: { readonly requestedAt: EpochMilliseconds } | undefined;
  /** False after a refresh, whatever came of it: one is enough for a request. */
  readonly mayRefresh: boolean;
}

/** Why there is no session to go on with. */
export type NoSession =
  | 'no_session'
  | 'other_instance'
  | 'other_provider'
  | 'provider_not_allowed'
  /** Without a refresh token nothing can be done about it. */
  | 'token_expired'
  | SessionEnd;

/** What to do with a request. */
export type Move =
  | {
      readonly kind: 'forward';
      readonly found: FoundSession;
      readonly touches: boolean;
      /** The access token ends soon: another one is fetched meanwhile. */
      readonly refreshesSoon: boolean;
    }
  /** Hold the request until there is another access token, and decide again. */
  | { readonly kind: 'refresh'; readonly found: FoundSession; readonly reason: RefreshReason }
  /** Let it through without an identity: the rule leaves it to the workload. */
  | { readonly kind: 'anonymous'; readonly because: NoSession }
  /** Send the browser to the provider; a person is looking. */
  | { readonly kind: 'login'; readonly because: NoSession }
  /** Say 401; a program is asking. */
  | { readonly kind: 'unauthenticated'; readonly because: NoSession }
  | { readonly kind: 'refuse'; readonly reason: AdmissionRefusal | 'foreign_websocket' };

/** The decision table of session mode, in the order of its rows. */
export function decide(facts: SessionFacts, requirements: SessionRequirements, settings: DecisionSettings): Move {
  const { request, found, now } = facts;
  if (isForeignWebSocket(request, facts.origin)) return { kind: 'refuse', reason: 'foreign_websocket' };
  if (found === undefined) return turnAway(request, requirements, 'no_session');
  const because = whyEnded(found, now, settings) ?? whyNotAllowed(found, requirements);
  if (because !== undefined) return turnAway(request, requirements, because);
  const { session } = found;
  const use = { now, rejected: facts.rejected, cooldown: settings.healCooldown };
  const refresh = facts.mayRefresh ? dueRefresh(session, use) : undefined;
  // Before what the claims say: other ones may come with it.
  if (refresh !== undefined && refresh.kind !== 'near_end') return { kind: 'refresh', found, reason: refresh };
  const allowsUnverifiedEmail = settings.providers.get(session.provider)?.vouchesForEmail === true;
  const reason = admissionRefusal(session.claims, requirements, { ...settings, allowsUnverifiedEmail });
  if (reason !== undefined) return { kind: 'refuse', reason };
  const touches = needsTouch(found, secondOf(now), settings.idleLifetime);
  return { kind: 'forward', found, touches, refreshesSoon: refresh !== undefined };
}

function turnAway(request: HttpRequest, { optional }: SessionRequirements, because: NoSession): Move {
  if (optional === true) return { kind: 'anonymous', because };
  return { kind: isTopLevelNavigation(request) ? 'login' : 'unauthenticated', because };
}

/** Why a session that was found is none for this instance; undefined when it is one. */
export function whyEnded(
  found: FoundSession,
  now: EpochMilliseconds,
  settings: DecisionSettings,
): NoSession | undefined {
  const { instance, provider, registration, tokenSet } = found.session;
  if (instance !== settings.instance) return 'other_instance';
  if (settings.providers.get(provider)?.registration !== registration) return 'other_provider';
  const end = sessionEnd(found, secondOf(now), settings.idleLifetime);
  if (end !== undefined || tokenSet.refreshToken !== undefined) return end;
  return freshnessOf(tokenSet, now) === 'expired' ? 'token_expired' : undefined;
}

/** The rule wants users of other providers: a login there helps, which a refusal would not say. */
function whyNotAllowed({ session }: FoundSession, { providers }: SessionRequirements): NoSession | undefined {
  return providers === undefined || providers.includes(session.provider) ? undefined : 'provider_not_allowed';
}
