import { createAuthorizationServer } from '../../src/adapters/openid-client/authorization-server.ts';
import type { ProviderOptions } from '../../src/adapters/openid-client/discovery.ts';
import { Secret } from '../../src/core/secret.ts';
import type { AuthorizationServer, Redemption } from '../../src/ports/authorization-server.ts';
import { type FixedClock, fixedClock } from './fixed-clock.ts';
import { type RecordingTelemetry, recordingTelemetry } from './recording-telemetry.ts';
import type { TinyProvider } from './tiny-provider.ts';

/** Our side of a tiny provider. */
export interface RelyingParty {
  readonly server: AuthorizationServer;
  readonly clock: FixedClock;
  readonly telemetry: RecordingTelemetry;
  /** Redeems an authorization response with these parameters besides code and state. */
  redeem(parameters?: Readonly<Record<string, string>>): Promise<Redemption>;
}

export function relyingPartyOf(provider: TinyProvider, changes: Partial<ProviderOptions> = {}): RelyingParty {
  const clock = fixedClock();
  const telemetry = recordingTelemetry();
  const options: ProviderOptions = {
    name: 'idp',
    issuer: provider.origin,
    clientId: provider.clientId,
    clientSecret: new Secret('canary-client-secret'),
    scopes: ['openid', 'email'],
    allowHttp: true,
    backChannelUrl: undefined,
    allowUnverifiedEmail: false,
    requestTimeoutMs: 400,
    ...changes,
  };
  const server = createAuthorizationServer(options, { clock, telemetry });
  return {
    server,
    clock,
    telemetry,
    redeem: async (parameters = {}) => {
      const query = new URLSearchParams({ code: 'canary-code', state: 'state', ...parameters });
      const response = new URL(`https://app.example.com/_auth/callback?${query}`);
      return await server.redeem(response, { state: 'state', nonce: 'nonce', codeVerifier: 'v'.repeat(43) });
    },
  };
}
