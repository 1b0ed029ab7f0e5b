import { describe, expect, it } from 'vitest';
import { ruleOf } from '../../../../test/support/rule.ts';
import type { PathMatch, Rule } from '../../../core/rules/match.ts';
import { checkShadowedRules } from './shadowed-rules.ts';

const any: PathMatch = { kind: 'any' };
const exact = (path: string): PathMatch => ({ kind: 'exact', path });
const prefix = (text: string): PathMatch => ({ kind: 'prefix', prefix: text });
const pattern = (...paths: string[]): PathMatch => ({ kind: 'pattern', matches: (path) => paths.includes(path) });

function rule(path: PathMatch, parts: Partial<Rule> = {}): Rule {
  return ruleOf({ path, ...parts });
}

function isShadowed(earlier: Rule, later: Rule): boolean {
  return checkShadowedRules([earlier, later], [0, 1]).length > 0;
}

describe('a rule that no request reaches', () => {
  it.each<readonly [boolean, PathMatch, PathMatch]>([
    [true, any, exact('/a')],
    [true, prefix(''), pattern('/a')],
    [true, prefix('/a'), prefix('/a')],
    [true, prefix('/a'), prefix('/a/b')],
    [true, prefix('/a'), exact('/a')],
    [true, prefix('/a'), exact('/a/b')],
    [true, exact('/a'), exact('/a')],
    [true, pattern('/a'), exact('/a')],
    [false, prefix('/a'), prefix('/ab')],
    [false, prefix('/a/b'), prefix('/a')],
    [false, prefix('/a'), any],
    [false, prefix('/a'), pattern('/a')],
    [false, exact('/a'), prefix('/a')],
    [false, exact('/a'), exact('/b')],
    [false, pattern('/a'), prefix('/a')],
    [false, pattern('/a'), exact('/b')],
  ])('is %s of %o before %o', (expected, earlier, later) => {
    expect(isShadowed(rule(earlier), rule(later))).toBe(expected);
  });

  it('has no method and no origin that the earlier one leaves', () => {
    const get = { methods: new Set(['GET']) };
    const one = { origins: new Set(['https://a']) };
    const both = { methods: new Set(['GET', 'HEAD']), origins: new Set(['https://a', 'https://b']) };
    expect(isShadowed(rule(any, get), rule(any))).toBe(false);
    expect(isShadowed(rule(any), rule(any, get))).toBe(true);
    expect(isShadowed(rule(any, both), rule(any, { ...get, ...one }))).toBe(true);
    expect(isShadowed(rule(any, { ...get, ...one }), rule(any, both))).toBe(false);
    expect(isShadowed(rule(any, one), rule(any, { origins: new Set(['https://b']) }))).toBe(false);
  });

  it('has every value of context that the earlier one asks for', () => {
    const context = (...pairs: [string, string][]) => ({ context: new Map(pairs) });
    const a = context(['tenant', 'a']);
    expect(isShadowed(rule(any), rule(any, a))).toBe(true);
    expect(isShadowed(rule(any, a), rule(any, a))).toBe(true);
    expect(isShadowed(rule(any, a), rule(any, context(['tenant', 'a'], ['mode', 'x'])))).toBe(true);
    expect(isShadowed(rule(any, a), rule(any))).toBe(false);
    expect(isShadowed(rule(any, a), rule(any, context(['tenant', 'b'])))).toBe(false);
  });

  it('passes no preflights that the earlier one leaves', () => {
    const get = { methods: new Set(['GET']) };
    const passing = { ...get, passesPreflight: true };
    expect(isShadowed(rule(any, get), rule(any, passing))).toBe(false);
    expect(isShadowed(rule(any, passing), rule(any, passing))).toBe(true);
    expect(isShadowed(rule(any), rule(any, passing))).toBe(true);
    expect(isShadowed(rule(any, { methods: new Set(['GET', 'OPTIONS']) }), rule(any, passing))).toBe(true);
    const answering = { ...get, answersPreflight: true };
    expect(isShadowed(rule(any, get), rule(any, answering))).toBe(false);
    expect(isShadowed(rule(any, answering), rule(any, answering))).toBe(true);
    expect(isShadowed(rule(any, passing), rule(any, answering))).toBe(true);
  });

  it('is not said of rules that have errors of their own', () => {
    expect(checkShadowedRules([undefined, rule(any), undefined], [0, 1, 2])).toEqual([]);
  });
});
