import { describe, expect, it } from 'vitest';
import { sessionAt, tokenSetAt } from '../../../test/support/session.ts';
import { epochMillisecondsOf, epochSecondsOf, secondsOf } from '../time.ts';
import { dueRefresh } from './due-refresh.ts';

const begin = 1_767_225_600;
const at = (seconds: number) => epochMillisecondsOf((begin + seconds) * 1000);
const cooldown = secondsOf(30);

/** What is due so many seconds after a token of an hour came. */
function dueAt(seconds: number, { isRejected = false, session = sessionAt(begin) } = {}) {
  const rejected = isRejected ? { requestedAt: at(seconds - 1) } : undefined;
  return dueRefresh(session, { now: at(seconds), rejected, cooldown })?.kind;
}

describe('an access token', () => {
  it.each([
    ['is left alone while it is fresh', 3500, false, undefined],
    ['is replaced before its end', 3570, false, 'near_end'],
    ['is replaced after its end', 3600, false, 'expired'],
    ['is replaced where it was refused', 3500, true, 'rejected'],
    ['is replaced where it was refused, near its end as well: the request waits for it', 3570, true, 'rejected'],
    ['is replaced after its end, refused or not', 3600, true, 'expired'],
  ] as const)('%s', (_what, seconds, isRejected, expected) => {
    expect(dueAt(seconds, { isRejected })).toBe(expected);
  });

  it('is left alone where another came after the request began that was refused', () => {
    const session = sessionAt(begin, { tokenSet: tokenSetAt(begin + 100) });
    const rejected = { requestedAt: at(99) };
    expect(dueRefresh(session, { now: at(101), rejected, cooldown })).toBeUndefined();
  });

  it('is left alone where it came because the one before was refused', () => {
    const session = sessionAt(begin, { healedAt: epochSecondsOf(begin) });
    expect(dueAt(29, { isRejected: true, session })).toBeUndefined();
    expect(dueAt(30, { isRejected: true, session })).toBe('rejected');
  });

  it.each([3500, 3570, 3600])('is left alone %i s after it came where nothing can replace it', (seconds) => {
    const session = sessionAt(begin, { tokenSet: tokenSetAt(begin, { refreshToken: undefined }) });
    expect(dueAt(seconds, { isRejected: true, session })).toBeUndefined();
  });
});
