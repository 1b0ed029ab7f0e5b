import { describe, expect, it } from 'vitest';
import { claimsOf } from './json.ts';

describe('claimsOf', () => {
  it('keeps a claim named __proto__ a claim and nothing else (T11)', () => {
    const claims = claimsOf(JSON.parse('{"__proto__":{"admin":true},"sub":"alice"}'));
    expect([...claims]).toEqual([
      ['__proto__', { admin: true }],
      ['sub', 'alice'],
    ]);
    expect(claims.get('admin')).toBeUndefined();
  });

  it.each([undefined, null, 'text', 1, true, [['sub', 'alice']]])('finds none in %j', (value) => {
    expect(claimsOf(value).size).toBe(0);
  });
});
