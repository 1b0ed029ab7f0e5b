import type { HttpRequest } from '../../core/http/request.ts';
import { needsTouch } from '../../core/session/lifetimes.ts';
import type { RefreshReason } from '../../core/session/staleness.ts';
import type { Seconds } from '../../core/time.ts';
import type { Header, PlainReply } from '../../core/verdict.ts';
import { agentError } from './agent-error.ts';
import { knownSession } from './known-session.ts';
import type { AgentRuntime } from './runtime.ts';
import { idleLifetimeOf } from './settings.ts';
import type { AgentRefresh, PresentedSession } from './state.ts';

/** The session of a request to an endpoint that needs one, or what to answer. Throws StoreUnavailableError. */
export async function neededSession(
  request: HttpRequest,
  options: { readonly repeatsCsrfToken: boolean },
  runtime: AgentRuntime,
): Promise<PresentedSession | PlainReply> {
  const known = await knownSession(request, runtime);
  switch (known.kind) {
    case 'none':
      return agentError('unauthorized_request', 'Nobody is logged in.');
    case 'invalid':
      return agentError('unauthorized_request', 'The cookies of the request lead to no session.');
    case 'ended':
      return sessionExpired(runtime);
    case 'live':
      if (options.repeatsCsrfToken && !runtime.csrf.isRepeated(request, known.presented.key)) {
        const message = `The header ${runtime.cookies.csrfHeader} does not repeat the CSRF token of this session.`;
        return agentError('unauthorized_request', message);
      }
      noteUse(known.presented, runtime);
      return known.presented;
  }
}

/** A request of the application is a use of its session, as one of its API calls is. */
export function noteUse(presented: PresentedSession, { state, settings, services }: AgentRuntime): void {
  const now = services.clock.now();
  if (needsTouch(presented.found, now, idleLifetimeOf(settings))) state.touch(presented, now);
}

/** A new login is needed. The browser forgets what is of no use any more. */
export function sessionExpired({ state }: AgentRuntime): PlainReply {
  const cleared = state.forget(undefined).map((value): Header => ['set-cookie', value]);
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
