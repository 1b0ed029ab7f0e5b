import { describe, expect, it } from 'vitest';
import { ruleOf } from '../../../../test/support/rule.ts';
import type { Rule } from '../../../core/rules/match.ts';
import { checkOpenRules } from './open-rules.ts';

const use = { kind: 'public', keepsAuthorization: false } as const;

describe('a rule that opens everything', () => {
  it('is warned of at its place in the file, whatever it tolerates', () => {
    const rules = [undefined, ruleOf({ use, tolerates: new Set(['semicolons']) })];
    expect(checkOpenRules(rules, [0, 3])).toMatchObject([{ severity: 'warning', path: ['rules', 3] }]);
  });

  it.each<[what: string, parts: Partial<Rule>]>([
    ['path: {prefix: /}', { path: { kind: 'prefix', prefix: '' } }],
    ['hosts', { origins: new Set(['https://www.example.com']) }],
    ['methods', { methods: new Set(['GET']) }],
    ['context', { context: new Map([['access', 'open']]) }],
    ['use: deny', { use: { kind: 'deny' } }],
    ['an instance', { use: { kind: 'mode', instance: 'web', requirements: {} } }],
  ])('is none with %s', (_, parts) => {
    expect(checkOpenRules([ruleOf({ use, ...parts })], [0])).toEqual([]);
  });
});
