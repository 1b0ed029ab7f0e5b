import { describe, expect, it } from 'vitest';
import { compilePattern } from './compile-pattern.ts';

function matcher(source: string): (path: string) => boolean {
  const compiled = compilePattern(source);
  if (compiled.kind === 'invalid') throw new Error(compiled.problem);
  return compiled.matches;
}

describe('patterns of rules (P12)', () => {
  it('cover the whole path, whatever the alternatives', () => {
    const matches = matcher('/a|/ab');
    expect(['/a', '/ab', '/abc', 'x/a', '/a\n', '/a/b'].map(matches)).toEqual([true, true, false, false, false, false]);
  });

  it('stay whole in multi-line mode', () => {
    expect(matcher('(?m)^/a$')('/a\n/b')).toBe(false);
  });

  it('take linear time', () => {
    const startedAt = performance.now();
    expect(matcher('(a+)+(a|a)*(.*a){20}')(`${'a'.repeat(2_000)}b`)).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it.each([
    ['(?=a)', 'look-ahead and look-behind are not part of it'],
    ['(?<!a)b', 'look-ahead and look-behind are not part of it'],
    ['(a)\\1', 'back-references are not part of it'],
    ['(', 'missing closing )'],
    ['a{1001}', 'invalid repeat count'],
  ])('refuses %s', (source, problem) => {
    expect(compilePattern(source)).toEqual({ kind: 'invalid', problem });
  });
});
