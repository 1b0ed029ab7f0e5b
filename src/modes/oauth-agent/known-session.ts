import type { HttpRequest } from '../../core/http/request.ts';
import { freshnessOf } from '../../core/oauth/token-freshness.ts';
import { sessionEnd } from '../../core/session/lifetimes.ts';
import { type EpochMilliseconds, secondOf } from '../../core/time.ts';
import type { AgentRuntime } from './runtime.ts';
import type { AgentSessionEnd, KnownSession, PresentedSession } from './state.ts';

/** The session of a request, for routes and check alike. Throws StoreUnavailableError. */
export async function knownSession(request: HttpRequest, runtime: AgentRuntime): Promise<KnownSession> {
  const presented = await runtime.state.find(request);
  switch (presented.kind) {
    case 'none':
    case 'invalid':
      return presented;
    case 'ended':
      return { kind: 'ended', because: 'not_there' };
    case 'found': {
      const because = whyEnded(presented, runtime.services.clock.milliseconds(), runtime);
      return because === undefined ? { kind: 'live', presented } : { kind: 'ended', because };
    }
  }
}

function whyEnded(
  { found, inCookies }: PresentedSession,
  now: EpochMilliseconds,
  { instance, provider, settings }: Pick<AgentRuntime, 'instance' | 'provider' | 'settings'>,
): AgentSessionEnd | undefined {
  const { session } = found;
  if (session.instance !== instance) return 'other_instance';
  if (session.provider !== provider.name || session.registration !== provider.registration) return 'other_provider';
  const end = sessionEnd(found, secondOf(now), settings.idleLifetime);
  if (end !== undefined) return end;
  // APIs do not get the cookie with the refresh token: that it did not come says nothing.
  const hasRefreshToken = inCookies?.hasRefreshToken ?? session.tokenSet.refreshToken !== undefined;
  return !hasRefreshToken && freshnessOf(session.tokenSet, now) === 'expired' ? 'token_expired' : undefined;
}
