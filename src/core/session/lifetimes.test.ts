import { describe, expect, it } from 'vitest';
import { sessionAt, tokenSetAt } from '../../../test/support/session.ts';
import { epochSecondsOf, secondsOf } from '../time.ts';
import { type FoundSession, needsTouch, sessionEnd } from './lifetimes.ts';

const begin = 1_767_225_600;
const idle = secondsOf(1800);

function found(lastSeen = 0, session = sessionAt(begin)): FoundSession {
  return { session, name: undefined, lastSeenAt: epochSecondsOf(begin + lastSeen) };
}

const at = (seconds: number) => epochSecondsOf(begin + seconds);

describe('sessionEnd', () => {
  it('ends at the absolute lifetime, whatever the activity', () => {
    const twelveHours = 12 * 3600;
    expect(sessionEnd(found(twelveHours - 1), at(twelveHours - 1), idle)).toBeUndefined();
    expect(sessionEnd(found(twelveHours - 1), at(twelveHours), idle)).toBe('absolute_lifetime');
  });

  it('ends after the idle lifetime, to the second', () => {
    expect(sessionEnd(found(100), at(100 + 1799), idle)).toBeUndefined();
    expect(sessionEnd(found(100), at(100 + 1800), idle)).toBe('idle_lifetime');
  });

  it('does not end with its access token: that is replaced', () => {
    const short = sessionAt(begin, { tokenSet: tokenSetAt(begin, { expiresAt: at(5) }) });
    expect(sessionEnd(found(3600, short), at(3600), idle)).toBeUndefined();
  });

  it('lives on where the clock of the replica that saw it last is ahead (G10)', () => {
    expect(sessionEnd(found(300), at(0), idle)).toBeUndefined();
  });
});

describe('needsTouch', () => {
  it.each([
    [3600, 60],
    [12 * 3600, 60],
    [600, 60],
    [599, 59],
    [100, 10],
    [10, 1],
    [1, 1],
  ])('with an idle lifetime of %i s writes at most every %i s', (idleLifetime, interval) => {
    expect(needsTouch(found(), at(interval - 1), secondsOf(idleLifetime))).toBe(false);
    expect(needsTouch(found(), at(interval), secondsOf(idleLifetime))).toBe(true);
  });

  it('does not write where another clock is ahead (G10)', () => {
    expect(needsTouch(found(300), at(0), idle)).toBe(false);
  });
});
