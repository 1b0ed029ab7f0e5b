import { createHash } from 'node:crypto';
import { Secret } from '../../core/secret.ts';
import { decodeBase64url } from './base64url.ts';

/** One root key. Every key that is used is derived from it; it encrypts nothing itself. */
export interface RingKey {
  /** Six base64url characters that say which key it is and nothing about its value; see {@link keyIdOf}. */
  readonly id: string;
  /** RFC 3339 in UTC, whole seconds: for people, nothing depends on it. */
  readonly createdAt: string;
  /**
   * Since when it seals, in the same form, where that is later than `createdAt`; `null` for a standby key, which has
   * never sealed. Undefined: since it was made. For people too.
   */
  readonly promotedAt: string | null | undefined;
  /** 32 bytes. */
  readonly secret: Secret<Uint8Array>;
}

/** Newest first: the first key seals and names, all of them open and recognise. Never empty. */
export interface KeyRing {
  readonly keys: readonly [RingKey, ...RingKey[]];
}

/** Bytes in a root key. */
export const keyLength = 32;

/** The first six characters of base64url(SHA-256('sallyport key id' ‖ key)). */
export function keyIdOf(key: Uint8Array): string {
  return createHash('sha256').update('sallyport key id').update(key).digest('base64url').slice(0, 6);
}

/** `problem` names the member and the fix, never a value: it may be logged. */
export type ParsedKeyRing =
  | { readonly kind: 'ok'; readonly ring: KeyRing }
  | { readonly kind: 'invalid'; readonly problem: string };

const make = 'make one with `sallyport keys new`';

// 32 random bytes have fewer than 16 different values once in 2^51 rings; typed texts, hex digits and patterns
// have fewer nearly always.
const fewestDistinctBytes = 16;

/** Reads the JSON text of a key ring file and refuses every ring that would not protect anything. */
export function parseKeyRing(text: string): ParsedKeyRing {
  try {
    return { kind: 'ok', ring: ringOf(parseJson(text)) };
  } catch (error) {
    if (error instanceof KeyRingProblem) return { kind: 'invalid', problem: error.message };
    throw error;
  }
}

/** Ends the reading at the first problem; caught in {@link parseKeyRing} and nowhere else. */
class KeyRingProblem extends Error {}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without the parser's message: it quotes the text, and the text is keys.
    throw new KeyRingProblem(`the key ring is not JSON: ${make}`);
  }
}

function ringOf(value: unknown): KeyRing {
  const members = membersOf(value, '', ['keys']);
  const list = members.get('keys');
  if (!Array.isArray(list)) throw new KeyRingProblem(`keys: expected a list of keys; ${make}`);
  const [first, ...others] = list.map(keyOf);
  if (first === undefined) throw new KeyRingProblem(`keys: the ring is empty; ${make}`);
  const seen = new Set<string>();
  for (const [index, { id }] of [first, ...others].entries()) {
    if (seen.has(id)) throw new KeyRingProblem(`keys[${index}]: this key stands in the ring twice; remove one of them`);
    seen.add(id);
  }
  if (first.promotedAt === null) {
    throw new KeyRingProblem(
      'keys[0].promotedAt: the first key seals, so it is no standby key; move it back to the end and use `sallyport keys promote`',
    );
  }
  return { keys: [first, ...others] };
}

function keyOf(value: unknown, index: number): RingKey {
  const path = `keys[${index}]`;
  const members = membersOf(value, path, ['id', 'createdAt', 'secret'], ['promotedAt']);
  const secret = secretOf(members.get('secret'), `${path}.secret`);
  const id = members.get('id');
  if (id !== keyIdOf(secret)) {
    throw new KeyRingProblem(
      `${path}.id: does not fit the secret, so one of the two was changed; restore the file or ${make}`,
    );
  }
  const promotedAt = members.get('promotedAt');
  return {
    id,
    createdAt: momentOf(members.get('createdAt'), `${path}.createdAt`),
    promotedAt:
      promotedAt === undefined || promotedAt === null ? promotedAt : momentOf(promotedAt, `${path}.promotedAt`),
    secret: new Secret(secret),
  };
}

function secretOf(value: unknown, path: string): Uint8Array {
  if (typeof value !== 'string')
    throw new KeyRingProblem(`${path}: expected a text of 43 base64url characters; ${make}`);
  const bytes = decodeBase64url(value);
  if (bytes === undefined)
    throw new KeyRingProblem(`${path}: not base64url without padding (A-Z a-z 0-9 - _); ${make}`);
  if (bytes.length !== keyLength) {
    throw new KeyRingProblem(
      `${path}: expected ${keyLength} bytes (43 base64url characters), found ${bytes.length}; ${make}`,
    );
  }
  const distinct = new Set(bytes).size;
  if (distinct === 1) throw new KeyRingProblem(`${path}: weak key, all its bytes are the same; ${make}`);
  if (distinct < fewestDistinctBytes) throw new KeyRingProblem(`${path}: weak key, too few different bytes; ${make}`);
  return bytes;
}

function momentOf(value: unknown, path: string): string {
  const isTimestamp = typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value);
  if (!isTimestamp || Number.isNaN(Date.parse(value))) {
    throw new KeyRingProblem(`${path}: expected a moment such as 2026-01-31T09:30:00Z`);
  }
  return value;
}

/** The members of an object that has all of `names`, and no others but those of `optional`. */
function membersOf(
  value: unknown,
  path: string,
  names: readonly string[],
  optional: readonly string[] = [],
): ReadonlyMap<string, unknown> {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new KeyRingProblem(`${path === '' ? 'the key ring' : path}: expected an object; ${make}`);
  }
  const members = new Map<string, unknown>(Object.entries(value));
  for (const name of members.keys()) {
    // The name is quoted and cut short: a key pasted into the wrong place must not reach a log whole.
    if (!names.includes(name) && !optional.includes(name))
      throw new KeyRingProblem(`${at(JSON.stringify(name.slice(0, 12)))}: unknown member; remove it`);
  }
  for (const name of names) {
    if (!members.has(name)) throw new KeyRingProblem(`${at(name)}: missing; ${make}`);
  }
  return members;
}
