import {
  AuthorizationResponseError,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  ClientError,
  type Configuration,
  fetchUserInfo,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import { type Claims, claimsOf, type JsonValue } from '../../core/json.ts';
import { errorCodeOf } from '../../core/oauth/authorization-response.ts';
import type {
  AuthorizationServer,
  ProviderUnavailable,
  Redemption,
  RedemptionChecks,
} from '../../ports/authorization-server.ts';
import { createDiscovery, type DiscoveryPorts, detailOf, type ProviderOptions } from './discovery.ts';
import { readTokenResponse } from './token-response.ts';

/** The relying party's side of a provider, on openid-client. */
export function createAuthorizationServer(options: ProviderOptions, ports: DiscoveryPorts): AuthorizationServer {
  const discovered = createDiscovery(options, ports);
  return {
    name: options.name,
    registration: `${options.issuer}#${options.clientId}`,
    vouchesForEmail: options.allowUnverifiedEmail,
    status: discovered.status,

    async issuer() {
      const configuration = await discovered.configuration();
      if (isUnavailable(configuration)) return configuration;
      const metadata = configuration.serverMetadata();
      return { issuer: metadata.issuer, sendsIss: metadata.authorization_response_iss_parameter_supported === true };
    },

    async authorizationUrl(request) {
      const configuration = await discovered.configuration();
      if (isUnavailable(configuration)) return configuration;
      const url = buildAuthorizationUrl(configuration, {
        response_type: 'code',
        redirect_uri: request.redirectUri,
        scope: options.scopes.join(' '),
        state: request.state,
        nonce: request.nonce,
        code_challenge: request.codeChallenge,
        code_challenge_method: 'S256',
      });
      return { kind: 'url', url: url.href };
    },

    async redeem(response, checks) {
      const configuration = await discovered.configuration();
      if (isUnavailable(configuration)) return configuration;
      try {
        return await redeem(configuration, response, checks, ports);
      } catch (error) {
        return outcomeOf(error);
      }
    },

    async endSessionUrl(request) {
      const configuration = await discovered.configuration();
      if (isUnavailable(configuration) || configuration.serverMetadata().end_session_endpoint === undefined)
        return undefined;
      return buildEndSessionUrl(configuration, {
        post_logout_redirect_uri: request.postLogoutRedirectUri,
        state: request.state,
        ...(request.idToken === undefined ? {} : { id_token_hint: request.idToken.reveal() }),
      }).href;
    },
  };
}

async function redeem(
  configuration: Configuration,
  response: URL,
  checks: RedemptionChecks,
  ports: DiscoveryPorts,
): Promise<Redemption> {
  const answer = await authorizationCodeGrant(configuration, response, {
    expectedState: checks.state,
    expectedNonce: checks.nonce,
    pkceCodeVerifier: checks.codeVerifier,
    idTokenExpected: true,
  });
  const tokens = readTokenResponse(answer, ports.clock.now());
  const idToken = answer.claims();
  if (tokens.kind === 'unusable') return refused(tokens.detail);
  if (idToken === undefined) return refused('the token response has no ID token');
  if (idToken.sub === '') return refused('the ID token names nobody');
  const claims = await withUserinfo(configuration, answer.access_token, idToken.sub, claimsOf(idToken as JsonValue)); // parsed from JSON
  const sid = claims.get('sid');
  return {
    kind: 'authenticated',
    authentication: {
      tokenSet: tokens.tokenSet,
      subject: idToken.sub,
      providerSessionId: typeof sid === 'string' ? sid : undefined,
      claims,
    },
  };
}

/** The ID token's claims, with those that only userinfo has; where both have one, the signed one counts. */
async function withUserinfo(
  configuration: Configuration,
  accessToken: string,
  subject: string,
  idToken: Claims,
): Promise<Claims> {
  if (configuration.serverMetadata().userinfo_endpoint === undefined) return idToken;
  // Checks that sub is the ID token's (OpenID Connect Core §5.3.2).
  const answer = await fetchUserInfo(configuration, accessToken, subject);
  const userinfo = claimsOf(answer as JsonValue); // parsed from JSON
  const claims = new Map([...userinfo, ...idToken]);
  const isVerified = emailVerifiedOf(idToken, userinfo);
  if (isVerified === undefined) claims.delete('email_verified');
  else claims.set('email_verified', isVerified);
  return claims;
}

/** `email_verified` is about the address beside it: the word of one says nothing of another that the other names. */
function emailVerifiedOf(idToken: Claims, userinfo: Claims): JsonValue | undefined {
  if (!idToken.has('email')) return userinfo.get('email_verified');
  if (idToken.has('email_verified')) return idToken.get('email_verified');
  return idToken.get('email') === userinfo.get('email') ? userinfo.get('email_verified') : undefined;
}

function isUnavailable(value: Configuration | ProviderUnavailable): value is ProviderUnavailable {
  return 'kind' in value;
}

function refused(detail: string): Redemption {
  return { kind: 'refused', code: 'invalid_response', detail };
}

/** What went wrong, as a value: the provider's own word, an invalid answer, or no answer at all. */
function outcomeOf(error: unknown): Redemption {
  if (error instanceof ResponseBodyError || error instanceof AuthorizationResponseError) {
    const code = errorCodeOf(error.error);
    return error instanceof ResponseBodyError && isTransient(error.status)
      ? { kind: 'unavailable', detail: code }
      : { kind: 'refused', code, detail: `the provider answered ${code}` };
  }
  if (error instanceof WWWAuthenticateChallengeError) {
    return {
      kind: 'refused',
      code: 'invalid_response',
      detail: `the provider answered ${error.status} with a challenge`,
    };
  }
  if (error instanceof ClientError && !isUnreachable(error)) return refused(detailOf(error));
  // Whatever fetch throws (refused, reset, too large, timed out): the request may or may not have arrived.
  return { kind: 'unavailable', detail: detailOf(error) };
}

function isTransient(status: number): boolean {
  return status >= 500 || status === 429;
}

/** No answer, or a status that says nothing about the request, whatever else is wrong with the answer. */
function isUnreachable({ code, cause }: ClientError): boolean {
  if (code === 'OAUTH_TIMEOUT' || code === 'OAUTH_ABORT' || code === undefined) return true;
  return cause instanceof Response && isTransient(cause.status);
}
