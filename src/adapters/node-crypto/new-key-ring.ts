import { Secret } from '../../core/secret.ts';
import type { EpochSeconds } from '../../core/time.ts';
import type { Random } from '../../ports/random.ts';
import { encodeBase64url } from './base64url.ts';
import { type KeyRing, keyIdOf, keyLength, type RingKey } from './key-ring.ts';

/** A ring of one new key. */
export function newKeyRing(random: Random, now: EpochSeconds): KeyRing {
  return { keys: [newKey(random, now)] };
}

/** The ring with a new first key; everything that the old keys sealed still opens. */
export function withNewKey(ring: KeyRing, random: Random, now: EpochSeconds): KeyRing {
  return { keys: [newKey(random, now), ...ring.keys] };
}

/** The JSON text of a ring, secrets included: for the key ring file and nothing else. */
export function renderKeyRing(ring: KeyRing): string {
  const keys = ring.keys.map(({ id, createdAt, secret }) => ({
    id,
    createdAt,
    secret: encodeBase64url(secret.reveal()),
  }));
  return `${JSON.stringify({ keys }, null, 2)}\n`;
}

function newKey(random: Random, now: EpochSeconds): RingKey {
  const key = random.bytes(keyLength);
  return { id: keyIdOf(key), createdAt: timestamp(now), secret: new Secret(key) };
}

function timestamp(moment: EpochSeconds): string {
  return new Date(moment * 1000).toISOString().replace('.000Z', 'Z');
}
