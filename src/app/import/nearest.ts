import { suggestName } from '../config/finding.ts';

/** The name that was probably meant. */
export function nearest(found: string, known: readonly string[]): string | undefined {
  const [, name] = /^did you mean (.*)\?$/.exec(suggestName(found, known) ?? '') ?? [];
  return name;
}
