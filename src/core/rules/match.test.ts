import { describe, expect, it } from 'vitest';
import { matchRule, type PathMatch, type Rule } from './match.ts';

const origin = 'https://app.example.com';

function rule(name: string, parts: Partial<Rule> = {}): Rule {
  return { name, origins: undefined, path: { kind: 'any' }, methods: undefined, use: { kind: 'deny' }, ...parts };
}

function matches(path: PathMatch, subject: string): boolean {
  return matchRule([rule('r', { path })], { origin, path: subject, method: 'GET' }) !== undefined;
}

describe('matchRule', () => {
  it('takes the first rule that matches', () => {
    const rules = [rule('post', { methods: new Set(['POST']) }), rule('a'), rule('b')];
    expect(matchRule(rules, { origin, path: '/', method: 'GET' })?.name).toBe('a');
    expect(matchRule(rules, { origin, path: '/', method: 'POST' })?.name).toBe('post');
  });

  it('finds none where none matches: that is a refusal', () => {
    const subject = { origin, path: '/', method: 'GET' };
    expect(matchRule([], subject)).toBeUndefined();
    expect(matchRule([rule('a', { origins: new Set(['https://other.example.com']) })], subject)).toBeUndefined();
    expect(matchRule([rule('a', { methods: new Set(['POST']) })], subject)).toBeUndefined();
    expect(matchRule([rule('a', { path: { kind: 'exact', path: '/x' } })], subject)).toBeUndefined();
  });

  it('knows an origin by scheme, host and port together', () => {
    const rules = [rule('a', { origins: new Set([origin]) })];
    expect(matchRule(rules, { origin, path: '/', method: 'GET' })?.name).toBe('a');
    expect(matchRule(rules, { origin: 'http://app.example.com', path: '/', method: 'GET' })).toBeUndefined();
  });

  it.each(['get', 'GET ', ''])('compares methods exactly: %j is not GET', (method) => {
    expect(matchRule([rule('a', { methods: new Set(['GET']) })], { origin, path: '/', method })).toBeUndefined();
  });

  it.each([
    [{ kind: 'any' }, '/x', true],
    [{ kind: 'exact', path: '/app' }, '/app', true],
    [{ kind: 'exact', path: '/app' }, '/app/', false],
    [{ kind: 'exact', path: '/app' }, '/App', false],
    [{ kind: 'prefix', prefix: '/app' }, '/app', true],
    [{ kind: 'prefix', prefix: '/app' }, '/app/', true],
    [{ kind: 'prefix', prefix: '/app' }, '/app/x', true],
    [{ kind: 'prefix', prefix: '/app' }, '/apple', false],
    [{ kind: 'prefix', prefix: '/app' }, '/app.json', false],
    [{ kind: 'prefix', prefix: '/app' }, '/APP/x', false],
    [{ kind: 'prefix', prefix: '/app' }, '/x/app', false],
    [{ kind: 'prefix', prefix: '' }, '/', true],
    [{ kind: 'prefix', prefix: '' }, '/x', true],
    [{ kind: 'pattern', matches: (path: string) => path === '/p' }, '/p', true],
    [{ kind: 'pattern', matches: (path: string) => path === '/p' }, '/q', false],
  ] satisfies [PathMatch, string, boolean][])('%j on %j: %j (P8)', (path, subject, expected) => {
    expect(matches(path, subject)).toBe(expected);
  });
});
