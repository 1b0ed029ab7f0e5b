import { buildEndSessionUrl, tokenRevocation } from 'openid-client';
import type { AuthorizationServer, ProviderUnavailable } from '../../ports/authorization-server.ts';
import { authorizationUrlOf } from './authorization-url.ts';
import { createDiscovery, type Discovered, type DiscoveryPorts } from './discovery.ts';
import { detailOf } from './error-detail.ts';
import { introspectToken } from './introspection.ts';
import { problemOfIntrospection, pushesRequests } from './metadata.ts';
import { outcomeOf } from './outcome.ts';
import { plainFetch } from './plain-token-response.ts';
import type { ProviderOptions } from './provider-options.ts';
import { redeemWithIdToken } from './redeem-with-id-token.ts';
import { redeemWithUserinfo } from './redeem-with-userinfo.ts';
import { redeemRefreshToken } from './refresh.ts';
import { unavailable } from './refresh-answer.ts';
import { isReservedParameter } from './request-parameters.ts';
import { openidUserinfo, plainUserinfo } from './userinfo.ts';

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

    isReserved: (parameter) => isReservedParameter(parameter, options),

    async authorizationUrl(request) {
      const discovered = await discovery.find();
      if (isUnavailable(discovered)) return discovered;
      try {
        return { kind: 'url', url: await authorizationUrlOf(request, discovered, options) };
      } catch (error) {
        if (!pushesRequests(discovered.metadata, options)) throw error;
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

    async userinfo(accessToken, subject) {
      const discovered = await discovery.find();
      if (isUnavailable(discovered)) return discovered;
      if (protocol.kind === 'oidc') return await openidUserinfo(discovered.withKeys(), accessToken, subject);
      const { identity } = protocol;
      return await plainUserinfo(discovered.metadata.userinfo_endpoint, accessToken, subject, {
        identity,
        http: ports.http,
      });
    },

    async introspect(accessToken) {
      const discovered = await discovery.find();
      if (isUnavailable(discovered)) return discovered;
      if (discovered.metadata.introspection_endpoint === undefined) return { kind: 'unsupported' };
      const problem = problemOfIntrospection(discovered.metadata, options);
      if (problem !== undefined) return { kind: 'unavailable', detail: problem };
      return await introspectToken(discovered.withKeys(), accessToken, ports.http);
    },

    async endSessionUrl(request) {
      const discovered = await discovery.find();
      if (isUnavailable(discovered) || discovered.metadata.end_session_endpoint === undefined) return undefined;
      return buildEndSessionUrl(discovered.configuration, {
        post_logout_redirect_uri: request.postLogoutRedirectUri,
        ...(request.state === undefined ? {} : { state: request.state }),
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

function isUnavailable(value: Discovered | ProviderUnavailable): value is ProviderUnavailable {
  return 'kind' in value;
}
