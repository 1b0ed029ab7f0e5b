import { describe, expect, it } from 'vitest';
import { httpRequest } from '../../../test/support/http-request.ts';
import { hasUnderscoredHeader, isWithin } from './header-limits.ts';

describe('isWithin (S10)', () => {
  const limits = { maxHeaderBytes: 100, maxHeaderCount: 3 };
  // GET and app.example.com and a path of 10: 28 bytes.
  const base = { target: '/123456789' };

  it.each([
    [{}, true],
    [{ a: 'x'.repeat(71) }, true],
    [{ a: 'x'.repeat(72) }, false],
    [{ a: ['x'.repeat(35), 'x'.repeat(35)] }, true],
    [{ a: ['x'.repeat(35), 'x'.repeat(36)] }, false],
    [{ [`x${'y'.repeat(71)}`]: '' }, true],
    [{ [`x${'y'.repeat(72)}`]: '' }, false],
    [{ a: ['1', '2', '3'] }, true],
    [{ a: ['1', '2'], b: ['3', '4'] }, false],
  ])('%#: counts bytes of names and values, and lines', (headers, expected) => {
    expect(isWithin(limits, httpRequest({ ...base, headers }))).toBe(expected);
  });

  it('counts the request line too', () => {
    expect(isWithin(limits, httpRequest({ target: `/${'a'.repeat(81)}` }))).toBe(true);
    expect(isWithin(limits, httpRequest({ target: `/${'a'.repeat(82)}` }))).toBe(false);
  });
});

describe('hasUnderscoredHeader (H2)', () => {
  it.each([
    [{ 'x-a': '1', accept: 'a_b' }, false],
    [{ 'x-a': '1', x_a: '1' }, true],
    [{ _: '1' }, true],
    [{}, false],
  ])('%j: %j', (headers, expected) => {
    expect(hasUnderscoredHeader(httpRequest({ headers }))).toBe(expected);
  });
});
