import { describe, expect, it } from 'vitest';
import { epochSecondsOf } from '../time.ts';
import { retryAfterOf } from './retry-after.ts';

/** 2026-01-01T00:00:00Z, a Thursday. */
const now = epochSecondsOf(1_767_225_600);

describe('Retry-After (RFC 9110 §10.2.3)', () => {
  it.each([
    ['7', 7],
    [' 120 ', 120],
    ['300', 300],
    ['301', 300],
    ['9'.repeat(400), 300],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60],
    ['Fri, 01 Jan 2027 00:00:00 GMT', 300],
  ])('%j asks for %i s', (header, seconds) => {
    expect(retryAfterOf(header, now)).toBe(seconds);
  });

  it.each([
    undefined,
    '',
    '0',
    '-1',
    '1.5',
    '1e9',
    '10, 20',
    'soon',
    'Infinity',
    '2026-01-01T00:01:00Z',
    'Wed, 31 Dec 2025 23:59:59 GMT',
    'Thu, 99 Xyz 2026 00:01:00 GMT',
    'Thursday, 01-Jan-26 00:01:00 GMT',
  ])('%j asks for nothing', (header) => {
    expect(retryAfterOf(header, now)).toBeUndefined();
  });
});
