import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { type KeyRing, keyLength } from './key-ring.ts';

/** A key for one use, derived from one key of the ring. */
export interface DerivedKey {
  /** The id of the ring key it comes from. */
  readonly id: string;
  readonly key: KeyObject;
}

/**
 * One key for each key of the ring, newest first: HKDF-SHA-256 (RFC 5869) with `info`, 32 bytes. KeyObjects, as
 * Node encrypts three times faster with one than with the bytes.
 */
export function deriveKeys(ring: KeyRing, info: string): readonly [DerivedKey, ...DerivedKey[]] {
  const derive = ({ id, secret }: KeyRing['keys'][0]): DerivedKey => ({
    id,
    key: createSecretKey(expand(secret.reveal(), '', info)),
  });
  const [first, ...others] = ring.keys;
  return [derive(first), ...others.map(derive)];
}

/** 32 bytes of HKDF-SHA-256. Root keys are uniformly random, so that an empty salt is sound (RFC 5869 §3.1). */
export function expand(root: Uint8Array, salt: string, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', root, salt, info, keyLength));
}
