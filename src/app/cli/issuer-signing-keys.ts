import { createHash, generateKeyPair, type JsonWebKey, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

const newKeyPair = promisify(generateKeyPair);

/**
 * `sallyport issuer signing-keys new`: a private JWK Set (RFC 7517 §5) with an RS256 and an ES256 key, as JSON with
 * a newline at the end. Whoever reads it can sign in as anybody.
 */
export async function newSigningKeys(): Promise<string> {
  const rsa = await newKeyPair('rsa', { modulusLength: 2048 });
  const ec = await newKeyPair('ec', { namedCurve: 'P-256' });
  const keys = [signingKey(rsa.privateKey, 'RS256'), signingKey(ec.privateKey, 'ES256')];
  return `${JSON.stringify({ keys }, undefined, 2)}\n`;
}

function signingKey(key: KeyObject, alg: 'RS256' | 'ES256'): Record<string, unknown> {
  const jwk = key.export({ format: 'jwk' });
  return { kid: thumbprint(jwk), use: 'sig', alg, ...jwk };
}

/** RFC 7638 §3.2: the required public members, in lexicographic order, without blanks. */
function thumbprint({ kty, crv, x, y, e, n }: JsonWebKey): string {
  const members = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}
