import { type Claims, claimsOf, parseJsonBytes } from '../json.ts';

/**
 * The claims of a token that is a JWT (RFC 7519 §3); undefined for any other. Nothing is verified: for tokens that were
 * when they came, and for what nobody has to rely on.
 */
export function jwtPayloadOf(token: string): Claims | undefined {
  const [header, payload, signature, ...others] = token.split('.');
  if (!header || !payload || signature === undefined || others.length > 0) return undefined;
  const claims = claimsOf(parseJsonBytes(Buffer.from(payload, 'base64url')));
  return claims.size === 0 ? undefined : claims;
}
