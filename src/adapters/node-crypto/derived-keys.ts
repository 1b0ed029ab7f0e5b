import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { DerivedKeys } from '../../ports/derived-keys.ts';
import { type KeyRing, keyLength, type RingKey } from './key-ring.ts';

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
  const derive = ({ id, secret }: RingKey): DerivedKey => ({
    id,
    key: createSecretKey(expand(secret.reveal(), '', info)),
  });
  const [first, ...others] = ring.keys;
  return [derive(first), ...others.map(derive)];
}

// A salt of its own, so that no label, whatever it says, can yield a key of the sealer or of the id names.
const labelSalt = 'sallyport derived keys';

/** Keys for libraries with their own cryptography. Derived anew at each call: call it once, at start-up. */
export function createDerivedKeys(ring: KeyRing): DerivedKeys {
  return {
    derive: (label) => ring.keys.map(({ secret }) => expand(secret.reveal(), labelSalt, label)),
  };
}

/** 32 bytes of HKDF-SHA-256. Root keys are uniformly random, so that an empty salt is sound (RFC 5869 §3.1). */
function expand(root: Uint8Array, salt: string, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', root, salt, info, keyLength));
}
