/**
 * What a sealed value is for. A value sealed for one purpose never opens for another: each purpose has a key
 * of its own, derived (HKDF-SHA-256) from the key ring.
 */
export type SealPurpose =
  | 'session'
  | 'sealed-session'
  | 'login-attempt'
  | 'callback-handle'
  | 'issuer-record'
  | 'agent-cookie';

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
