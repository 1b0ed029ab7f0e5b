import type { Rule } from '../../src/core/rules/match.ts';

/** A rule for everything that refuses everything, but for what a test says of it. */
export function ruleOf(parts: Partial<Rule> = {}): Rule {
  return {
    name: 'r',
    origins: undefined,
    path: { kind: 'any' },
    methods: undefined,
    context: new Map(),
    tolerates: new Set(),
    passesPreflight: false,
    answersPreflight: false,
    use: { kind: 'deny' },
    ...parts,
  };
}
