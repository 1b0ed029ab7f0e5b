import { setCookieHeaders } from '../../core/http/cookies.ts';
import { type HttpRequest, soleHeader } from '../../core/http/request.ts';
import { needsTouch } from '../../core/session/lifetimes.ts';
import type { RefreshReason } from '../../core/session/staleness.ts';
import type { Seconds } from '../../core/time.ts';
import type { PlainReply } from '../../core/verdict.ts';
import { agentError } from './agent-error.ts';
import { knownSession } from './known-session.ts';
import type { AgentRuntime } from './runtime.ts';
import type { OauthAgentSettings } from './settings.ts';
import type { AgentRefresh, PresentedSession } from './state.ts';

/** An endpoint that needs a session, by its setting under `endpoints`. */
interface Asked {
  readonly name: keyof OauthAgentSettings['endpoints'];
  readonly repeatsCsrfToken: boolean;
}

/**
 * The session of a request to an endpoint that needs one, or what to answer. Nothing is opened, and no store is asked, for
 * a request that cannot repeat the CSRF token. Throws StoreUnavailableError.
 */
export async function neededSession(
  request: HttpRequest,
  endpoint: Asked,
  runtime: AgentRuntime,
): Promise<PresentedSession | PlainReply> {
  const { csrfHeader } = runtime.cookies;
  if (endpoint.repeatsCsrfToken && !soleHeader(request, csrfHeader))
    return refuse('csrf_missing', `Expected one header ${csrfHeader} with the CSRF token.`, endpoint, runtime);
  const known = await knownSession(request, runtime);
  switch (known.kind) {
    case 'none':
      return agentError('unauthorized_request', 'Nobody is logged in.');
    case 'invalid':
      return agentError('unauthorized_request', 'The cookies of the request lead to no session.');
    case 'ended':
      return sessionExpired(runtime);
    case 'live':
      if (endpoint.repeatsCsrfToken && !runtime.csrf.isRepeated(request, known.presented.key)) {
        const message = `The header ${csrfHeader} does not repeat the CSRF token of this session.`;
        return refuse('csrf_mismatch', message, endpoint, runtime);
      }
      noteUse(known.presented, runtime);
      return known.presented;
  }
}

function refuse(
  reason: 'csrf_missing' | 'csrf_mismatch',
  message: string,
  { name }: Asked,
  { instance, services }: AgentRuntime,
): PlainReply {
  services.telemetry.event('request_refused', { instance, endpoint: name, reason });
  return agentError('unauthorized_request', message);
}

/** A request of the application is a use of its session, as one of its API calls is. */
export function noteUse(presented: PresentedSession, { state, settings, services }: AgentRuntime): void {
  const now = services.clock.now();
  if (needsTouch(presented.found, now, settings.idleLifetime)) state.touch(presented, now);
}

/** A new login is needed. The browser forgets what is of no use any more. */
export function sessionExpired({ state }: AgentRuntime): PlainReply {
  const cleared = setCookieHeaders(state.forget(undefined));
  return agentError('session_expired', 'The session has ended. The user must log in again.', cleared);
}

/** The tokens are as they were, and the session lives. */
export function providerUnavailable(retryAfter: Seconds): PlainReply {
  const message = 'The authorization server could not be asked. Please try again in a moment.';
  return agentError('authorization_server_error', message, [['retry-after', String(retryAfter)]]);
}

/** A session for whose tokens the reason does not hold any more, or what to answer. Throws StoreUnavailableError. */
export async function refreshed(
  presented: PresentedSession,
  reason: RefreshReason,
  runtime: AgentRuntime,
): Promise<Extract<AgentRefresh, { kind: 'refreshed' }> | PlainReply> {
  const outcome = await runtime.state.refresh(presented, reason);
  switch (outcome.kind) {
    case 'refreshed':
      return outcome;
    case 'ended':
      return sessionExpired(runtime);
    case 'unavailable':
      return providerUnavailable(outcome.retryAfter);
  }
}
