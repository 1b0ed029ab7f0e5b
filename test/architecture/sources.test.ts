import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/tools.ts';

interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** Without comments. */
  readonly code: string;
}

function read(...patterns: readonly string[]): readonly SourceFile[] {
  return globSync([...patterns], { cwd: root, exclude: ['**/node_modules/**', 'src/gen/**'] }).map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return { path, text, code: text.replace(/\/\*.*?\*\//gs, '').replace(/(^|\s)\/\/.*$/gm, '$1') };
  });
}

function pathsWhere(files: readonly SourceFile[], isWrong: (file: SourceFile) => boolean): readonly string[] {
  expect(files.length).toBeGreaterThan(0);
  return files.filter(isWrong).map(({ path }) => path);
}

test('core/ and every decide.ts touch no clock, random, network, environment or log', () => {
  const pure = read('src/core/**/*.ts', 'src/modes/*/decide.ts').filter(({ path }) => !path.endsWith('.test.ts'));
  const impure =
    /\bprocess\b|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\b|\brandom(Bytes|UUID|Int)\b|\bfetch\(|\bconsole\b|\bset(Timeout|Interval|Immediate)\b/;
  expect(pathsWhere(pure, ({ code }) => impure.test(code))).toEqual([]);
});

test('only the application and main.ts read the environment', () => {
  const others = read('src/**/*.ts').filter(({ path }) => !/^src\/(app\/|main\.ts$)|\.test\.ts$/.test(path));
  expect(pathsWhere(others, ({ code }) => code.includes('process.env'))).toEqual([]);
});

test('a file of more than 300 lines says at its top why', () => {
  const all = read('{src,test,examples,bench}/**/*.ts', 'scripts/**/*.js');
  const isUnexplained = ({ text }: SourceFile) =>
    text.split('\n').length > 301 && !/^(\/\/|\/\*) ?More than 300 lines: /.test(text);
  expect(pathsWhere(all, isUnexplained)).toEqual([]);
});

test('no file names a place on the machine that it was written on', () => {
  const all = read(
    '{src,test,examples,bench,docs,envoy,k8s,proto}/**/*.*',
    'scripts/**/*.*',
    '*.{md,json,yaml,ts}',
    'Dockerfile',
    '.ci/*',
  );
  const place = new RegExp(`(^|[\\s"'\`=:(])/(${['work', 'root', 'Users', 'home'].join('|')})/\\w`, 'm');
  const isText = ({ text }: SourceFile) => !text.includes('\0');
  expect(pathsWhere(all.filter(isText), ({ text }) => place.test(text))).toEqual([]);
});
