import { setCookieHeaders } from '../../core/http/cookies.ts';
import { emptyReply } from '../../core/http/reply.ts';
import { freshnessOf } from '../../core/oauth/token-freshness.ts';
import { agentError } from './agent-error.ts';
import { endpointOfSession } from './endpoint.ts';
import { refreshed, sessionExpired } from './needed-session.ts';

/**
 * Replaces the tokens. Tabs that ask at one time get the same new ones, and the CSRF token stays: none logs another out.
 */
export const refresh = endpointOfSession(
  {
    name: 'refresh',
    method: 'POST',
    summary: 'Replaces the tokens.',
    repeatsCsrfToken: true,
    answer: {
      status: 204,
      description: 'The tokens are good; new ones were fetched unless that happened a moment ago.',
      schema: undefined,
      setsCookies: true,
    },
    errors: ['session_expired', 'authorization_server_error'],
  },
  async (presented, _call, runtime) => {
    const now = runtime.services.clock.milliseconds();
    const { tokenSet } = presented.found.session;
    if (tokenSet.refreshToken === undefined) {
      if (freshnessOf(tokenSet, now) === 'expired') return sessionExpired(runtime);
      return agentError('unauthorized_request', 'There is no refresh token: the access token is used until it ends.');
    }
    const cooldown = runtime.settings.healCooldown;
    const outcome = await refreshed(presented, { kind: 'rejected', requestedAt: now, cooldown }, runtime);
    return outcome.kind === 'reply' ? outcome : emptyReply(204, setCookieHeaders(outcome.setCookies));
  },
);
