import type { Rule } from '../../../core/rules/match.ts';
import { type Finding, warningAt } from '../finding.ts';

/** Warns of rules that open everything without saying so: what they were to open may have been left out. */
export function checkOpenRules(rules: readonly (Rule | undefined)[], places: readonly number[]): readonly Finding[] {
  return rules.flatMap((rule, index) => {
    if (rule === undefined || !opensEverything(rule)) return [];
    return [warningAt(['rules', places[index] ?? index], openProblem, openSuggestion)];
  });
}

/** Whether a rule is public and has no condition at all; with `path: {prefix: /}` it says that it means everything. */
export function opensEverything({ use, path, origins, methods, context }: Rule): boolean {
  const isUnconditional = origins === undefined && methods === undefined && context.size === 0;
  return use.kind === 'public' && path.kind === 'any' && isUnconditional;
}

export const openProblem = 'this rule opens everything';
export const openSuggestion = 'write path: {prefix: /} if that is meant';
