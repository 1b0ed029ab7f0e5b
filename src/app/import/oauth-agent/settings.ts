import { type Findings, fail } from '../findings.ts';
import { nearest } from '../nearest.ts';
import { type VariableName, variables } from './variables.ts';

/** Variables that are set, none of them empty. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables of the OAuth agent that are set; an empty one counts as none. */
export function settingsIn(environment: Environment): ReadonlyMap<VariableName, string> {
  return new Map(
    variables.flatMap(({ name }) => {
      const value = environment[name];
      return value === undefined || value === '' ? [] : [[name, value] as const];
    }),
  );
}

/** Variables that were probably meant for the OAuth agent and have a name that it does not know, with the right name. */
export function misspelled(environment: Environment): ReadonlyMap<string, VariableName> {
  const known = new Map(variables.map(({ name }) => [name.toLowerCase(), name] as const));
  return new Map(
    Object.keys(environment).flatMap((name) => {
      const word = name.toLowerCase();
      const meant = known.get(nearest(word, [...known.keys()]) ?? '');
      // Other programs have variables too: one that begins otherwise is theirs.
      const isOther = meant === undefined || meant === name || !meant.toLowerCase().startsWith(word.slice(0, 2));
      return isOther || environment[name] === '' ? [] : [[name, meant] as const];
    }),
  );
}

/** The value of a variable that nothing can do without; undefined, and an error, where it is missing. */
export function required(
  settings: ReadonlyMap<VariableName, string>,
  name: VariableName,
  what: string,
  environment: Environment,
  found: Findings,
): string | undefined {
  const value = settings.get(name);
  if (value !== undefined) return value;
  const wrong = [...misspelled(environment)].find(([, meant]) => meant === name)?.[0];
  const suggestion = wrong === undefined ? `set it: there is no default` : `rename ${wrong}`;
  fail(found, name, `a required variable is missing: ${what}`, suggestion);
  return undefined;
}
