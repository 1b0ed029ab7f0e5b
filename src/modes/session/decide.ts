import { isForeignWebSocket, isTopLevelNavigation } from '../../core/http/navigation.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import { type AdmissionRefusal, type AdmissionSettings, admissionRefusal } from '../../core/session/admission.ts';
import { needsTouch, type SessionEnd, type StoredSession, sessionEnd } from '../../core/session/lifetimes.ts';
import type { Session } from '../../core/session/session.ts';
import type { EpochSeconds, Seconds } from '../../core/time.ts';
import type { SessionRequirements } from './requirements.ts';

/** The settings that the decision looks at. */
export interface DecisionSettings extends AdmissionSettings {
  readonly instance: string;
  /** The one that logs users in now. */
  readonly registration: string;
  readonly idleLifetime: Seconds;
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
export type NoSession = 'no_session' | 'other_instance' | 'other_provider' | SessionEnd;

/** What to do with a request. */
export type Move =
  | { readonly kind: 'forward'; readonly session: Session; readonly touches: boolean }
  /** Send the browser to the provider; a person is looking. */
  | { readonly kind: 'login'; readonly because: NoSession }
  /** Say 401; a program is asking. */
  | { readonly kind: 'unauthenticated'; readonly because: NoSession }
  | { readonly kind: 'refuse'; readonly reason: AdmissionRefusal | 'foreign_websocket' };

/** The decision table of session mode, in the order of its rows. */
export function decide(facts: SessionFacts, requirements: SessionRequirements, settings: DecisionSettings): Move {
  const { request, stored, now } = facts;
  if (isForeignWebSocket(request, facts.origin)) return { kind: 'refuse', reason: 'foreign_websocket' };
  if (stored === undefined) return turnAway(request, 'no_session');
  const because = whyEnded(stored, now, settings);
  if (because !== undefined) return turnAway(request, because);
  const { session } = stored;
  const reason = admissionRefusal(session.claims, requirements, settings);
  if (reason !== undefined) return { kind: 'refuse', reason };
  return { kind: 'forward', session, touches: needsTouch(stored, now, settings.idleLifetime) };
}

function turnAway(request: HttpRequest, because: NoSession): Move {
  return { kind: isTopLevelNavigation(request) ? 'login' : 'unauthenticated', because };
}

/** Why a session that was found is none for this instance; undefined when it is one. */
export function whyEnded(stored: StoredSession, now: EpochSeconds, settings: DecisionSettings): NoSession | undefined {
  if (stored.session.instance !== settings.instance) return 'other_instance';
  if (stored.session.registration !== settings.registration) return 'other_provider';
  return sessionEnd(stored, now, settings.idleLifetime);
}
