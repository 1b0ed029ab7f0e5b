import type { TokenEndpointResponse } from 'openid-client';
import type { TokenSet } from '../../core/oauth/token-set.ts';
import { Secret } from '../../core/secret.ts';
import { after, type EpochMilliseconds, secondOf, secondsOf } from '../../core/time.ts';

/** A token set, or why the response cannot be one. */
export type TokenResponse =
  | { readonly kind: 'tokens'; readonly tokenSet: TokenSet }
  | { readonly kind: 'unusable'; readonly detail: string };

/** RFC 6750 §2.1: what may stand behind `Bearer`. */
const b64token = /^[A-Za-z0-9\-._~+/]+=*$/;

/** No token is believed to live longer; a server that says more made a mistake. */
const longestLifetime = secondsOf(366 * 86_400);

/**
 * Reads a token response (RFC 6749 §5.1) that openid-client accepted. `askedAt`: the lifetime counts from when the server
 * wrote the response, which is some time after that.
 */
export function readTokenResponse(
  response: TokenEndpointResponse,
  now: EpochMilliseconds,
  askedAt = now,
): TokenResponse {
  if (response.token_type !== 'bearer') return { kind: 'unusable', detail: 'token_type is not Bearer' };
  if (!b64token.test(response.access_token))
    return { kind: 'unusable', detail: 'access_token cannot be sent in a header' };
  // Not expiresIn(): it counts by another clock than ours.
  const lifetime = response.expires_in;
  // A session that ends as it begins would send the browser round in circles.
  if (lifetime !== undefined && !(lifetime >= 1))
    return { kind: 'unusable', detail: 'expires_in is less than a second' };
  return {
    kind: 'tokens',
    tokenSet: {
      accessToken: new Secret(response.access_token),
      obtainedAt: now,
      expiresAt:
        lifetime === undefined ? undefined : after(secondOf(askedAt), secondsOf(Math.min(lifetime, longestLifetime))),
      refreshToken: secretOf(response.refresh_token),
      idToken: secretOf(response.id_token),
      scope: response.scope,
    },
  };
}

function secretOf(token: string | undefined): Secret<string> | undefined {
  return token === undefined || token === '' ? undefined : new Secret(token);
}
