import type { Problem } from '../problem.ts';
import type { GivenOption, Reading } from './given.ts';
import { secondsOfGoDuration } from './go-duration.ts';
import type { Option } from './option.ts';

/** What strconv.ParseBool accepts. */
const goBooleans = new Set(['1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False']);

/** Checks the form of the values as oauth2-proxy does when it starts. */
export function readGiven(
  option: Option,
  values: readonly string[],
  source: GivenOption['source'],
  spelling: string,
): Reading {
  const problem = problemOf(option, values);
  if (problem !== undefined) return { options: [], problems: [{ ...problem, subject: spelling }] };
  return { options: [{ option, spelling, source, values }], problems: [] };
}

function problemOf({ kind }: Option, values: readonly string[]): Omit<Problem, 'subject'> | undefined {
  const [value = ''] = values;
  switch (kind) {
    case 'boolean':
      return goBooleans.has(value) ? undefined : { problem: 'expected true or false', suggestion: undefined };
    case 'number':
      return /^-?[0-9]+$/.test(value) ? undefined : { problem: 'expected a whole number', suggestion: undefined };
    case 'duration':
      if (value === '' || secondsOfGoDuration(value) !== undefined) return undefined;
      return { problem: 'expected a duration', suggestion: 'write it as 168h0m0s, 15m or 90s' };
    case 'text':
    case 'list':
      return undefined;
  }
}

/** Both together. */
export function joinReadings(readings: readonly Reading[]): Reading {
  return {
    options: readings.flatMap(({ options }) => options),
    problems: readings.flatMap(({ problems }) => problems),
  };
}
