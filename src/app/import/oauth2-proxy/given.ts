import type { Problem } from '../problem.ts';
import { secondsOfGoDuration } from './go-duration.ts';
import type { Option } from './option.ts';
import { optionOf } from './options.ts';

/** An option that somebody set. */
export interface GivenOption {
  readonly option: Option;
  /** As it is written where it was found: `--email-domain`, `OAUTH2_PROXY_EMAIL_DOMAINS`, `email_domains`. */
  readonly spelling: string;
  readonly source: 'flag' | 'environment' | 'file' | 'alpha';
  /** One, or for a list any number. */
  readonly values: readonly string[];
}

/** What was set, by flag; of several sources the strongest. */
export type Given = ReadonlyMap<string, GivenOption>;

/** What one source sets, and what is wrong with it. */
export interface Reading {
  readonly options: readonly GivenOption[];
  readonly problems: readonly Problem[];
}

/** The options of all sources, of which the later ones are stronger; what one of them says twice is a list already. */
export function mergeReadings(readings: readonly Reading[]): Given {
  return new Map(readings.flatMap(({ options }) => options.map((given) => [given.option.flag, given] as const)));
}

/** The value of an option; its default when nobody set it. Undefined when it is empty. */
export function textOf(given: Given, flag: string): string | undefined {
  const text = given.get(flag)?.values.join(',') ?? optionOf(flag).standard;
  return text === '' ? undefined : text;
}

/** The values of a list; empty when nobody set it. */
export function listOf(given: Given, flag: string): readonly string[] {
  return (given.get(flag)?.values ?? []).filter((value) => value !== '');
}

/** Whether a boolean option is on, by whoever set it or by default. */
export function isOn(given: Given, flag: string): boolean {
  return isTrue(textOf(given, flag) ?? 'false');
}

/** Seconds of a duration, without fractions; its default when nobody set it. */
export function secondsIn(given: Given, flag: string): number {
  return secondsOfGoDuration(textOf(given, flag) ?? '0') ?? 0;
}

/** Whether a value is the default that oauth2-proxy has without it. */
export function isStandard({ option, values }: GivenOption): boolean {
  const [value = ''] = values;
  const standard = option.standard ?? (option.kind === 'boolean' ? 'false' : '');
  switch (option.kind) {
    case 'boolean':
      return isTrue(value) === isTrue(standard);
    case 'duration':
      return secondsOfGoDuration(value) === secondsOfGoDuration(standard === '' ? '0' : standard);
    case 'number':
      return Number(value) === Number(standard);
    case 'list':
      return values.every((entry) => entry === standard);
    case 'text':
      return value === standard;
  }
}

/** What Go's strconv.ParseBool takes for true. */
function isTrue(text: string): boolean {
  return ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text);
}
