import { isForeignWebSocket, isTopLevelNavigation } from '../../core/http/navigation.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import { type AdmissionRefusal, admissionRefusal } from '../../core/session/admission.ts';
import { needsTouch, type SessionEnd, type StoredSession, sessionEnd } from '../../core/session/lifetimes.ts';
import type { EpochSeconds, Seconds } from '../../core/time.ts';
import type { SessionRequirements } from './requirements.ts';

/** The settings that the decision looks at. */
export interface DecisionSettings {
  readonly instance: string;
  /** The providers that log users in now, by name. */
  readonly providers: ReadonlyMap<string, DecisionProvider>;
  readonly idleLifetime: Seconds;
  /** Claim that lists the user's groups. */
  readonly groupsClaim: string;
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
  readonly stored: StoredSession | undefined;
  readonly now: EpochSeconds;
}

/** Why there is no session to go on with. */
export type NoSession = 'no_session' | 'other_instance' | 'other_provider' | 'provider_not_allowed' | SessionEnd;

/** What to do with a request. */
export type Move =
  | { readonly kind: 'forward'; readonly stored: StoredSession; readonly touches: boolean }
  /** Let it through without an identity: the rule leaves it to the workload. */
  | { readonly kind: 'anonymous'; readonly because: NoSession }
  /** Send the browser to the provider; a person is looking. */
  | { readonly kind: 'login'; readonly because: NoSession }
  /** Say 401; a program is asking. */
  | { readonly kind: 'unauthenticated'; readonly because: NoSession }
  | { readonly kind: 'refuse'; readonly reason: AdmissionRefusal | 'foreign_websocket' };

/** The decision table of session mode, in the order of its rows. */
export function decide(facts: SessionFacts, requirements: SessionRequirements, settings: DecisionSettings): Move {
  const { request, stored, now } = facts;
  if (isForeignWebSocket(request, facts.origin)) return { kind: 'refuse', reason: 'foreign_websocket' };
  if (stored === undefined) return turnAway(request, requirements, 'no_session');
  const because = whyEnded(stored, now, settings) ?? whyNotAllowed(stored, requirements);
  if (because !== undefined) return turnAway(request, requirements, because);
  const { session } = stored;
  const allowsUnverifiedEmail = settings.providers.get(session.provider)?.vouchesForEmail === true;
  const reason = admissionRefusal(session.claims, requirements, { ...settings, allowsUnverifiedEmail });
  if (reason !== undefined) return { kind: 'refuse', reason };
  return { kind: 'forward', stored, touches: needsTouch(stored, now, settings.idleLifetime) };
}

function turnAway(request: HttpRequest, { optional }: SessionRequirements, because: NoSession): Move {
  if (optional === true) return { kind: 'anonymous', because };
  return { kind: isTopLevelNavigation(request) ? 'login' : 'unauthenticated', because };
}

/** Why a session that was found is none for this instance; undefined when it is one. */
export function whyEnded(stored: StoredSession, now: EpochSeconds, settings: DecisionSettings): NoSession | undefined {
  const { instance, provider, registration } = stored.session;
  if (instance !== settings.instance) return 'other_instance';
  if (settings.providers.get(provider)?.registration !== registration) return 'other_provider';
  return sessionEnd(stored, now, settings.idleLifetime);
}

/** The rule wants users of other providers: a login there helps, which a refusal would not say. */
function whyNotAllowed({ session }: StoredSession, { providers }: SessionRequirements): NoSession | undefined {
  return providers === undefined || providers.includes(session.provider) ? undefined : 'provider_not_allowed';
}
