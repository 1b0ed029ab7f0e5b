import type { Claims, JsonValue } from '../json.ts';

/**
 * The claims of an ID token, with those that only another source has (userinfo, an earlier ID token); where both have
 * one, that of the ID token counts.
 */
export function mergeClaims(idToken: Claims, other: Claims): Claims {
  const claims = new Map([...other, ...idToken]);
  const isVerified = emailVerifiedOf(idToken, other);
  if (isVerified === undefined) claims.delete('email_verified');
  else claims.set('email_verified', isVerified);
  return claims;
}

/** `email_verified` is about the address beside it: the word of one says nothing of another that the other names. */
function emailVerifiedOf(idToken: Claims, other: Claims): JsonValue | undefined {
  if (!idToken.has('email')) return other.get('email_verified');
  if (idToken.has('email_verified')) return idToken.get('email_verified');
  return idToken.get('email') === other.get('email') ? other.get('email_verified') : undefined;
}
