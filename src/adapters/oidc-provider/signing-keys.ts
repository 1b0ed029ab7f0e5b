import type { JWK, JWKS } from 'oidc-provider';
import type { Secret } from '../../core/secret.ts';

/**
 * Reads a private JWK Set of RSA and P-256 signing keys. Throws without a word of the content: a parser's message
 * would quote it.
 */
export function readSigningKeys(instance: string, text: Secret<string>): JWKS {
  const keys = keysOf(text.reveal());
  if (keys === undefined || keys.length === 0) {
    throw new Error(
      `signingKeys of ${instance}: expected a private JWK Set with RSA or P-256 keys, as \`sallyport issuer signing-keys new\` prints it`,
    );
  }
  return { keys };
}

function keysOf(text: string): readonly JWK[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('keys' in value) || !Array.isArray(value.keys)) return undefined;
  const keys: readonly unknown[] = value.keys;
  return keys.every(isSigningKey) ? keys : undefined;
}

function isSigningKey(key: unknown): key is JWK {
  if (typeof key !== 'object' || key === null || !('d' in key) || typeof key.d !== 'string') return false;
  if ('use' in key && key.use !== 'sig') return false;
  if (!('kty' in key)) return false;
  return key.kty === 'RSA' || (key.kty === 'EC' && 'crv' in key && key.crv === 'P-256');
}
