import { nearest } from '../nearest.ts';
import type { Problem } from '../problem.ts';
import type { Reading } from './given.ts';
import { keyOf, type Option, variableOf } from './option.ts';
import { settableOptions } from './options.ts';
import { joinReadings, readGiven } from './parse-value.ts';
import { suggestion } from './suggest.ts';

const prefix = 'OAUTH2_PROXY_';

/** Kubernetes makes these for services of the name oauth2-proxy; they are no options. */
const serviceVariable = /^OAUTH2_PROXY(?:_[A-Z0-9]+)*_(?:SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT(?:_[0-9]+_.*)?)$/;

const optionsByVariable: ReadonlyMap<string, Option> = new Map(
  settableOptions.map((option) => [variableOf(option), option] as const),
);

/** The variables that oauth2-proxy reads; every other variable is left alone. */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): Reading {
  const names = Object.keys(environment).filter((name) => name.startsWith(prefix) && !serviceVariable.test(name));
  return joinReadings(
    names.map((name): Reading => {
      const option = optionsByVariable.get(name);
      const value = environment[name] ?? '';
      // An empty variable counts as none.
      if (value === '') return { options: [], problems: [] };
      if (option === undefined) return { options: [], problems: [unknown(name)] };
      return readGiven(option, option.kind === 'list' ? value.split(',') : [value], 'environment', name);
    }),
  );
}

function unknown(name: string): Problem {
  const keys = settableOptions.map(keyOf);
  const meant = nearest(name.slice(prefix.length).toLowerCase(), keys);
  const problem = 'oauth2-proxy has no option of this name, and has ignored it';
  return { subject: name, problem, suggestion: suggestion(meant && `${prefix}${meant.toUpperCase()}`) };
}
