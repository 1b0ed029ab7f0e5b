import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget } from './target.ts';

describe('parseTarget (RFC 9112 §3.2.1)', () => {
  it.each([
    ['/', '/', undefined],
    ['/app/orders', '/app/orders', undefined],
    ['/app/orders/', '/app/orders/', undefined],
    ['/app?', '/app', ''],
    ['/app?x=1&y=%2f..%2f;//', '/app', 'x=1&y=%2f..%2f;//'],
    ['/?/../admin', '/', '/../admin'],
    ['/app?a?b', '/app', 'a?b'],
    ['/%61dmin', '/admin', undefined],
    ['/caf%C3%A9', '/café', undefined],
    ['/%EF%BB%BFx', '/\ufeffx', undefined],
    ['/100%25', '/100%', undefined],
    ['/.well-known/x', '/.well-known/x', undefined],
    ['/...', '/...', undefined],
    ['/a.b/..c/d..', '/a.b/..c/d..', undefined],
    ["/@scope/$x/(y)!*'+,=:~_-", "/@scope/$x/(y)!*'+,=:~_-", undefined],
  ])('reads %j', (target, path, query) => {
    expect(parseTarget(target)).toEqual({ kind: 'target', path, cutPath: undefined, query });
  });

  it.each([
    ['/a%3Fb', '/a?b', '/a'],
    ['/tags/c%23', '/tags/c#', '/tags/c'],
    ['/a%23b%3fc/d', '/a#b?c/d', '/a'],
    ['/%3f', '/?', '/'],
  ])('reads %j in both ways that servers do (P5, P8)', (target, path, cutPath) => {
    expect(parseTarget(target)).toEqual({ kind: 'target', path, cutPath, query: undefined });
  });

  it.each([
    // P1
    ['/public/../admin'],
    ['/public/..'],
    ['/public/.'],
    ['/./admin'],
    ['/public/%2e%2e/admin'],
    ['/public/%2E./admin'],
    ['/public/%252e%252e/admin'],
    ['/public/%25%32%65%25%32%65/admin'],
    ['/public/..%2fadmin'],
    ['/public/..%5cadmin'],
    ['/public/..%3f'],
    ['/public/..%23/x'],
    ['/public/.%3Fx'],
    // P2
    ['/public%2fadmin'],
    ['/public%2Fadmin'],
    ['/public%5cadmin'],
    ['/public%5Cadmin'],
    ['/public\\admin'],
    ['/public/%00'],
    ['/public/%0a'],
    ['/public/%0D'],
    ['/public/%1f'],
    ['/public/%7F'],
    ['/public/%c0%ae%c0%ae/admin'],
    ['/public/%c0%af'],
    ['/public/%e0%80%af'],
    ['/public/%ff'],
    ['/public/%c3'],
    ['/public/%ed%a0%80'],
    ['/public/%f4%90%80%80'],
    ['/public/%u002e'],
    ['/public/%'],
    ['/public/%2'],
    ['/public/%zz'],
    ['/public/%252fadmin'],
    ['/public/%25252f'],
    // P3
    ['//x'],
    ['///x'],
    ['/a//b'],
    ['/a//'],
    ['//evil.example/%2e%2e'],
    // P4
    ['/public/;/admin'],
    ['/public/..;/admin'],
    ['/admin;x=1'],
    ['/admin%3bx'],
    ['/admin%3Bx'],
    // P5
    ['/public#/../admin'],
    ['/app?x#y'],
    // P7
    [''],
    ['*'],
    ['?x'],
    ['admin'],
    // P9
    ['http://app.example.com/admin'],
    ['app.example.com:443'],
    // R6
    ['/a b'],
    ['/a\tb'],
    ['/a\r\nb'],
    ['/a\0b'],
    ['/a\x7fb'],
    ['/caf\u00e9'],
    ['/app?x=\u00e9'],
    ['/app\n'],
  ])('finds %j ambiguous (P1-P5, P7, P9)', (target) => {
    expect(parseTarget(target)).toMatchObject({ kind: 'ambiguous' });
  });

  const piece = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        '/',
        '/',
        '.',
        '..',
        '%2e',
        '%2F',
        '%5c',
        '%25',
        '%32',
        '%65',
        ';',
        '%3b',
        '?',
        '#',
        '\\',
        '%',
        '%00',
        '%c3%a9',
        '%c0%ae',
        '%EF%BB%BF',
      ),
    },
    { weight: 2, arbitrary: fc.string({ maxLength: 4 }) },
    {
      weight: 1,
      arbitrary: fc
        .uint8Array({ maxLength: 3 })
        .map((bytes) => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')),
    },
  );
  const targets = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`);

  it('accepts only what decodes the same everywhere and stays the path that it is', () => {
    fc.assert(
      fc.property(targets, (target) => {
        const parsed = parseTarget(target);
        if (parsed.kind === 'ambiguous') return;
        const [rawPath = '', ...query] = target.split('?');
        expect(parsed.query).toBe(query.length === 0 ? undefined : query.join('?'));
        expect(parsed.path).toBe(decodeURIComponent(rawPath));
        // Neither once nor twice decoded does it have a segment that changes its place.
        for (const path of [rawPath, parsed.path, tryDecode(parsed.path)]) {
          const segments = path.split(/[/\\]/).slice(1);
          expect(segments).not.toContain('.');
          expect(segments).not.toContain('..');
          expect(segments.slice(0, -1)).not.toContain('');
          // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
          expect(path).not.toMatch(/[\0-\x1f\x7f;\\]/);
        }
        expect(new URL(target, 'https://app.example.com').pathname.split('/')).toHaveLength(rawPath.split('/').length);
      }),
      { numRuns: 1000 },
    );
  });

  it('reads the same path however its letters are percent-encoded (P8)', () => {
    const unreserved = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_~'), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(unreserved, { minLength: 1 }), fc.boolean(), (segments, lower) => {
        const path = `/${segments.join('/')}`;
        const encoded = path.replaceAll(/[a-z]/g, (letter) => {
          const hex = letter.charCodeAt(0).toString(16);
          return `%${lower ? hex : hex.toUpperCase()}`;
        });
        expect(parseTarget(encoded)).toEqual({ kind: 'target', path, query: undefined });
      }),
    );
  });
});

function tryDecode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // `/100%` decodes once only
  }
}

it('refuses a path that is longer than any rule should have to look at; a query may be longer', () => {
  expect(parseTarget(`/${'a'.repeat(8_191)}?${'b'.repeat(20_000)}`).kind).toBe('target');
  expect(parseTarget(`/${'a'.repeat(8_192)}`)).toEqual({ kind: 'ambiguous', reason: 'the path is too long' });
});
