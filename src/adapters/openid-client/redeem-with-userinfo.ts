import { authorizationCodeGrant, type Configuration, customFetch } from 'openid-client';
import type { JsonValue } from '../../core/json.ts';
import type { EpochMilliseconds } from '../../core/time.ts';
import type { Redemption, RedemptionChecks } from '../../ports/authorization-server.ts';
import type { HttpClient } from '../../ports/http-client.ts';
import { identityOf, verifiedEmailOf } from './identity.ts';
import { isTransient, refused } from './outcome.ts';
import { plainFetch } from './plain-token-response.ts';
import type { IdentityMapping } from './provider-options.ts';
import { readTokenResponse } from './token-response.ts';

export interface UserinfoPorts {
  readonly identity: IdentityMapping;
  readonly http: HttpClient;
  readonly now: EpochMilliseconds;
}

/**
 * Redeems a code of a provider that knows OAuth 2.0 alone: the access token fetches who the user is. Throws what the
 * library throws for answers that failed validation, and what the HTTP client throws.
 */
export async function redeemWithUserinfo(
  configuration: Configuration,
  response: URL,
  checks: RedemptionChecks,
  { identity: mapping, http, now }: UserinfoPorts,
): Promise<Redemption> {
  // isReserved lets nobody ask for it.
  if (checks.maxAge !== undefined) return refused('nothing but an ID token could say when the user authenticated');
  configuration[customFetch] = plainFetch(http);
  const answer = await authorizationCodeGrant(configuration, response, {
    expectedState: checks.state,
    pkceCodeVerifier: checks.codeVerifier,
  });
  const tokens = readTokenResponse(answer, now);
  if (tokens.kind === 'unusable') return refused(tokens.detail);

  const ask = (url: string) => askWith(answer.access_token, url, http);
  const userinfo = await ask(configuration.serverMetadata().userinfo_endpoint ?? '');
  if (userinfo.kind !== 'json') return userinfo;
  const identity = identityOf(userinfo.value, mapping);
  if (identity.kind === 'unusable') return refused(identity.detail);
  const claims = new Map(identity.claims);
  if (mapping.emailsUrl !== undefined) {
    const emails = await ask(mapping.emailsUrl);
    if (emails.kind !== 'json') return emails;
    // What the profile says beside it was perhaps never verified.
    claims.delete('email');
    claims.delete('email_verified');
    for (const [name, value] of verifiedEmailOf(emails.value)) claims.set(name, value);
  }
  return {
    kind: 'authenticated',
    authentication: { tokenSet: tokens.tokenSet, subject: identity.subject, providerSessionId: undefined, claims },
  };
}

/** A JSON document that the access token opens (RFC 6750 §2.1). */
async function askWith(
  accessToken: string,
  url: string,
  http: HttpClient,
): Promise<{ readonly kind: 'json'; readonly value: JsonValue } | Exclude<Redemption, { kind: 'authenticated' }>> {
  const headers = { authorization: `Bearer ${accessToken}`, accept: 'application/json', 'user-agent': 'sallyport' };
  const response = await http.fetch(url, { method: 'GET', headers });
  const { pathname } = new URL(url);
  if (isTransient(response.status)) {
    return { kind: 'unavailable', detail: `${pathname} was answered with ${response.status}` };
  }
  if (response.status !== 200) return invalid(`${pathname} was answered with ${response.status}`);
  try {
    return { kind: 'json', value: JSON.parse(await response.text()) as JsonValue }; // JSON.parse makes nothing else
  } catch {
    return invalid(`the answer of ${pathname} is no JSON`);
  }
}

function invalid(detail: string) {
  return { kind: 'refused', code: 'invalid_response', detail } as const;
}
