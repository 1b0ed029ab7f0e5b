import { closest, distance } from 'fastest-levenshtein';

/** The way from the top of the document to a value. */
export type ConfigPath = readonly PropertyKey[];

/** Something wrong or doubtful at one place of the document, before line and column are looked up. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly path: ConfigPath;
  /** Point at the key rather than at its value. */
  readonly at: 'key' | 'value';
  /** Never a value of the document. */
  readonly problem: string;
  readonly suggestion: string | undefined;
}

/** An error at a value. */
export function errorAt(path: ConfigPath, problem: string, suggestion?: string): Finding {
  return { severity: 'error', path, at: 'value', problem, suggestion };
}

/** A warning at a value. */
export function warningAt(path: ConfigPath, problem: string, suggestion?: string): Finding {
  return { severity: 'warning', path, at: 'value', problem, suggestion };
}

/** `rules[2].path.prefix`. */
export function formatPath(path: ConfigPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    const name = String(step);
    if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

/** The kind of a value in the words of YAML; never the value. */
export function describeType(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return value === '' ? 'an empty string' : 'a string';
    case 'number':
      return Number.isInteger(value) ? 'a whole number' : 'a number';
    case 'boolean':
      return 'true or false';
    case 'object':
      return 'a map';
    default:
      return 'something else';
  }
}

/** "did you mean" for a misspelled word, else the list of what is known. */
export function suggestName(found: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const candidate = closest(found.toLowerCase(), [...known]);
  const [one, other] = [found.toLowerCase(), candidate.toLowerCase()];
  const continues = Math.min(one.length, other.length) > 2 && (one.startsWith(other) || other.startsWith(one));
  const isNear = continues || distance(one, other) <= Math.ceil(candidate.length / 3);
  return isNear ? `did you mean ${candidate}?` : `known here: ${[...known].sort().join(', ')}`;
}
