import type { ProviderOptions } from '../../src/adapters/openid-client/provider-options.ts';
import { createProvider } from '../../src/app/providers.ts';
import { Secret } from '../../src/core/secret.ts';
import { type Seconds, secondsOf } from '../../src/core/time.ts';
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
  redeem(parameters?: Readonly<Record<string, string>>, maxAge?: Seconds): Promise<Redemption>;
}

/** Our registration at a tiny provider, as the configuration would have it; `changes` differ. */
export function registrationAt(
  provider: Pick<TinyProvider, 'origin' | 'clientId'>,
  changes: Partial<ProviderOptions> = {},
): ProviderOptions {
  return {
    name: 'idp',
    label: 'Example',
    protocol: { kind: 'oidc' },
    issuer: provider.origin,
    clientId: provider.clientId,
    clientAuthentication: undefined,
    clientSecret: new Secret('canary-client-secret'),
    clientKey: undefined,
    clientCertificate: undefined,
    scopes: ['openid', 'email'],
    responseMode: 'query',
    pushedAuthorization: undefined,
    requestObject: undefined,
    authorizationParameters: new Map(),
    metadata: undefined,
    endpoints: undefined,
    metadataRefresh: secondsOf(3600),
    endpointOrigins: [],
    clockTolerance: secondsOf(60),
    allowHttp: true,
    backChannelUrl: undefined,
    ca: undefined,
    proxy: undefined,
    allowUnverifiedEmail: false,
    requestTimeout: secondsOf(3),
    ...changes,
  };
}

export function relyingPartyOf(provider: TinyProvider, changes: Partial<ProviderOptions> = {}): RelyingParty {
  const clock = fixedClock();
  const telemetry = recordingTelemetry();
  const server = createProvider(registrationAt(provider, changes), { clock, telemetry });
  return {
    server,
    clock,
    telemetry,
    redeem: async (parameters = {}, maxAge = undefined) => {
      const query = new URLSearchParams({ code: 'canary-code', state: 'state', ...parameters });
      const response = new URL(`https://app.example.com/_auth/callback?${query}`);
      return await server.redeem(response, { state: 'state', nonce: 'nonce', codeVerifier: 'v'.repeat(43), maxAge });
    },
  };
}
