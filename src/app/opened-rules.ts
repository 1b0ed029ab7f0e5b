import { openProblem, openSuggestion, opensEverything } from './config/checks/open-rules.ts';
import type { Config } from './config/config.ts';
import { errorAt, type Finding } from './config/finding.ts';

/**
 * Rules that open everything without saying so, where none did: a file that is cut off after `use: public` is valid,
 * and nobody looks at the warnings of a reload.
 */
export function openedRules(before: Config, after: Config): readonly Finding[] {
  if (before.rules.some(opensEverything)) return [];
  return after.rules.flatMap((rule, index) =>
    opensEverything(rule) ? [errorAt(['rules', index], openProblem, openSuggestion)] : [],
  );
}
