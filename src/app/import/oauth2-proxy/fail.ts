import type { Findings } from '../findings.ts';

/** Adds an error: there will be no result. */
export function fail(found: Findings, flag: string, problem: string, suggestion?: string): void {
  found.problems.push({ subject: `--${flag}`, problem, suggestion });
}
