import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/support/arbitraries.ts';
import { httpRequest } from '../../../test/support/http-request.ts';
import {
  type CookieStyle,
  clearCookie,
  countCookies,
  hasCookie,
  readCookie,
  setCookie,
  stripCookies,
} from './cookies.ts';

const own = '__Host-sallyport';
const names = new Set([own, `${own}-login`]);

function withCookies(...lines: readonly string[]) {
  return httpRequest({ headers: { cookie: lines } });
}

/** A UTF-8 text as its bytes, one character each. */
function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

describe('readCookie', () => {
  it.each([
    [['__Host-sallyport=abc'], 'abc'],
    [['a=1; __Host-sallyport=abc; b=2'], 'abc'],
    [['a=1;__Host-sallyport=abc'], 'abc'],
    [['a=1', '__Host-sallyport=abc'], 'abc'],
    [['\t__Host-sallyport =\tabc '], 'abc'],
    [['__Host-sallyport=a=b=='], 'a=b=='],
    [['__Host-sallyport="abc"'], '"abc"'],
    [['__Host-sallyport='], ''],
    [[latin1('name=voilà; __Host-sallyport=abc')], 'abc'],
  ])('finds ours in %j', (lines, value) => {
    expect(readCookie(withCookies(...lines), own)).toBe(value);
  });

  it.each([
    [[], 'no Cookie header'],
    [['a=1; b=2'], 'only other cookies'],
    [['__Host-sallyport-login=abc'], 'a name that continues ours'],
    [['x__Host-sallyport=abc'], 'a name that ends like ours'],
    [['__host-sallyport=abc'], 'another case'],
    [['a=__Host-sallyport'], 'our name as a value'],
    [['a="x=__Host-sallyport=abc'], 'our name inside a value'],
    [['__Host-sallyport'], 'our name without a value'],
    [['$Version=1, __Host-sallyport=abc'], 'RFC 2965 commas (S9)'],
    [['\u00a0__Host-sallyport=abc'], 'a Unicode blank (S9)'],
    [['__Host-sallyport=abc; __Host-sallyport=abc'], 'ours twice in a line (S8)'],
    [['__Host-sallyport=abc', '__Host-sallyport=def'], 'ours twice in two lines (S8)'],
    [['__Host-sallyport=abc; a=\xff'], 'bytes that are not UTF-8 beside it (H15)'],
    [['__Host-sallyport=\xc3'], 'bytes that are not UTF-8 in it (H15)'],
    [['__Host-sallyport=abc', 'a=\xed\xa0\x80'], 'a surrogate in another line (H15)'],
  ])('finds nothing in %j: %s', (lines) => {
    expect(readCookie(withCookies(...lines), own)).toBeUndefined();
  });
});

