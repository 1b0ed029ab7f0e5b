import type { Session } from '../core/session/session.ts';
import type { AuthorizationServer } from '../ports/authorization-server.ts';
import type { Telemetry } from '../ports/telemetry.ts';

export interface RevokeTokensPorts {
  readonly providers: ReadonlyMap<string, AuthorizationServer>;
  readonly telemetry: Telemetry;
}

/**
 * Ends the grant of a session that is over at its provider. Never throws, and nobody waits for it: the session is over
 * here, whatever the provider says.
 */
export function revokeTokens({ provider, tokenSet }: Session, { providers, telemetry }: RevokeTokensPorts): void {
  const fields = { provider, operation: 'revocation' };
  const report = (detail: string) => telemetry.problem('provider_unavailable', { ...fields, detail });
  providers
    .get(provider)
    ?.revoke(tokenSet)
    .then(
      (revocation) => {
        if (revocation.kind === 'failed') report(revocation.detail);
      },
      (error: unknown) => telemetry.problem('provider_unavailable', fields, error),
    );
}
