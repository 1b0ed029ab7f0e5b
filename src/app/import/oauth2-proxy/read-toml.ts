import { parse, TomlError } from 'smol-toml';
import { nearest } from '../nearest.ts';
import type { Problem } from '../problem.ts';
import type { Reading } from './given.ts';
import { keyOf, type Option } from './option.ts';
import { optionsByFlag, settableOptions } from './options.ts';
import { joinReadings, readGiven } from './parse-value.ts';
import { suggestion } from './suggest.ts';

const optionsByKey: ReadonlyMap<string, Option> = new Map([
  ...settableOptions.map((option) => [keyOf(option), option] as const),
  // Spellings that oauth2-proxy takes beside its rule.
  ...['google_group', 'show-debug-on-error', 'auth-request-response-mode'].flatMap((key) => {
    const option = optionsByFlag.get(key.replaceAll('_', '-'));
    return option === undefined ? [] : [[key, option] as const];
  }),
]);

/** oauth2-proxy.cfg: TOML with one key for each option. `name` is the file's, for problems. */
export function readToml(name: string, text: string): Reading {
  let table: Readonly<Record<string, unknown>>;
  try {
    table = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // Its message quotes the line, and the line may hold a secret.
    const problem = 'expected TOML: key = "value", lists in [ ]';
    return {
      options: [],
      problems: [{ subject: `${name}:${error.line}:${error.column}`, problem, suggestion: undefined }],
    };
  }
  return joinReadings(Object.entries(table).map(([key, value]) => readEntry(key, value)));
}

function readEntry(key: string, value: unknown): Reading {
  const option = optionsByKey.get(key);
  if (option === undefined) return { options: [], problems: [unknown(key)] };
  const values = valuesOf(option, value);
  if (values === undefined) {
    const problem = option.kind === 'list' ? 'expected a text or a list of texts' : 'expected one value';
    return { options: [], problems: [{ subject: key, problem, suggestion: undefined }] };
  }
  return readGiven(option, values, 'file', key);
}

// As loosely typed as oauth2-proxy: "false" is false, one text is a list, commas divide it.
function valuesOf({ kind }: Option, value: unknown): readonly string[] | undefined {
  if (kind !== 'list') return isScalar(value) ? [String(value)] : undefined;
  if (typeof value === 'string') return value === '' ? [] : value.split(',');
  return Array.isArray(value) && value.every(isScalar) ? value.map(String) : undefined;
}

function isScalar(value: unknown): value is string | number | bigint | boolean {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}

function unknown(key: string): Problem {
  const problem = 'oauth2-proxy has no option of this name';
  return { subject: key, problem, suggestion: suggestion(nearest(key, [...optionsByKey.keys()])) };
}
