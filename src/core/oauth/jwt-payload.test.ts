import { describe, expect, it } from 'vitest';
import { jwtPayloadOf } from './jwt-payload.ts';

const encoded = (text: string) => Buffer.from(text).toString('base64url');

describe('jwtPayloadOf', () => {
  it('reads the claims of a token, signed or not (RFC 7519 §3)', () => {
    expect(jwtPayloadOf(`${encoded('{}')}.${encoded('{"sub":"alice","exp":1}')}.c2ln`)).toEqual(
      new Map<string, string | number>([
        ['sub', 'alice'],
        ['exp', 1],
      ]),
    );
    expect(jwtPayloadOf(`${encoded('{}')}.${encoded('{"sub":"a"}')}.`)?.get('sub')).toBe('a');
  });

  it.each([
    '',
    'opaque',
    'a.b',
    'a.b.c.d',
    `.${encoded('{"sub":"a"}')}.c`,
    'a..c',
    `a.${encoded('[1]')}.c`,
    `a.${encoded('{}')}.c`,
    `a.${encoded('"text"')}.c`,
    `a.${encoded('{"sub"')}.c`,
    'a.////.c',
  ])('takes %j for no JWT', (token) => {
    expect(jwtPayloadOf(token)).toBeUndefined();
  });
});
