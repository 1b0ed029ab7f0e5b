import { describe, expect, it } from 'vitest';
import { claimsOf, parseJsonBytes, textsOf } from './json.ts';

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

describe('textsOf', () => {
  it.each([
    ['a', ['a']],
    [
      ['a', 1, 'b', null, ['c']],
      ['a', 'b'],
    ],
    [undefined, []],
    [null, []],
    [1, []],
    [{ 0: 'a' }, []],
  ])('finds in %j the texts %j', (claim, texts) => {
    expect(textsOf(claim)).toEqual(texts);
  });
});

describe('parseJsonBytes', () => {
  it('reads JSON in UTF-8, and nothing of other bytes', () => {
    expect(parseJsonBytes(Buffer.from('{"name":"Zoë"}'))).toEqual({ name: 'Zoë' });
    for (const bytes of [Buffer.from('{'), Buffer.from('"\xff"', 'latin1'), new Uint8Array()]) {
      expect(parseJsonBytes(bytes)).toBeUndefined();
    }
  });
});
