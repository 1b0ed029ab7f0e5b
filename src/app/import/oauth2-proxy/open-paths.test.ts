import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../../adapters/re2js/compile-pattern.ts';
import { readOpenPath, wholePath, widthOf } from './open-paths.ts';

const compiles = (source: string) => compilePattern(source).kind === 'ok';

/** Whether oauth2-proxy finds the pattern in the path: Go's regexp.MatchString. */
function isFound(pattern: string, path: string): boolean {
  return RE2JS.compile(pattern).matcher(path).find();
}

function isMatched(pattern: string, path: string): boolean {
  const place = wholePath(pattern, compiles);
  if (place === undefined) return false;
  if ('exact' in place) return path === place.exact;
  const compiled = compilePattern(place.regex);
  return compiled.kind === 'ok' && compiled.matches(path);
}

describe('patterns that Go finds anywhere, as patterns of the whole path (P12)', () => {
  it.each([
    ['^/health$', { exact: '/health' }],
    ['^/robots\\.txt$', { exact: '/robots.txt' }],
    ['^/$', { exact: '/' }],
    ['^/api/', { regex: '/api/.*' }],
    ['^/api/.*', { regex: '/api/.*' }],
    ['/public', { regex: '.*/public.*' }],
    ['\\.css$', { regex: '.*\\.css' }],
    ['^/a$|^/b$', { regex: '.*(?:^/a$|^/b$).*' }],
    ['(?i)^/A', { regex: '.*(?:(?i)^/A).*' }],
    ['^/a//b$', { regex: '/a//b' }],
    ['^/\\.\\./x$', { regex: '/\\.\\./x' }],
    ['', { regex: '.*' }],
    ['^', { regex: '.*' }],
    ['(', undefined],
    ['(?=a)', undefined],
    [`/${'a'.repeat(1000)}`, undefined],
  ])('%j becomes %j', (pattern, expected) => {
    expect(wholePath(pattern, compiles)).toEqual(expected);
  });

  it.each(['^api', '^$', '^a|/x', '^*', 'a\\$', 'a\\\\$', '[|^$]', '[^/]+$', '\\Q^\\E', '^(/a)?', '/a{1,2}$', '(^/a)'])(
    '%j matches what it did, path by path',
    (pattern) => {
      const paths = ['/', '/a', '/api', '/x', '/b/a', '/aa', '/a$', '/a\\', '/|', '/^', '/x/y', '/aaa', '/$'];
      for (const path of paths) expect([path, isMatched(pattern, path)]).toEqual([path, isFound(pattern, path)]);
    },
  );

  it('matches exactly what Go finds, for any pattern', () => {
    const piece = fc.constantFrom(
      '/',
      'a',
      'b',
      '.',
      '.*',
      '^',
      '$',
      '|',
      '(',
      ')',
      '?',
      '+',
      '\\.',
      '[ab]',
      '[^/]',
      '{2}',
      '\\',
      '(?i)',
    );
    const patterns = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    const paths = fc
      .array(fc.constantFrom('a', 'b', '/', '.', '$', 'A'), { maxLength: 6 })
      .map((rest) => `/${rest.join('')}`);
    fc.assert(
      fc.property(patterns, paths, (pattern, path) => {
        fc.pre(compiles(pattern));
        expect(isMatched(pattern, path)).toBe(isFound(pattern, path));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('entries of skip-auth-route, divided as oauth2-proxy divides them', () => {
  it.each([
    ['^/a', { method: undefined, pattern: '^/a', isNegated: false }],
    ['get=^/a', { method: 'GET', pattern: '^/a', isNegated: false }],
    ['GET!=^/a', { method: 'GET', pattern: '^/a', isNegated: true }],
    ['!=^/a', { method: undefined, pattern: '^/a', isNegated: true }],
    ['=^/a', { method: undefined, pattern: '^/a', isNegated: false }],
    ['GET=^/a!=b', { method: 'GET', pattern: '^/a!=b', isNegated: true }],
    ['^/a\\?x=1', { method: '^/A\\?X', pattern: '1', isNegated: false }],
  ])('%j', (text, expected) => {
    expect(readOpenPath(text)).toEqual({ text, ...expected });
  });

  it.each([
    ['/', 'everything'],
    ['^/', 'everything'],
    ['^/.*', 'everything'],
    ['.*', 'everything'],
    ['', 'everything'],
    ['^/$', undefined],
    ['/public', 'anywhere'],
    ['\\.css$', 'anywhere'],
    ['^/public', 'continued'],
    ['^/public/', undefined],
    ['^/public$', undefined],
    ['^/public(/|$)', undefined],
  ])('%j opens %j more than it says', (pattern, expected) => {
    expect(widthOf(pattern)).toBe(expected);
  });
});
