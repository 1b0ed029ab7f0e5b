import { createHmac, type KeyObject, sign } from 'node:crypto';

/** A JWT taken apart. */
export interface JwtParts {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Takes a JWT apart without looking at its signature. */
export function jwtPartsOf(token: string): JwtParts {
  const [header = '', claims = ''] = token.split('.');
  const parse = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>; // of our own provider
  return { header: parse(header), claims: parse(claims) };
}

/**
 * Signs whatever header and claims are given, as the header's `alg` says or not: with an RSA key RS256, with an EC key
 * ES256, with bytes HS256, with nothing not at all.
 */
export function signJwt({ header, claims }: JwtParts, key: KeyObject | Buffer | undefined): string {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${signatureOf(Buffer.from(input), key).toString('base64url')}`;
}

function signatureOf(input: Buffer, key: KeyObject | Buffer | undefined): Buffer {
  if (key === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(key)) return createHmac('sha256', key).update(input).digest();
  return sign('sha256', input, key.asymmetricKeyType === 'ec' ? { key, dsaEncoding: 'ieee-p1363' } : key);
}
