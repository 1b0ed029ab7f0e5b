import type { Seconds } from '../core/time.ts';
import type { Random } from '../ports/random.ts';

/** In milliseconds; the longest is what users wait at most after a provider has come back. */
const shortest = 1000;
const longest = 30_000;

/**
 * Milliseconds until the next try after one more failure beside `failures` earlier ones: doubling, and up to half of it
 * taken away by chance, so that not all come back at once. Never less than the provider asked for.
 */
export function backOffAfter(failures: number, retryAfter: Seconds | undefined, random: Random): number {
  const ceiling = Math.min(longest, shortest * 2 ** Math.min(failures, 10));
  const [chance = 0] = random.bytes(1);
  return Math.max((retryAfter ?? 0) * 1000, Math.ceil(ceiling * (1 - chance / 512)));
}
