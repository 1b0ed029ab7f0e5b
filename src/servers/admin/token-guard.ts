import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../core/secret.ts';

export type Admission =
  | 'admitted'
  /** No credentials of the scheme Bearer. */
  | 'missing'
  | 'wrong'
  /** Too many wrong ones lately: this one was not looked at. */
  | 'too_many';

/** Wrong tokens in a row that are looked at; after that one in two seconds. */
const budget = 30;
const refillSeconds = 2;

/**
 * Looks at `Authorization` values (RFC 6750 §2.1). Guesses are bounded for all callers together: on a loopback address
 * and on a socket they cannot be told apart, and nobody else reaches the listener.
 */
export function createTokenGuard(
  token: () => Secret<string>,
  nowSeconds: () => number,
): (authorization: string | undefined) => Admission {
  let left = budget;
  let refilledAt = nowSeconds();
  return (authorization) => {
    const [, given] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
    if (given === undefined) return 'missing';
    const now = nowSeconds();
    left = Math.min(budget, left + (now - refilledAt) / refillSeconds);
    refilledAt = now;
    if (left < 1) return 'too_many';
    if (isSame(given, token().reveal())) return 'admitted';
    left -= 1;
    return 'wrong';
  };
}

/** In constant time, whatever the lengths. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(createHash('sha256').update(one).digest(), createHash('sha256').update(other).digest());
}
