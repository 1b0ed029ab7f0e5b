import { describe, expect, it } from 'vitest';
import { between, epochSecondsOf, after as momentAfter, secondsOf } from './time.ts';

describe('time', () => {
  it('cuts fractions of a second off moments (RFC 7519 NumericDate)', () => {
    expect(epochSecondsOf(1.9)).toBe(1);
    expect(epochSecondsOf(-0.5)).toBe(-1);
    expect(momentAfter(epochSecondsOf(10), secondsOf(0.9))).toBe(10);
  });

  it('adds lengths to moments and finds the length between two', () => {
    expect(momentAfter(epochSecondsOf(10), secondsOf(5))).toBe(15);
    expect(between(epochSecondsOf(10), epochSecondsOf(15))).toBe(5);
    expect(between(epochSecondsOf(15), epochSecondsOf(10))).toBe(-5);
  });
});
