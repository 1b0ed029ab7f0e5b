import { createPrivateKey, type JsonWebKeyInput, type KeyObject, type webcrypto } from 'node:crypto';
import type { SignatureAlgorithm } from './signature-algorithms.ts';

/** A private key as it signs client assertions, or why it cannot; `problem` quotes nothing of it. */
export type ParsedClientKey =
  | {
      readonly kind: 'key';
      readonly key: KeyObject;
      readonly algorithm: SignatureAlgorithm;
      /** `kid` of the JWK, if it was one and has one. */
      readonly id: string | undefined;
    }
  | { readonly kind: 'invalid'; readonly problem: string };

/** What a JWK says besides the key itself. */
interface JwkHints {
  readonly kid?: unknown;
  readonly alg?: unknown;
}

/**
 * Reads PEM (PKCS #8) or a private JWK. Without `algorithm` it is the JWK's own, or the usual one of its kind: RS256,
 * ES256 and so on by curve, EdDSA.
 */
export function parseClientKey(text: string, algorithm: SignatureAlgorithm | undefined): ParsedClientKey {
  const read = readKey(text.trim());
  if (read === undefined) {
    return { kind: 'invalid', problem: 'expected a private key: PEM (PKCS #8) without a passphrase, or a JWK' };
  }
  const { key, hints } = read;
  const usable = algorithmsOf(key);
  const [usual] = usable;
  if (usual === undefined) {
    return { kind: 'invalid', problem: 'expected an RSA key of 2048 bits or more, P-256, P-384, P-521 or Ed25519' };
  }
  const wanted = algorithm ?? hints.alg ?? usual;
  const chosen = usable.find((each) => each === wanted);
  if (chosen === undefined) {
    return { kind: 'invalid', problem: `the key cannot sign with the algorithm; it fits ${usable.join(', ')}` };
  }
  return { kind: 'key', key, algorithm: chosen, id: typeof hints.kid === 'string' ? hints.kid : undefined };
}

/** Parameters of WebCrypto for a key that signs with the algorithm. */
export function webCryptoAlgorithm(
  algorithm: SignatureAlgorithm,
): webcrypto.RsaHashedImportParams | webcrypto.EcKeyImportParams | webcrypto.Algorithm {
  const hash = `SHA-${algorithm.slice(2)}`;
  switch (algorithm) {
    case 'RS256':
    case 'RS384':
    case 'RS512':
      return { name: 'RSASSA-PKCS1-v1_5', hash };
    case 'PS256':
    case 'PS384':
    case 'PS512':
      return { name: 'RSA-PSS', hash };
    case 'ES256':
      return { name: 'ECDSA', namedCurve: 'P-256' };
    case 'ES384':
      return { name: 'ECDSA', namedCurve: 'P-384' };
    case 'ES512':
      return { name: 'ECDSA', namedCurve: 'P-521' };
    case 'EdDSA':
    case 'Ed25519':
      return { name: 'Ed25519' };
  }
}

function readKey(text: string): { readonly key: KeyObject; readonly hints: JwkHints } | undefined {
  try {
    if (!text.startsWith('{')) return { key: createPrivateKey(text), hints: {} };
    const jwk = JSON.parse(text) as JsonWebKeyInput['key'] & JwkHints; // createPrivateKey refuses what is none
    return { key: createPrivateKey({ key: jwk, format: 'jwk' }), hints: jwk };
  } catch {
    return undefined; // the caller says what was expected; the library's words could quote the key
  }
}

/** What the key can sign with, the usual one first. */
function algorithmsOf(key: KeyObject): readonly SignatureAlgorithm[] {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
      // RFC 7518 §3.3: 2048 bits or larger
      return modulusLength < 2048 ? [] : ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
    case 'ec':
      if (namedCurve === 'prime256v1') return ['ES256'];
      if (namedCurve === 'secp384r1') return ['ES384'];
      return namedCurve === 'secp521r1' ? ['ES512'] : [];
    case 'ed25519':
      return ['EdDSA', 'Ed25519'];
    default:
      return [];
  }
}
