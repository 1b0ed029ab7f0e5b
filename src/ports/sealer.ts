/**
 * What a sealed value is for. A value sealed for one purpose never opens for another: each purpose has a key
 * of its own, derived (HKDF-SHA-256) from the key ring.
 */
export type SealPurpose = 'session' | 'login-attempt' | 'logout' | 'issuer-record';

/**
 * Authenticated encryption with a key ring (AES-256-GCM, 16-byte tag, random 12-byte nonce).
 *
 * Obligations: `seal` uses the first key of the ring; `open` accepts every key of the ring; a value that was
 * changed in any bit, cut short, re-spelled, sealed by a key outside the ring, for another purpose or bound to
 * another context yields undefined, always the same way and without throwing. Neither blocks on I/O.
 */
export interface Sealer {
  /** Base64url text. `context` is bound as associated data; the same context is needed to open. */
  seal(purpose: SealPurpose, plaintext: Uint8Array, context: string): string;
  open(purpose: SealPurpose, sealed: string, context: string): Uint8Array | undefined;
  /** As {@link seal}, as bytes: for values in the store, which need no text form. */
  sealBytes(purpose: SealPurpose, plaintext: Uint8Array, context: string): Uint8Array;
  openBytes(purpose: SealPurpose, sealed: Uint8Array, context: string): Uint8Array | undefined;
}

/**
 * Turns ids that clients hold into names under which the store keeps them, so that a copy of the store
 * opens nothing (HMAC-SHA-256 with a key of the ring).
 *
 * Obligations: `mint` returns an id of 32 random bytes that names the key it was minted under, in the form
 * `<key id>.<43 base64url characters>`; `nameOf` is deterministic for an id as long as that key is in the ring
 * and yields undefined for anything else (malformed, re-spelled, unknown key).
 */
export interface IdNames {
  mint(): string;
  /** Base64url, 43 characters. */
  nameOf(id: string): string | undefined;
}

/** Key material for libraries that bring their own cryptography (cookie signing of the issuer). Newest first. */
export interface DerivedKeys {
  /** One 32-byte key for each key of the ring, HKDF-SHA-256 with `label` as info. */
  derive(label: string): readonly Uint8Array[];
}
