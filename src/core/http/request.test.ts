import { describe, expect, it } from 'vitest';
import { httpRequest } from '../../../test/support/http-request.ts';
import { headerValues, soleHeader } from './request.ts';

const request = httpRequest({ headers: { one: 'a', two: ['b', 'c'] } });

describe('request headers', () => {
  it('yields every value in arrival order', () => {
    expect(headerValues(request, 'two')).toEqual(['b', 'c']);
    expect(headerValues(request, 'one')).toEqual(['a']);
  });

  it('knows no header that did not come, whatever Object.prototype has (H12)', () => {
    expect(headerValues(request, 'constructor')).toEqual([]);
    expect(soleHeader(request, '__proto__')).toBeUndefined();
  });

  it('takes the value of a header that came once, and none of one that came twice', () => {
    expect(soleHeader(request, 'one')).toBe('a');
    expect(soleHeader(request, 'two')).toBeUndefined();
  });
});
