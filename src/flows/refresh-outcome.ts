import type { Session } from '../core/session/session.ts';
import { type Seconds, secondsOf } from '../core/time.ts';
import type { AuthorizationServer, Refresh } from '../ports/authorization-server.ts';
import type { EventFields, Telemetry } from '../ports/telemetry.ts';

/** The tokens are as they were and the session lives. */
export interface RefreshUnavailable {
  readonly kind: 'unavailable';
  readonly retryAfter: Seconds;
}

/** What is asked for where nobody knows better. */
export const shortestRestMs = 1000;

/** Whole seconds, as `Retry-After` has them. */
export function unavailableFor(milliseconds: number): RefreshUnavailable {
  return { kind: 'unavailable', retryAfter: secondsOf(Math.max(1, Math.ceil(milliseconds / 1000))) };
}

/** The provider that a session came from, if it is still the same. */
export function providerOf(
  { provider, registration }: Session,
  { providers }: { readonly providers: ReadonlyMap<string, AuthorizationServer> },
): AuthorizationServer | undefined {
  const found = providers.get(provider);
  return found?.registration === registration ? found : undefined;
}

/** An answer that was lost on the way: the refresh token may have been used up. */
export function isLost(refresh: Refresh): boolean {
  return refresh.kind === 'unavailable' && refresh.isLost;
}

/** Tells operators how the provider took it. `reason`: why it was asked. */
export function reportRefresh(
  refresh: Refresh,
  { instance, provider }: Session,
  reason: string,
  telemetry: Telemetry,
): void {
  const fields: EventFields = { instance, provider, reason };
  switch (refresh.kind) {
    case 'refreshed':
      telemetry.event('tokens_refreshed', fields);
      return;
    case 'refused':
      telemetry.event('refresh_failed', {
        ...fields,
        outcome: 'refused',
        code: refresh.code,
        detail: refresh.detail,
      });
      telemetry.event('session_ended', { instance, provider, outcome: 'grant_ended' });
      return;
    case 'unavailable':
      telemetry.problem('refresh_failed', { ...fields, outcome: 'unavailable', detail: refresh.detail });
  }
}