describe('stripCookies (H14)', () => {
  it.each([
    [['a=1; b=2']],
    [['__Host-sallyport2=x; __host-sallyport=x; x__Host-sallyport=x']],
    [['a=__Host-sallyport; b="__Host-sallyport=1"']],
    [['a=\xff\xfe; b=\xc3']],
    [['', ';;', ' ; ']],
    [[]],
  ])('leaves %j alone: it has none of ours, so any byte may be in it', (lines) => {
    expect(stripCookies(withCookies(...lines), names)).toEqual({ kind: 'unchanged' });
  });

  it.each([
    [['__Host-sallyport=x']],
    [['__Host-sallyport']],
    [[' __Host-sallyport = x ; __Host-sallyport-login=y;']],
    [['__Host-sallyport=x', '__Host-sallyport-login=y']],
    [['__Host-sallyport=x; a=\xff']],
  ])('says that nothing is left of %j', (lines) => {
    expect(stripCookies(withCookies(...lines), names)).toEqual({ kind: 'nothing_left' });
  });

  it.each([
    [['__Host-sallyport=x; a=1'], 'a=1'],
    [['a=1; __Host-sallyport=x'], 'a=1'],
    [['a=1; __Host-sallyport=x; b=2'], 'a=1; b=2'],
    [['a=1;__Host-sallyport=x;b=2'], 'a=1;b=2'],
    [['a=1; __Host-sallyport=x; __Host-sallyport=y; a=2; a=1'], 'a=1; a=2; a=1'],
    [['a=1', '__Host-sallyport=x', 'b=2; c=3'], 'a=1; b=2; c=3'],
    [['a = "q\\" r" ; __Host-sallyport=x; flag; =odd; $Path=/'], 'a = "q\\" r" ; flag; =odd; $Path=/'],
    [[`${latin1('name=voilà')}; __Host-sallyport=x`], latin1('name=voilà')],
    [[`__Host-sallyport=x; ${latin1('n=é🔑')}`], latin1('n=é🔑')],
  ])('takes ours out of %j and keeps the rest byte for byte', (lines, value) => {
    expect(stripCookies(withCookies(...lines), names)).toEqual({ kind: 'changed', value });
  });

  it.each([
    ['\xff', 'a byte that UTF-8 does not have'],
    ['\t', 'a tab, for which the last guard would refuse the whole answer'],
    ['\x01', 'a control character'],
    ['\xc3', 'a sequence cut short'],
    ['\xc0\xaf', 'an overlong slash'],
    ['\xed\xa0\x80', 'a surrogate'],
    ['\xf4\x90\x80\x80', 'a code point past U+10FFFF'],
  ])('drops a pair with %j when it must write the header anew: %s', (bytes) => {
    const request = withCookies(`a=1; bad=${bytes}; b=2; __Host-sallyport=x`);
    expect(stripCookies(request, names)).toEqual({ kind: 'changed', value: 'a=1; b=2' });
  });

  it('keeps every pair of others, in order, whatever bytes are in it, and leaves none of ours', () => {
    const text = fc
      .string({ unit: fc.constantFrom(...'abz09-_="$, '), minLength: 1, maxLength: 12 })
      .map((pair) => `p${pair}q`);
    const foreign = fc.tuple(text, anyText(6)).map(([head, tail]) => {
      return `${head}${latin1(tail.replaceAll(/[;\p{Cc}]/gu, ''))}q`;
    });
    const ours = fc.constantFrom(
      '__Host-sallyport=v',
      '__Host-sallyport',
      '__Host-sallyport-login=w',
      '__Host-sallyport=\xff',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(foreign, ours)), (pairs) => {
        const others = pairs.filter((pair) => !pair.startsWith('__Host-'));
        const stripped = stripCookies(withCookies(pairs.join('; ')), names);
        if (others.length === pairs.length) expect(stripped).toEqual({ kind: 'unchanged' });
        else if (others.length === 0) expect(stripped).toEqual({ kind: 'nothing_left' });
        else expect(stripped).toEqual({ kind: 'changed', value: others.join('; ') });
      }),
    );
  });

  it('calls UTF-8 what a strict decoder takes, and nothing else', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const isText = (bytes: Uint8Array): boolean => {
      try {
        decoder.decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
    // Where the table of RFC 3629 §4 changes.
    const byte = fc.constantFrom(...Buffer.from('41808f909fa0bfc0c1c2dfe0e1ecedeeeff0f1f3f4f5ff', 'hex'));
    fc.assert(
      fc.property(fc.array(byte, { minLength: 1, maxLength: 5 }), (array) => {
        const request = withCookies(`__Host-sallyport=x; a=${Buffer.from(array).toString('latin1')}`);
        const isKept = stripCookies(request, names).kind === 'changed';
        expect(isKept).toBe(isText(Uint8Array.from(array)));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes little time for a header full of pairs that are no text', () => {
    const request = withCookies(`__Host-sallyport=x;${'\xff;'.repeat(45_000)}`);
    for (let count = 0; count < 20; count += 1) {
      expect(stripCookies(request, names).kind).toBe('nothing_left');
    }
  }, 2000);

  it('writes nothing that Envoy could not take: always UTF-8', () => {
    const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString('latin1'));
    fc.assert(
      fc.property(fc.array(bytes), (lines) => {
        const stripped = stripCookies(withCookies(...lines, '__Host-sallyport=x'), names);
        const value = stripped.kind === 'changed' ? stripped.value : '';
        const decoder = new TextDecoder('utf-8', { fatal: true });
        expect(() => decoder.decode(Buffer.from(value, 'latin1'))).not.toThrow();
        expect(value).not.toContain('__Host-sallyport=x');
      }),
    );
  });
});

describe('hasCookie', () => {
  it.each([
    ['a=1', true],
    ['a=', true],
    ['b=1; a=1; a=2', true],
    ['a=\xff', true],
    ['b=1', false],
    ['aa=1; ba=a', false],
    ['a', false],
  ])('sees in %j whether a cookie came, readable or not: %j', (line, expected) => {
    expect(hasCookie(withCookies(line), 'a')).toBe(expected);
  });

  it('sees none without a Cookie header', () => {
    expect(hasCookie(httpRequest(), 'a')).toBe(false);
  });
});

describe('countCookies', () => {
  it('counts all of a name, whatever is in them and in whichever lines they came', () => {
    const request = withCookies('a=1; b=1; a=', 'a=\xff; aa=1; a');
    expect(['a', 'b', 'c'].map((name) => countCookies(request, name))).toEqual([3, 1, 0]);
  });
});

describe('Set-Cookie values (RFC 6265bis §4.1)', () => {
  it('makes host-only Secure HttpOnly Lax cookies for the whole host', () => {
    expect(setCookie('__Host-a', 'v', { secure: true })).toBe('__Host-a=v; Path=/; HttpOnly; SameSite=Lax; Secure');
  });

  it('leaves out Secure in plain-HTTP development alone', () => {
    expect(setCookie('a', 'v', { secure: false })).toBe('a=v; Path=/; HttpOnly; SameSite=Lax');
  });

  it.each<readonly [CookieStyle, string]>([
    [{ secure: true, path: '/agent' }, 'Path=/agent; HttpOnly; SameSite=Lax; Secure'],
    [{ secure: true, domain: undefined }, 'Path=/; HttpOnly; SameSite=Lax; Secure'],
    [{ secure: false, sameSite: 'Strict' }, 'Path=/; HttpOnly; SameSite=Strict'],
    [
      { secure: true, path: '/agent/refresh', domain: 'api.example.com', sameSite: 'Strict' },
      'Domain=api.example.com; Path=/agent/refresh; HttpOnly; SameSite=Strict; Secure',
    ],
  ])('writes and deletes a cookie at its own place: %j', (style, attributes) => {
    expect(setCookie('a', 'v', style)).toBe(`a=v; ${attributes}`);
    expect(clearCookie('a', style)).toBe(`a=; ${attributes}; Max-Age=0`);
  });

  it('deletes with the attributes of setting, or a browser keeps a __Host- cookie (S3)', () => {
    expect(clearCookie('__Host-a', { secure: true })).toBe(
      '__Host-a=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0',
    );
    expect(clearCookie('a', { secure: false })).toBe('a=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0');
  });
});
