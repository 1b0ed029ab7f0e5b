import { authorizationCodeGrant, type Configuration, fetchUserInfo } from 'openid-client';
import { type Claims, claimsOf, type JsonValue } from '../../core/json.ts';
import { mergeClaims } from '../../core/oauth/merge-claims.ts';
import type { EpochMilliseconds } from '../../core/time.ts';
import type { Redemption, RedemptionChecks } from '../../ports/authorization-server.ts';
import { refused } from './outcome.ts';
import { readTokenResponse } from './token-response.ts';

/** Redeems a code of an OpenID provider. Throws what the library throws for answers that failed validation. */
export async function redeemWithIdToken(
  configuration: Configuration,
  response: URL,
  checks: RedemptionChecks,
  now: EpochMilliseconds,
): Promise<Redemption> {
  const answer = await authorizationCodeGrant(configuration, response, {
    expectedState: checks.state,
    expectedNonce: checks.nonce,
    pkceCodeVerifier: checks.codeVerifier,
    // With it the library demands auth_time.
    ...(checks.maxAge === undefined ? {} : { maxAge: checks.maxAge }),
    idTokenExpected: true,
  });
  const tokens = readTokenResponse(answer, now);
  const idToken = answer.claims();
  if (tokens.kind === 'unusable') return refused(tokens.detail);
  if (idToken === undefined) return refused('the token response has no ID token');
  if (idToken.sub === '') return refused('the ID token names nobody');
  // OpenID Connect Core §3.1.3.7 (5): also beside a single audience, which the library lets pass
  if (idToken.azp !== undefined && idToken.azp !== configuration.clientMetadata().client_id)
    return refused('azp of the ID token is another client');
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
  return mergeClaims(idToken, claimsOf(answer as JsonValue)); // parsed from JSON
}
