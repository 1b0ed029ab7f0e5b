import { describe, expect, it } from 'vitest';
import { document, errorsOf } from '../../../test/support/config-text.ts';
import { errorAt } from './finding.ts';
import { parseSource, readSource } from './source.ts';

describe('reading', () => {
  it('reports a file that is not there', async () => {
    const { value, errors } = await readSource('/nowhere/sallyport.yaml');
    expect(value).toBeUndefined();
    expect(errors).toMatchObject([{ file: '/nowhere/sallyport.yaml', line: 1, problem: 'there is no such file' }]);
  });

  it('reports a folder, a file over 1 MiB and a file that is not UTF-8', async () => {
    expect((await readSource('/')).errors).toMatchObject([{ problem: 'this is a folder, not a file' }]);
    expect((await errorsOf(`#${'x'.repeat(1_048_576)}`))[0]).toContain('the file is larger than 1024 KiB');
    expect((await errorsOf(new Uint8Array([0x61, 0xff])))[0]).toContain('the file is not UTF-8 text');
  });
});

describe('YAML', () => {
  it.each([
    ['a doubled key', 'a: 1\nb: {c: 1, c: 2}\n', '2:11 b.c: this key stands twice in the same map'],
    [
      'a doubled key in a list',
      'a:\n  - {b: 1}\n  - {b: 1, b: 2}\n',
      '3:12 a[1].b: this key stands twice in the same map',
    ],
    ['a tab', 'a:\n\tb: 1\n', '2:1 : a tab is used for indentation'],
    ['an unknown tag', 'a: !x b\n', '1:4 : a tag (!name) is not known'],
    ['an alias to nothing', 'a: *x\n', '1:4 : an alias (*name) has no anchor (&name) before it'],
    ['two documents', 'a: 1\n---\nb: 1\n', '2:1 : the file holds more than one document'],
    ['a key that is a list', '[x]: 1\n', '1:1 : a key is not a plain word'],
    ['an open bracket', 'a: [b\n', '2:1 : the indentation does not fit'],
    ['a reserved character', 'a: @b\n', '1:4 : a value begins with a character that YAML reserves (@ or `)'],
  ])('refuses %s', (_, text, expected) => {
    const { errors } = parseSource('f', text);
    expect(errors.map(({ line, column, path, problem }) => `${line}:${column} ${path}: ${problem}`)).toContain(
      expected,
    );
  });

  it('bounds what aliases expand to (billion laughs)', () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `l${level + 1}: &l${level + 1} [${`*l${level}, `.repeat(9)}]\n`,
    );
    const { value, errors } = parseSource('f', `l0: &l0 [x]\n${levels.join('')}`);
    expect(value).toBeUndefined();
    expect(errors).toMatchObject([{ problem: 'the aliases (*name) expand to too much' }]);
  });

  it('reads the words of YAML 1.1 as text and converts nothing', () => {
    expect(parseSource('f', 'a: no\nb: on\nc: 012\nd: 1_000\ne: 2026-01-01\n').value).toEqual({
      ...{ a: 'no', b: 'on', c: 12, d: '1_000', e: '2026-01-01' },
    });
  });

  it('treats __proto__ as a key like any other (H12)', async () => {
    expect((await errorsOf(document({ __proto__x: '{}' })))[0]).toContain('there is no setting of this name');
    expect((await errorsOf(`__proto__: {log: {level: debug}}\n${document()}`))[0]).toContain(
      '1:1 __proto__: there is no setting',
    );
    expect((await errorsOf(document({ providers: '{__proto__: {}}' })))[0]).toContain('providers.__proto__');
  });

  it('points at the deepest part of a path that is there', () => {
    const { locate } = parseSource('f', 'a:\n  b:\n    - c: 1\n');
    const place = (path: readonly PropertyKey[]) => {
      const { line, column } = locate(errorAt(path, 'x'));
      return [line, column];
    };
    expect(place(['a', 'b', 0, 'c'])).toEqual([3, 10]);
    expect(place(['a', 'b', 0, 'd', 'e'])).toEqual([3, 7]);
    expect(place(['a', 'b', 7])).toEqual([3, 5]);
    expect(place(['z'])).toEqual([1, 1]);
  });
});
