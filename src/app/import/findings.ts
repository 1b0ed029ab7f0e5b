import type { Problem } from './problem.ts';

/** A line above a setting of the result. */
export interface Comment {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** Something that a person has to know or do before the result is used. */
export interface Remark {
  /** `todo`: nothing works before it is done. `decide`: look at it; what was not clear is closed. */
  readonly kind: 'todo' | 'decide';
  /** The options that it is about. */
  readonly options: readonly string[];
  readonly text: string;
}

/** What comes to light while the options are translated. */
export interface Findings {
  readonly comments: Comment[];
  readonly remarks: Remark[];
  readonly problems: Problem[];
}

/** None yet. */
export function noFindings(): Findings {
  return { comments: [], remarks: [], problems: [] };
}

/** Adds a line above a setting. */
export function comment(found: Findings, path: Comment['path'], text: string): void {
  found.comments.push({ path, text });
}

/** Adds something that must be done. */
export function todo(found: Findings, options: readonly string[], text: string): void {
  found.remarks.push({ kind: 'todo', options, text });
}

/** Adds something that a person must look at. */
export function decide(found: Findings, options: readonly string[], text: string): void {
  found.remarks.push({ kind: 'decide', options, text });
}

/** Adds an error: there will be no result. */
export function fail(found: Findings, subject: string, problem: string, suggestion?: string): void {
  found.problems.push({ subject, problem, suggestion });
}
