import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from 'jose';
import { after, epochSecondsOf, type Seconds, secondsOf } from '../../core/time.ts';
import type { LogoutToken } from '../../ports/authorization-server.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HttpClient } from '../../ports/http-client.ts';
import { signatureAlgorithms } from './signature-algorithms.ts';

const backChannelLogout = 'http://schemas.openid.net/event/backchannel-logout';

/** How old a logout token may be. Providers send it at once; what is older is an old one that somebody kept. */
const longestAge = secondsOf(300);

export type VerifyLogoutToken = (token: string) => Promise<LogoutToken>;

interface LogoutTokenOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined where the provider has no ID tokens, and so no logout tokens. */
  readonly jwksUri: string | undefined;
  readonly clockTolerance: Seconds;
}

/** Verifies the logout tokens of one provider (OpenID Connect Back-Channel Logout 1.0 §2.6). */
export function logoutTokenVerifier(
  { issuer, clientId, jwksUri, clockTolerance }: LogoutTokenOptions,
  { http, clock }: { readonly http: HttpClient; readonly clock: Clock },
): VerifyLogoutToken {
  if (jwksUri === undefined) return async () => refused('the provider has no keys');
  // It asks again for a kid that it does not know, at most every half minute, whoever makes kids up.
  const keys = createRemoteJWKSet(new URL(jwksUri), {
    [customFetch]: (url, { headers, signal }) =>
      http.fetch(url, { method: 'GET', headers: Object.fromEntries(headers), signal }),
  });
  return async (token) => {
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        issuer,
        audience: clientId,
        // Neither HMAC, keyed with what every relying party of the provider knows, nor none.
        algorithms: [...signatureAlgorithms],
        clockTolerance,
        currentDate: new Date(clock.now() * 1000),
        maxTokenAge: longestAge,
        requiredClaims: ['iat', 'jti', 'events'],
      });
      // An ID token is signed by the same key for the same audience; types keep the two apart (RFC 8725 §3.11).
      const type = protectedHeader.typ?.toLowerCase();
      if (type !== undefined && type !== 'jwt' && type !== 'logout+jwt') return refused('typ is of another token');
      return read(payload);
    } catch (error) {
      if (isAboutToken(error)) return refused(error.message);
      return { kind: 'unavailable', detail: error instanceof Error ? error.message : String(error) };
    }
  };
}

function read({ events, nonce, sub, sid, jti, iat }: JWTPayload): LogoutToken {
  const isLogout = isObject(events) && isObject(events[backChannelLogout]);
  if (!isLogout) return refused('events has no back-channel logout');
  if (nonce !== undefined) return refused('nonce is there, as in an ID token');
  if (sub === undefined && sid === undefined) return refused('neither sub nor sid is there');
  if (sid !== undefined && (typeof sid !== 'string' || sid === '')) return refused('sid is no text');
  if (sub === '' || typeof jti !== 'string' || jti === '' || iat === undefined) return refused('a claim is empty');
  // Beyond the tolerance of any clock that accepts it.
  const issuedAt = epochSecondsOf(iat);
  const endsAt = after(issuedAt, secondsOf(2 * longestAge));
  return { kind: 'valid', subject: sub, providerSessionId: sid, tokenId: jti, issuedAt, endsAt };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function refused(detail: string): LogoutToken {
  return { kind: 'refused', detail };
}

/** What the token is guilty of; all else is the provider's keys, or the way to them. */
function isAboutToken(error: unknown): error is errors.JOSEError {
  return (
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  );
}
