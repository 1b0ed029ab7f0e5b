import { describe, expect, it } from 'vitest';
import { ruleOf } from '../../../test/support/rule.ts';
import { matchRule, type PathMatch, type Rule, type RuleSubject } from './match.ts';

const origin = 'https://app.example.com';

function rule(name: string, parts: Partial<Rule> = {}): Rule {
  return ruleOf({ name, ...parts });
}

function matching(rules: readonly Rule[], parts: Partial<RuleSubject> = {}): string | undefined {
  const subject = { origin, path: '/', method: 'GET', preflightMethod: undefined, context: new Map(), ...parts };
  return matchRule(rules, subject)?.name;
}

describe('matchRule', () => {
  it('takes the first rule that matches', () => {
    const rules = [rule('post', { methods: new Set(['POST']) }), rule('a'), rule('b')];
    expect(matching(rules)).toBe('a');
    expect(matching(rules, { method: 'POST' })).toBe('post');
  });

  it('finds none where none matches: that is a refusal', () => {
    expect(matching([])).toBeUndefined();
    expect(matching([rule('a', { origins: new Set(['https://other.example.com']) })])).toBeUndefined();
    expect(matching([rule('a', { methods: new Set(['POST']) })])).toBeUndefined();
    expect(matching([rule('a', { path: { kind: 'exact', path: '/x' } })])).toBeUndefined();
    expect(matching([rule('a', { context: new Map([['tenant', 'a']]) })])).toBeUndefined();
  });

  it('knows an origin by scheme, host and port together', () => {
    const rules = [rule('a', { origins: new Set([origin]) })];
    expect(matching(rules)).toBe('a');
    expect(matching(rules, { origin: 'http://app.example.com' })).toBeUndefined();
  });

  it.each(['get', 'GET ', ''])('compares methods exactly: %j is not GET', (method) => {
    expect(matching([rule('a', { methods: new Set(['GET']) })], { method })).toBeUndefined();
  });

  it('asks for every value of its context, and for no more', () => {
    const rules = [rule('a', { context: new Map([['tenant', 'a']].concat([['mode', 'x']]) as [string, string][]) })];
    const context = (...pairs: [string, string][]) => ({ context: new Map(pairs) });
    expect(matching(rules, context(['tenant', 'a'], ['mode', 'x']))).toBe('a');
    expect(matching(rules, context(['tenant', 'a'], ['mode', 'x'], ['more', 'y']))).toBe('a');
    for (const pairs of [
      [],
      [['tenant', 'a']],
      [
        ['tenant', 'b'],
        ['mode', 'x'],
      ],
      [
        ['tenant', 'A'],
        ['mode', 'x'],
      ],
      [
        ['Tenant', 'a'],
        ['mode', 'x'],
      ],
      [
        ['tenant', 'a '],
        ['mode', 'x'],
      ],
    ] satisfies [string, string][][]) {
      expect(matching(rules, context(...pairs))).toBeUndefined();
    }
  });

  it('takes a preflight for OPTIONS, and for what it asks about only where the rule passes or answers preflights (B4)', () => {
    const asksForPut = { method: 'OPTIONS', preflightMethod: 'PUT' };
    const put = { methods: new Set(['PUT']) };
    expect(matching([rule('a', put)], asksForPut)).toBeUndefined();
    expect(matching([rule('a', { ...put, passesPreflight: true })], asksForPut)).toBe('a');
    expect(matching([rule('a', { methods: new Set(['GET']), passesPreflight: true })], asksForPut)).toBeUndefined();
    expect(matching([rule('a', { methods: new Set(['OPTIONS']) })], asksForPut)).toBe('a');
    // A plain OPTIONS is no preflight, whatever the rule passes.
    expect(matching([rule('a', { ...put, passesPreflight: true })], { method: 'OPTIONS' })).toBeUndefined();
    expect(matching([rule('a', { ...put, answersPreflight: true })], asksForPut)).toBe('a');
    expect(matching([rule('a', { ...put, answersPreflight: true })], { method: 'OPTIONS' })).toBeUndefined();
    expect(matching([rule('a', { methods: new Set(['GET']), answersPreflight: true })], asksForPut)).toBeUndefined();
    const first = [rule('all'), rule('a', { ...put, passesPreflight: true })];
    expect(matching(first, asksForPut)).toBe('all');
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
    expect(matching([rule('r', { path })], { path: subject }) !== undefined).toBe(expected);
  });
});
