import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/support/arbitraries.ts';
import { returnToOf } from './return-to.ts';

const origin = 'https://app.example.com';

describe('returnToOf', () => {
  it.each([
    '/',
    '/app/orders?x=1#top',
    '/app/orders?x=1&y=%20%2F..#/route?z',
    '/app?',
    '/app#',
    '/app?q=100%',
    '/app?path=C:\\temp',
    '/app?next=//evil.example',
    '/app?next=https://evil.example/',
    '/app#//evil.example',
    '/caf%C3%A9?name=voil%C3%A0',
    // A rule may tolerate these.
    '/group%2Fproject/-/tree/feature%2F%231?x=1#L1',
    '/bucket//a;b',
    `/app?x="<>\`{}|^[]'`,
  ])('gives %j back exactly', (value) => {
    expect(returnToOf(value, origin)).toBe(value);
  });

  it.each([
    ['https://app.example.com/', '/'],
    ['https://app.example.com/app?x=1#top', '/app?x=1#top'],
  ])('takes the path of %j, a URL of our own origin', (value, path) => {
    expect(returnToOf(value, origin)).toBe(path);
  });

  it.each([
    // R1: another origin in disguise
    '',
    'app',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\/evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\t//evil.example',
    ' /app',
    '/app ',
    'https:evil.example',
    'https:/evil.example',
    'https:///evil.example',
    'https://evil.example/',
    'HTTPS://app.example.com/',
    'javascript:alert(1)',
    'data:text/html,x',
    '?x',
    '#top',
    '/.//evil.example',
    '/..//evil.example',
    '/%2e%2e//evil.example',
    '/%2f/evil.example',
    '/%5cevil.example',
    '/%09/evil.example',
    '/%0d%0aLocation:%20x',
    '/x\r\nLocation: https://evil.example',
    '/x\0',
    '/;/evil.example',
    '/;@evil.example',
    '/%3B/evil.example',
    '/a/..;/b',
    '/a%2f..%2fb',
    '/\uff0fevil.example',
    '/\u2024\u2024/evil.example',
    '/app#a#b',
    '/app?x=\u00e9',
    '/\ud800',
    // R2: our host with another scheme, port or user-info
    'https://app.example.com',
    'https://app.example.com:8443/',
    'https://app.example.com:443/',
    'http://app.example.com/',
    'https://app.example.com.evil.example/',
    'https://app.example.com@evil.example/',
    'https://user@app.example.com/',
    'https://app.example.com\\@evil.example/',
    'https://app.example.com//evil.example',
  ])('takes %j for no return URL (R1, R2, R6)', (value) => {
    expect(returnToOf(value, origin)).toBeUndefined();
  });

  it('carries 4,096 bytes and not one more (R7)', () => {
    const longest = `/${'a'.repeat(4095)}`;
    expect(returnToOf(longest, origin)).toBe(longest);
    expect(returnToOf(`${longest}a`, origin)).toBeUndefined();
    expect(returnToOf(`${origin}${longest}`, origin)).toBe(longest);
  });

  it('never leads off the origin, and never to another path than it shows, in any browser (R1)', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '/',
        '\\',
        '.',
        '..',
        '@',
        ':',
        '//',
        'evil.example',
        'https:',
        '%2f',
        '%5c',
        '%2e',
        '\t',
        '\n',
        '\r',
        '\0',
        ' ',
        '#',
        '?',
        ';',
        '\u3002',
        '\uff0f',
        origin,
      ),
      anyText(3),
    );
    const values = fc.tuple(fc.constantFrom('', '/', origin, `${origin}/`), fc.array(piece, { maxLength: 8 }));
    fc.assert(
      fc.property(values, fc.constantFrom(origin, 'http://localhost:8080'), ([start, pieces], ours) => {
        const result = returnToOf(start + pieces.join(''), ours);
        if (result === undefined) return;
        // As we send it, as a page would resolve it, and as browsers clean it up before they parse it.
        for (const sent of [`${ours}${result}`, `${ours}${result}`.replaceAll(/[\t\r\n]/g, '').trim()]) {
          expect(new URL(sent).origin).toBe(ours);
        }
        expect(new URL(result, ours).origin).toBe(ours);
        expect(result).toMatch(/^\/(?![/\\])[\x21-\x7e]*$/);
        const [path = ''] = result.split(/[?#]/);
        expect(new URL(`${ours}${result}`).pathname.split('/')).toHaveLength(path.split('/').length);
      }),
      { numRuns: 1000 },
    );
  });
});
