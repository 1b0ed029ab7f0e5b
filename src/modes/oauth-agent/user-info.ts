import { jsonReply } from '../../core/http/reply.ts';
import { freshnessOf } from '../../core/oauth/token-freshness.ts';
import { knownSubjectOf } from '../../core/session/session.ts';
import type { RefreshReason } from '../../core/session/staleness.ts';
import { secondsOf } from '../../core/time.ts';
import type { PlainReply, Reply } from '../../core/verdict.ts';
import type { Userinfo } from '../../ports/authorization-server.ts';
import { agentError } from './agent-error.ts';
import { endpointOfSession } from './endpoint.ts';
import { providerUnavailable, refreshed } from './needed-session.ts';
import type { AgentRuntime } from './runtime.ts';
import { claimsAnswer } from './schemas.ts';
import type { PresentedSession } from './state.ts';

/** What the provider says about the user now. */
export const userInfo = endpointOfSession(
  {
    name: 'userInfo',
    method: 'GET',
    summary: 'What the provider says about the user now.',
    answer: {
      status: 200,
      description: 'The answer of the userinfo endpoint.',
      schema: claimsAnswer,
      setsCookies: false,
    },
    errors: ['token_expired', 'session_expired', 'authorization_error', 'authorization_server_error'],
  },
  async (presented, _call, runtime) => {
    const askedAt = runtime.services.clock.milliseconds();
    const usable =
      freshnessOf(presented.found.session.tokenSet, askedAt) === 'expired'
        ? await renewed(presented, { kind: 'expired' }, runtime)
        : presented;
    if (usable.kind === 'reply') return usable;
    const first = await ask(usable, runtime);
    if (first.kind !== 'expired') return answerOf(first, runtime);
    const cooldown = runtime.settings.healCooldown;
    const other = await renewed(usable, { kind: 'rejected', requestedAt: askedAt, cooldown }, runtime);
    if (other.kind === 'reply') return other;
    // What was replaced a moment ago, or by this request, is refused as well: more of them help nobody.
    return accessTokenOf(other) === accessTokenOf(usable)
      ? tokenExpired()
      : answerOf(await ask(other, runtime), runtime);
  },
);

/** With a store. New tokens in cookies come with POST /refresh alone, at whose path the refresh token may be. */
async function renewed(
  presented: PresentedSession,
  reason: RefreshReason,
  runtime: AgentRuntime,
): Promise<PresentedSession | PlainReply> {
  const hasRefreshToken = presented.found.session.tokenSet.refreshToken !== undefined;
  if (runtime.settings.state === 'sealed' || !hasRefreshToken) return tokenExpired();
  const outcome = await refreshed(presented, reason, runtime);
  return outcome.kind === 'reply' ? outcome : outcome.presented;
}

async function ask({ found: { session } }: PresentedSession, { provider }: AgentRuntime): Promise<Userinfo> {
  return await provider.userinfo(session.tokenSet.accessToken, knownSubjectOf(session));
}

function accessTokenOf({ found }: PresentedSession): string {
  return found.session.tokenSet.accessToken.reveal();
}

function answerOf(userinfo: Userinfo, { provider, services }: AgentRuntime): Reply {
  const fields = { provider: provider.name, operation: 'userinfo' };
  switch (userinfo.kind) {
    case 'claims':
      return jsonReply(200, Object.fromEntries(userinfo.claims));
    case 'expired':
      return tokenExpired();
    case 'unsupported':
      return agentError('authorization_server_error', 'The authorization server has no userinfo endpoint.');
    case 'refused':
      services.telemetry.problem('provider_unavailable', { ...fields, code: userinfo.code, detail: userinfo.detail });
      return agentError('authorization_error', 'The authorization server refused to say who the user is.');
    case 'invalid':
      services.telemetry.problem('provider_unavailable', { ...fields, detail: userinfo.detail });
      return agentError('authorization_server_error', 'The answer of the authorization server is not valid.');
    case 'unavailable':
      services.telemetry.problem('provider_unavailable', { ...fields, detail: userinfo.detail });
      return providerUnavailable(secondsOf(5));
  }
}

function tokenExpired(): PlainReply {
  return agentError('token_expired', 'The access token has ended. Refresh it and ask again.');
}
