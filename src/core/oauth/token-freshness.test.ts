import { describe, expect, it } from 'vitest';
import { tokenSetAt } from '../../../test/support/session.ts';
import { epochMillisecondsOf, epochSecondsOf } from '../time.ts';
import { freshnessOf, type TokenFreshness } from './token-freshness.ts';

const begin = 1_767_225_600;

/** Of a token that lives for so many seconds, `after` milliseconds after it came at `begin` and `jitter` milliseconds. */
function freshness(lifetime: number, after: number, jitter = 0): TokenFreshness {
  const obtainedAt = epochMillisecondsOf(begin * 1000 + jitter);
  const tokenSet = tokenSetAt(begin, { obtainedAt, expiresAt: epochSecondsOf(begin + lifetime) });
  return freshnessOf(tokenSet, epochMillisecondsOf(begin * 1000 + after));
}

describe('freshnessOf', () => {
  it.each<readonly [what: string, lifetime: number, nearEnd: number]>([
    ['an hour: the last minute', 3600, 3_540_000],
    ['half a day: the last minute', 43_200, 43_140_000],
    ['five minutes: a minute is the fifth of them', 300, 240_000],
    ['a minute: the last fifth', 60, 48_000],
    ['5 s: the last second', 5, 4000],
    ['1 s: the last fifth', 1, 800],
  ])('is near its end, to the millisecond, of a token that lives for %s', (_, lifetime, nearEnd) => {
    expect(freshness(lifetime, 0)).toBe('fresh');
    expect(freshness(lifetime, nearEnd - 1)).toBe('fresh');
    expect(freshness(lifetime, nearEnd)).toBe('near_end');
    expect(freshness(lifetime, lifetime * 1000 - 1)).toBe('near_end');
    expect(freshness(lifetime, lifetime * 1000)).toBe('expired');
    expect(freshness(lifetime, lifetime * 1000 + 3_600_000)).toBe('expired');
  });

  it.each<readonly [lifetime: number, jitter: number, nearEnd: number]>([
    // At most a quarter of the notice is taken away.
    [3600, 0, 3_540_000],
    [3600, 500, 3_547_500],
    [3600, 999, 3_554_985],
    // A fifth of its 4.5 s is 0.9 s, of which an eighth is taken away.
    [5, 500, 4213],
  ])(
    'comes later for some of the tokens of %i s, by the millisecond %i in which they came',
    (lifetime, jitter, nearEnd) => {
      expect(freshness(lifetime, nearEnd - 1, jitter)).toBe('fresh');
      expect(freshness(lifetime, nearEnd, jitter)).toBe('near_end');
    },
  );

  it('is fresh for ever where nobody said when the token ends (RFC 6749 §5.1)', () => {
    const tokenSet = tokenSetAt(begin, { expiresAt: undefined });
    expect(freshnessOf(tokenSet, epochMillisecondsOf((begin + 86_400_000) * 1000))).toBe('fresh');
  });

  it.each([0, -1, -3600])('is expired from the start where it ends %i s after it came (F8)', (lifetime) => {
    expect(freshness(lifetime, 0)).toBe('expired');
  });

  it('is fresh where the clock of the replica that obtained it is ahead (G10)', () => {
    expect(freshness(3600, -5000)).toBe('fresh');
  });
});
