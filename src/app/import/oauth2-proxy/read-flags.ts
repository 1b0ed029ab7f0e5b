import { nearest } from '../nearest.ts';
import type { Reading } from './given.ts';
import { optionsByFlag } from './options.ts';
import { joinReadings, readGiven } from './parse-value.ts';
import { splitCsv } from './split-csv.ts';
import { suggestion } from './suggest.ts';

/** Flags as oauth2-proxy's command line takes them: `--flag=value`, `--flag value`, and `--flag` alone for true. */
export function readFlags(words: readonly string[]): Reading {
  const read = takeAll(words);
  const lists = new Map<string, readonly string[]>();
  const readings = read.map((taken): Reading => {
    if (taken.kind === 'problem') return { options: [], problems: [taken.problem] };
    const { flag, value } = taken;
    const option = optionsByFlag.get(flag);
    if (option === undefined) {
      return { options: [], problems: [unknown(flag)] };
    }
    if (option.kind !== 'list') return readGiven(option, [value], 'flag', `--${flag}`);
    const values = [...(lists.get(flag) ?? []), ...splitCsv(value)];
    lists.set(flag, values); // the last reading holds them all, and the last counts
    return readGiven(option, values, 'flag', `--${flag}`);
  });
  return joinReadings(readings);
}

type Taken =
  | { readonly kind: 'flag'; readonly flag: string; readonly value: string }
  | { readonly kind: 'problem'; readonly problem: Reading['problems'][number] };

function takeAll(words: readonly string[]): readonly Taken[] {
  const taken: Taken[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const [, flag = '', sign, value = ''] = /^--([^=]+)(=)?(.*)$/s.exec(word) ?? [];
    if (flag === '') {
      taken.push({ kind: 'problem', problem: misplaced(word) });
    } else if (sign === '=') {
      taken.push({ kind: 'flag', flag, value });
    } else if (optionsByFlag.get(flag)?.kind === 'boolean' || !optionsByFlag.has(flag)) {
      taken.push({ kind: 'flag', flag, value: 'true' });
    } else {
      index += 1;
      const next = words[index];
      taken.push(
        next === undefined
          ? { kind: 'problem', problem: { subject: word, problem: 'a value is missing', suggestion: undefined } }
          : { kind: 'flag', flag, value: next },
      );
    }
  }
  return taken;
}

// The word is not shown: after a flag that takes no value it may be one, and that may be a secret.
function misplaced(word: string): Reading['problems'][number] {
  const [, name = ''] = /^-([a-z][a-z0-9-]*)/.exec(word) ?? [];
  if (optionsByFlag.has(name)) {
    return { subject: `-${name}`, problem: 'flags begin with two hyphens', suggestion: `write --${name}` };
  }
  const problem = 'expected --flag=value';
  return { subject: 'a word among the flags', problem, suggestion: 'join a flag and its value with =' };
}

function unknown(flag: string): Reading['problems'][number] {
  const meant = nearest(flag, [...optionsByFlag.keys()]);
  const problem = 'oauth2-proxy has no such flag';
  return { subject: `--${flag}`, problem, suggestion: suggestion(meant && `--${meant}`) };
}
