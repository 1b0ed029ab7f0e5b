import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/tools.ts';

/** The cases that this version answers for: `H1` to `H16` and so on. */
const answered: readonly (readonly [family: string, numbers: readonly number[]])[] = [
  ['H', upTo(16)],
  ['P', upTo(13)],
  ['R', upTo(10)],
  ['L', upTo(13)],
  ['T', upTo(11)],
  ['S', upTo(12)],
  ['B', upTo(8)],
  ['F', upTo(11)],
  ['I', upTo(6)],
  ['G', upTo(10)],
  ['X', [5]],
];

function upTo(last: number): readonly number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

/** Case ids of docs/security-cases.md, each with the test files that its row links. */
function rows(): ReadonlyMap<string, readonly string[]> {
  const lines = readFileSync(join(root, 'docs/security-cases.md'), 'utf8').split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [, id] = /^\| ([A-Z]\d+) \|/.exec(line) ?? [];
      const files = [...line.matchAll(/\]\(\.\.\/(test\/[^)]+)\)/g)].map(([, file = '']) => file);
      return id === undefined ? [] : [[id, files] as const];
    }),
  );
}

describe('docs/security-cases.md', () => {
  it('has a row for every case, and no other', () => {
    const wanted = answered.flatMap(([family, numbers]) => numbers.map((number) => `${family}${number}`));
    expect([...rows().keys()]).toEqual(wanted);
  });

  it.each([...rows()])('%s is named by a test in each file that its row links', (id, files) => {
    expect(files).not.toEqual([]);
    for (const file of files) {
      const text = readFileSync(join(root, file), 'utf8');
      expect(text, file).toMatch(new RegExp(`['"\`(]${id}\\b|\\b${id}[,)]`));
    }
  });
});
