import {
  buildAuthorizationUrl,
  buildAuthorizationUrlWithPAR,
  buildEndSessionUrl,
  tokenRevocation,
} from 'openid-client';
import type {
  AuthorizationRequest,
  AuthorizationServer,
  ProviderUnavailable,
} from '../../ports/authorization-server.ts';
import { createDiscovery, type Discovered, type DiscoveryPorts } from './discovery.ts';
import { detailOf } from './error-detail.ts';
import { pushesRequests } from './metadata.ts';
import { outcomeOf } from './outcome.ts';
import { plainFetch } from './plain-token-response.ts';
import type { ProviderOptions } from './provider-options.ts';
import { redeemWithIdToken } from './redeem-with-id-token.ts';
import { redeemWithUserinfo } from './redeem-with-userinfo.ts';
import { redeemRefreshToken } from './refresh.ts';
import { unavailable } from './refresh-answer.ts';

/** The relying party's side of a provider, on openid-client. */
export function createAuthorizationServer(options: ProviderOptions, ports: DiscoveryPorts): AuthorizationServer {
  const discovery = createDiscovery(options, ports);
  const { protocol } = options;
  return {
    name: options.name,
    label: options.label,
    registration: `${options.issuer}#${options.clientId}`,
    vouchesForEmail: options.allowUnverifiedEmail,
    responseMode: options.responseMode,
    status: discovery.status,
    close: ports.http.close,

    async issuer() {
      const discovered = await discovery.find();
      if (isUnavailable(discovered)) return discovered;
      const { issuer, authorization_response_iss_parameter_supported: sendsIss } = discovered.metadata;
      return { issuer, sendsIss: sendsIss === true };
    },

    async authorizationUrl(request) {
      const discovered = await discovery.find();
      if (isUnavailable(discovered)) return discovered;
      const { configuration, metadata } = discovered;
      const parameters = parametersOf(request, options);
      if (!pushesRequests(metadata, options)) {
        return { kind: 'url', url: buildAuthorizationUrl(configuration, parameters).href };
      }
      try {
        return { kind: 'url', url: (await buildAuthorizationUrlWithPAR(configuration, parameters)).href };
      } catch (error) {
        const { detail } = await outcomeOf(error);
        const fields = { provider: options.name, operation: 'pushed_authorization_request', reason: detail };
        ports.telemetry.problem('provider_unavailable', fields, error);
        return { kind: 'unavailable', detail: `the pushed authorization request failed: ${detail}` };
      }
    },

    async redeem(response, checks) {
      const discovered = await discovery.find();
      if (isUnavailable(discovered)) return discovered;
      const now = ports.clock.milliseconds();
      try {
        return protocol.kind === 'oidc'
          ? await redeemWithIdToken(discovered.withKeys(), response, checks, now)
          : await redeemWithUserinfo(discovered.withKeys(), response, checks, {
              identity: protocol.identity,
              http: ports.http,
              now,
            });
      } catch (error) {
        return await outcomeOf(error);
      }
    },

    async refresh(grant, steps) {
      const discovered = await discovery.find();
      if (isUnavailable(discovered)) return unavailable(discovered.detail);
      const ask = protocol.kind === 'oauth2' ? plainFetch(ports.http) : ports.http.fetch;
      return await redeemRefreshToken(discovered.withKeys(), grant, { steps, clock: ports.clock, ask });
    },

    async endSessionUrl(request) {
      const discovered = await discovery.find();
      if (isUnavailable(discovered) || discovered.metadata.end_session_endpoint === undefined) return undefined;
      return buildEndSessionUrl(discovered.configuration, {
        post_logout_redirect_uri: request.postLogoutRedirectUri,
        state: request.state,
        ...(request.idToken === undefined ? {} : { id_token_hint: request.idToken.reveal() }),
      }).href;
    },

    async verifyLogoutToken(token) {
      const discovered = await discovery.find();
      if (isUnavailable(discovered)) return discovered;
      return (await discovered.logoutTokens())(token);
    },

    async revoke({ refreshToken, accessToken }) {
      const discovered = await discovery.find();
      if (isUnavailable(discovered)) return { kind: 'failed', detail: discovered.detail };
      if (discovered.metadata.revocation_endpoint === undefined) return { kind: 'unsupported' };
      try {
        await tokenRevocation(discovered.configuration, (refreshToken ?? accessToken).reveal(), {
          token_type_hint: refreshToken === undefined ? 'access_token' : 'refresh_token',
        });
        return { kind: 'revoked' };
      } catch (error) {
        return { kind: 'failed', detail: detailOf(error) };
      }
    },
  };
}

/** The authorization request. What the operator adds cannot replace what we send. */
function parametersOf(request: AuthorizationRequest, options: ProviderOptions): Record<string, string> {
  return {
    ...Object.fromEntries(options.authorizationParameters),
    response_type: 'code',
    redirect_uri: request.redirectUri,
    ...(options.scopes.length === 0 ? {} : { scope: options.scopes.join(' ') }),
    state: request.state,
    // Without an ID token nothing could bring it back (OpenID Connect Core §3.1.2.1).
    ...(options.protocol.kind === 'oidc' ? { nonce: request.nonce } : {}),
    code_challenge: request.codeChallenge,
    code_challenge_method: 'S256',
    ...(options.responseMode === 'query' ? {} : { response_mode: options.responseMode }),
  };
}

function isUnavailable(value: Discovered | ProviderUnavailable): value is ProviderUnavailable {
  return 'kind' in value;
}
