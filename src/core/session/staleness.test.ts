import { describe, expect, it } from 'vitest';
import { sessionAt, tokenSetAt } from '../../../test/support/session.ts';
import { epochMillisecondsOf, epochSecondsOf, secondsOf } from '../time.ts';
import { isStale, type RefreshReason } from './staleness.ts';

const begin = 1_767_225_600;
const at = (seconds: number) => epochMillisecondsOf((begin + seconds) * 1000);

/** With a token of an hour that came at `begin`; times are seconds from there. */
function sessionOf({ healed, lifetime = 3600 }: { healed?: number | undefined; lifetime?: number | undefined } = {}) {
  return sessionAt(begin, {
    tokenSet: tokenSetAt(begin, { expiresAt: epochSecondsOf(begin + lifetime) }),
    healedAt: healed === undefined ? undefined : epochSecondsOf(begin + healed),
  });
}

describe('a token that ends', () => {
  it.each<readonly [kind: 'near_end' | 'expired', now: number, expected: boolean]>([
    ['near_end', 3539, false],
    ['near_end', 3540, true],
    ['near_end', 3600, true],
    ['expired', 3540, false],
    ['expired', 3599.999, false],
    ['expired', 3600, true],
  ])('for the reason %s is stale %d s after it came: %j', (kind, now, expected) => {
    expect(isStale(sessionOf(), { kind }, at(now))).toBe(expected);
  });

  it.each(['near_end', 'expired'] as const)('for the reason %s is not stale where its end is unknown', (kind) => {
    const session = sessionAt(begin, { tokenSet: tokenSetAt(begin, { expiresAt: undefined }) });
    expect(isStale(session, { kind }, at(86_400))).toBe(false);
  });
});

describe('a token that a resource server refused', () => {
  const rejected = (requestedAt: number): RefreshReason => ({
    kind: 'rejected',
    requestedAt: at(requestedAt),
    cooldown: secondsOf(30),
  });

  it.each<
    readonly [
      what: string,
      times: { readonly requested: number; readonly now: number; readonly healed?: number; readonly lifetime?: number },
      expected: boolean,
    ]
  >([
    ['was there before the request began', { requested: 0.001, now: 1 }, true],
    ['came in the millisecond in which the request began', { requested: 0, now: 1 }, false],
    ['came after the request began: another was refused', { requested: -1, now: 1 }, false],
    ['replaced a refused one less than the cooldown ago', { requested: 5, now: 29.999, healed: 0 }, false],
    ['replaced a refused one the cooldown ago', { requested: 5, now: 30, healed: 0 }, true],
    ['replaced one that ended, longer after a heal', { requested: 5, now: 6, healed: -60 }, true],
    ['is within the cooldown and has ended', { requested: 5, now: 10, healed: 0, lifetime: 10 }, true],
    ['came after the request began and has ended', { requested: -1, now: 10, lifetime: 10 }, true],
    ['replaced one on a replica whose clock is ahead (G10)', { requested: 5, now: 6, healed: 8 }, false],
  ])('and that %s: %j is stale: %j', (_, { requested, now, ...parts }, expected) => {
    expect(isStale(sessionOf(parts), rejected(requested), at(now))).toBe(expected);
  });

  it('is stale at once where there is no cooldown', () => {
    const reason: RefreshReason = { kind: 'rejected', requestedAt: at(1), cooldown: secondsOf(0) };
    expect(isStale(sessionOf({ healed: 0 }), reason, at(1))).toBe(true);
  });
});
