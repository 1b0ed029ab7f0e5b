import type { CryptoKey } from 'openid-client';
import { parseClientKey, webCryptoAlgorithm } from './client-key.ts';
import type { SigningKey } from './provider-options.ts';
import type { SignatureAlgorithm } from './signature-algorithms.ts';

/** A private key as the library signs with it. */
export interface LibraryKey {
  readonly privateKey: { readonly key: CryptoKey; readonly kid?: string };
  /** For the header: the library writes Ed25519 (RFC 9864) for EdDSA, which many servers do not know yet. */
  readonly algorithm: SignatureAlgorithm;
}

/** Makes a key fit for the library. Throws for one that is none; `setting` is where it stands. */
export function libraryKeyOf({ key: text, id, algorithm }: SigningKey, setting: string): LibraryKey {
  const parsed = parseClientKey(text.reveal(), algorithm);
  // The configuration was checked; this guards callers that build one by hand.
  if (parsed.kind === 'invalid') throw new Error(`${setting}: ${parsed.problem}`);
  const key = parsed.key.toCryptoKey(webCryptoAlgorithm(parsed.algorithm), false, ['sign']);
  const kid = id ?? parsed.id;
  return { privateKey: kid === undefined ? { key } : { key, kid }, algorithm: parsed.algorithm };
}
