import { parseJsonBytes } from '../json.ts';
import { type EpochSeconds, epochSecondsOf, type Seconds, secondsOf } from '../time.ts';

/**
 * One try to log in. It travels sealed in `state`, so that clients without cookies cannot fill the store; the
 * store keeps only a marker that it was used.
 */
export interface LoginAttempt {
  /** Names the consumption marker; base64url of 16 random bytes. */
  readonly id: string;
  readonly instance: string;
  readonly provider: string;
  /** The public origin on which it began, and on which it must end. */
  readonly origin: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** Path, query and fragment on `origin`. */
  readonly returnTo: string;
  /** base64url(SHA-256) of the browser's binding secret. */
  readonly bindingHash: string;
  readonly expiresAt: EpochSeconds;
  /** Since when at most the user may have been authenticated; undefined: no matter. */
  readonly maxAge: Seconds | undefined;
}

const names = ['id', 'instance', 'provider', 'origin', 'nonce', 'codeVerifier', 'returnTo', 'bindingHash'] as const;

/** Members without `maxAge`, which is the last where it is there. */
const shortest = names.length + 1;

/** A compact JSON array, as `state` should stay short. Goes into a sealer and nowhere else. */
export function encodeLoginAttempt(attempt: LoginAttempt): Uint8Array {
  const maxAge = attempt.maxAge === undefined ? [] : [attempt.maxAge];
  return new TextEncoder().encode(
    JSON.stringify([attempt.expiresAt, ...names.map((name) => attempt[name]), ...maxAge]),
  );
}

/** Undefined for anything that {@link encodeLoginAttempt} did not write. */
export function decodeLoginAttempt(bytes: Uint8Array): LoginAttempt | undefined {
  const fields = parseJsonBytes(bytes);
  if (!Array.isArray(fields) || fields.length < shortest || fields.length > shortest + 1) return undefined;
  const [expiresAt, ...others]: readonly unknown[] = fields;
  const [id, instance, provider, origin, nonce, codeVerifier, returnTo, bindingHash, maxAge] = others;
  if (!Number.isSafeInteger(expiresAt) || typeof id !== 'string' || typeof instance !== 'string') return undefined;
  if (typeof provider !== 'string' || typeof origin !== 'string' || typeof nonce !== 'string') return undefined;
  if (maxAge !== undefined && !Number.isSafeInteger(maxAge)) return undefined;
  if (typeof codeVerifier !== 'string' || typeof returnTo !== 'string' || typeof bindingHash !== 'string')
    return undefined;
  return {
    id,
    instance,
    provider,
    origin,
    nonce,
    codeVerifier,
    returnTo,
    bindingHash,
    expiresAt: epochSecondsOf(Number(expiresAt)),
    maxAge: maxAge === undefined ? undefined : secondsOf(Number(maxAge)),
  };
}
