import { describe, expect, it } from 'vitest';
import { between, epochMillisecondsOf, epochSecondsOf, after as momentAfter, secondOf, secondsOf } from './time.ts';

describe('time', () => {
  it('cuts fractions of a second off moments (RFC 7519 NumericDate)', () => {
    expect(epochSecondsOf(1.9)).toBe(1);
    expect(epochSecondsOf(-0.5)).toBe(-1);
    expect(momentAfter(epochSecondsOf(10), secondsOf(0.9))).toBe(10);
  });

  it('cuts fractions of a millisecond off moments that are told finely, and finds their second', () => {
    expect(epochMillisecondsOf(1.9)).toBe(1);
    expect(epochMillisecondsOf(-0.5)).toBe(-1);
    expect(secondOf(epochMillisecondsOf(1999))).toBe(1);
    expect(secondOf(epochMillisecondsOf(2000))).toBe(2);
    expect(secondOf(epochMillisecondsOf(-1))).toBe(-1);
  });

  it('adds lengths to moments and finds the length between two', () => {
    expect(momentAfter(epochSecondsOf(10), secondsOf(5))).toBe(15);
    expect(between(epochSecondsOf(10), epochSecondsOf(15))).toBe(5);
    expect(between(epochSecondsOf(15), epochSecondsOf(10))).toBe(-5);
  });
});
