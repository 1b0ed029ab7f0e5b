import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseClientKey, webCryptoAlgorithm } from './client-key.ts';
import { signatureAlgorithms } from './signature-algorithms.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

function pem(key = rsa): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }));
}

function ec(namedCurve: string) {
  return pem(generateKeyPairSync('ec', { namedCurve }).privateKey);
}

describe('parseClientKey', () => {
  it.each([
    ['RSA', pem(), 'RS256'],
    ['RSA in the older form', String(rsa.export({ type: 'pkcs1', format: 'pem' })), 'RS256'],
    ['P-256', ec('P-256'), 'ES256'],
    ['P-384', ec('P-384'), 'ES384'],
    ['P-521', ec('P-521'), 'ES512'],
    ['Ed25519', pem(generateKeyPairSync('ed25519').privateKey), 'EdDSA'],
    ['a JWK', ` ${JSON.stringify(rsa.export({ format: 'jwk' }))}\n`, 'RS256'],
  ])('signs with %s as is usual', (_kind, text, algorithm) => {
    expect(parseClientKey(text, undefined)).toMatchObject({ kind: 'key', algorithm, id: undefined });
  });

  it('takes kid and alg of a JWK, but the operator’s algorithm before its own', () => {
    const text = JSON.stringify({ ...rsa.export({ format: 'jwk' }), kid: 'k', alg: 'PS512' });
    expect(parseClientKey(text, undefined)).toMatchObject({ algorithm: 'PS512', id: 'k' });
    expect(parseClientKey(text, 'RS384')).toMatchObject({ algorithm: 'RS384', id: 'k' });
  });

  const noKey = 'expected a private key: PEM (PKCS #8) without a passphrase, or a JWK';
  const otherKey = 'expected an RSA key of 2048 bits or more, P-256, P-384, P-521 or Ed25519';
  it.each([
    ['nothing', '', noKey],
    ['half a key', pem().slice(0, 200), noKey],
    ['half a JWK', '{"kty":"RSA"', noKey],
    ['a JWK that is public', JSON.stringify({ ...rsa.export({ format: 'jwk' }), d: undefined }), noKey],
    ['a secret', JSON.stringify({ kty: 'oct', k: 'canary' }), noKey],
    ['a short key', pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey), otherKey],
    ['a key for another purpose', pem(generateKeyPairSync('x25519').privateKey), otherKey],
    ['another curve', ec('secp256k1'), otherKey],
  ])('refuses %s, and quotes nothing of it (G7)', (_case, text, problem) => {
    expect(parseClientKey(text, undefined)).toEqual({ kind: 'invalid', problem });
  });

  it('refuses an algorithm that is not of the key', () => {
    const problem = 'the key cannot sign with the algorithm; it fits ES256';
    expect(parseClientKey(ec('P-256'), 'RS256')).toEqual({ kind: 'invalid', problem });
  });
});

describe('webCryptoAlgorithm', () => {
  it.each(signatureAlgorithms)('is one that WebCrypto imports: %s', (algorithm) => {
    const { name } = webCryptoAlgorithm(algorithm);
    expect(['RSASSA-PKCS1-v1_5', 'RSA-PSS', 'ECDSA', 'Ed25519']).toContain(name);
  });
});
