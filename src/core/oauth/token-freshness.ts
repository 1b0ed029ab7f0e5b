import type { EpochMilliseconds } from '../time.ts';
import type { TokenSet } from './token-set.ts';

/** How much of its life an access token has left. A token whose end is not known is fresh. */
export type TokenFreshness = 'fresh' | 'near_end' | 'expired';

/** Longest time before its end from which on a token is near it, in milliseconds, and the same as a part of its life. */
const longestNotice = 60_000;
const noticePart = 0.2;
/** How much of the notice chance may take away, so that tokens of one moment are not replaced in one moment. */
const jitterPart = 0.25;

/** Near its end is a token in the last minute, or fifth, of its life, whichever is shorter; some a little later. */
export function freshnessOf({ obtainedAt, expiresAt }: TokenSet, now: EpochMilliseconds): TokenFreshness {
  if (expiresAt === undefined) return 'fresh';
  const left = expiresAt * 1000 - now;
  if (left <= 0) return 'expired';
  const notice = Math.min(longestNotice, noticePart * (expiresAt * 1000 - obtainedAt));
  // As good as chance, and the same in every process.
  const jitter = (obtainedAt % 1000) / 1000;
  return left <= notice * (1 - jitterPart * jitter) ? 'near_end' : 'fresh';
}
