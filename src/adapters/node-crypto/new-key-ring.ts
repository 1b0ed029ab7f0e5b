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

/** The ring with a new last key, which opens and does not seal: for replicas to know before one of them seals with it. */
export function withStandbyKey(ring: KeyRing, random: Random, now: EpochSeconds): KeyRing {
  const [first, ...others] = ring.keys;
  return { keys: [first, ...others, { ...newKey(random, now), promotedAt: null }] };
}

/** The ring with the key of this id in front; undefined when there is none, or when it is there. */
export function withPromotedKey(ring: KeyRing, id: string, now: EpochSeconds): KeyRing | undefined {
  const key = ring.keys.find((each) => each.id === id);
  if (key === undefined || key === ring.keys[0]) return undefined;
  return { keys: [{ ...key, promotedAt: timestamp(now) }, ...ring.keys.filter((each) => each !== key)] };
}

/** The ring without the key of this id; undefined when there is none, or when it is the first, which seals. */
export function withoutKey(ring: KeyRing, id: string): KeyRing | undefined {
  const [first, ...others] = ring.keys;
  const left = others.filter((each) => each.id !== id);
  return left.length === others.length ? undefined : { keys: [first, ...left] };
}

/** The JSON text of a ring, secrets included: for the key ring file and nothing else. */
export function renderKeyRing(ring: KeyRing): string {
  const keys = ring.keys.map(({ id, createdAt, promotedAt, secret }) => ({
    id,
    createdAt,
    ...(promotedAt === undefined ? {} : { promotedAt }),
    secret: encodeBase64url(secret.reveal()),
  }));
  return `${JSON.stringify({ keys }, null, 2)}\n`;
}

function newKey(random: Random, now: EpochSeconds): RingKey {
  const key = random.bytes(keyLength);
  return { id: keyIdOf(key), createdAt: timestamp(now), promotedAt: undefined, secret: new Secret(key) };
}

function timestamp(moment: EpochSeconds): string {
  return new Date(moment * 1000).toISOString().replace('.000Z', 'Z');
}
