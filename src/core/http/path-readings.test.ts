import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readingsOf } from './path-readings.ts';
import { parseTarget } from './target.ts';

/** The literal reading first, the others sorted. */
function pathsOf(target: string): readonly string[] | undefined {
  const read = readingsOf(target);
  return read && [read.path, ...[...read.otherPaths].sort()];
}

describe('readingsOf', () => {
  it.each<readonly [target: string, paths: readonly string[], peculiarities: readonly string[]]>([
    [
      '/api/v4/projects/group%2fproject',
      ['/api/v4/projects/group%2Fproject', '/api/v4/projects/group/project'],
      ['encodedSlashes'],
    ],
    ['/@scope%2Fname?x=%2f;//', ['/@scope%2Fname', '/@scope/name'], ['encodedSlashes']],
    ['/%61/b%2F', ['/a/b%2F', '/a/b/'], ['encodedSlashes']],
    ['/a;x=1/b', ['/a;x=1/b', '/a', '/a/b'], ['semicolons']],
    ['/a%3bx', ['/a;x', '/a'], ['semicolons']],
    ['/a%3Bx', ['/a;x', '/a'], ['semicolons']],
    ['/bucket//key', ['/bucket//key', '/bucket/key'], ['emptySegments']],
    ['/a///', ['/a///', '/a/'], ['emptySegments']],
    // Stripped before and after decoding.
    ['/a;x%2fb/c', ['/a;x%2Fb/c', '/a', '/a/b/c', '/a/c', '/a;x/b/c'], ['encodedSlashes', 'semicolons']],
    ['/a/;x/b', ['/a/;x/b', '/a/', '/a//b', '/a/b'], ['semicolons', 'emptySegments']],
    ['/a/%2fb', ['/a/%2Fb', '/a//b', '/a/b'], ['encodedSlashes', 'emptySegments']],
    ['/a%2F%231-x', ['/a%2F#1-x', '/a%2F', '/a/', '/a/#1-x'], ['encodedSlashes']],
    ['/a;x%3fy/b', ['/a;x?y/b', '/a', '/a/b', '/a;x'], ['semicolons']],
    ['/plain', ['/plain'], []],
  ])('of %s are all that servers make of it (P2, P3, P4)', (target, paths, peculiarities) => {
    expect(pathsOf(target)).toEqual(paths);
    expect(readingsOf(target)?.peculiarities).toEqual(peculiarities);
  });

  it.each([
    // Dot segments in any reading.
    '/a/../b',
    '/a/%2e%2e%2fb',
    '/a%2f..%2fb',
    '/a%2f..',
    '/a/.%2f',
    '/a/..;/b',
    '/a/..;x=1/b',
    '/a/..%3b/b',
    '/a/.;/b',
    '/a/..%3fx;',
    '/a%2f..;x%2fb',
    '/a//../b',
    '/a/;/../b',
    // What begins with two slashes in any reading names a host to many URL parsers.
    '//a',
    '/%2fa',
    '/;/a',
    '/;x=1/a',
    '/%3b/a',
    '/%2F',
    // Never tolerated.
    '/a%252fb',
    '/a%25%32%66b',
    '/a%253bb',
    '/a%5cb',
    '/a\\b;',
    '/a;%00',
    '/a%2f%0a',
    '/a%2f%7f',
    '/a;%c0%ae',
    '/a%c3%2f%a9',
    '/a%2%2f',
    '/a%%2f2f',
    '/a;#x',
    '/a;b c',
    'a;b',
    '',
    // Some servers strip the one and keep the other.
    '/a;b%3bc',
    `/${'a'.repeat(4095)};`,
  ])('are none of %s: it stays ambiguous (P1 to P5)', (target) => {
    expect(readingsOf(target)).toBeUndefined();
  });

  it('are looked for in paths of up to 4,096 characters; the query does not count', () => {
    expect(readingsOf(`/${'a'.repeat(4094)};?${'b'.repeat(9000)}`)).toBeDefined();
  });

  const piece = fc.constantFrom(
    '/',
    '/',
    'a',
    'b',
    '%2f',
    '%2F',
    ';',
    ';x',
    '%3b',
    '%3f',
    '%23',
    '.',
    '%2e',
    '%25',
    '%61',
  );
  const targets = fc.array(piece, { maxLength: 14 }).map((pieces) => `/${pieces.join('')}`);

  it('are few, and every one is a path that servers read in one way', () => {
    fc.assert(
      fc.property(targets, (target) => {
        const paths = pathsOf(target) ?? [];
        expect(paths.length).toBeLessThanOrEqual(42);
        expect(new Set(paths).size).toBe(paths.length);
        for (const path of paths) {
          expect(path).toMatch(/^\/(?!\/)/);
          const segments = path.split('/');
          expect(segments).not.toContain('.');
          expect(segments).not.toContain('..');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('are those of parseTarget where nothing is peculiar, and none where it refuses for another reason', () => {
    fc.assert(
      fc.property(targets, (target) => {
        const strict = parseTarget(target);
        const read = readingsOf(target);
        if (strict.kind === 'ambiguous') {
          expect(read?.peculiarities).not.toEqual([]);
          return;
        }
        expect(read?.path).toBe(strict.path);
        expect(read?.otherPaths).toEqual(strict.cutPath === undefined ? [] : [strict.cutPath]);
        expect(read?.peculiarities).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});

it('gives up a path whose readings are more than rules should have to look at', () => {
  const oddest = '/a%2F;b//%3Fc;d%2F/e';
  expect(readingsOf(oddest)).toBeDefined();
  expect(readingsOf(`${oddest}/${'x'.repeat(4_000)}`)).toBeUndefined();
  expect(readingsOf(`/a%2Fb/${'x'.repeat(4_000)}`)).toBeDefined();
});
