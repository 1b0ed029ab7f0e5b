import type { z } from 'zod';
import { type ConfigPath, describeType, errorAt, type Finding, suggestName } from './finding.ts';
import { knownKeys, knownWords } from './known-keys.ts';

type Issue = z.core.$ZodIssue;

/** What an issue is explained with. */
export interface IssueContext {
  /** Where the value that was parsed stands in the document. */
  readonly path: ConfigPath;
  /** The value that was parsed; only the kinds of its parts are told. */
  readonly value: unknown;
  /** JSON schema of the value, for suggestions; made only when there is something to explain. */
  readonly jsonSchema: () => object;
}

const typeNames: ReadonlyMap<string, string> = new Map([
  ['string', 'a string'],
  ['number', 'a number'],
  ['int', 'a whole number'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'a map'],
  ['record', 'a map'],
]);

const units: ReadonlyMap<string, string> = new Map([
  ['string', ' characters'],
  ['array', ' entries'],
]);

/** What one issue of zod means for the author of the file: expected, found, and what to write instead. */
export function explainIssue(issue: Issue, context: IssueContext): readonly Finding[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(issue.path, key, context));
    case 'invalid_union':
      return explainUnion(issue, context);
    case 'invalid_key':
    case 'invalid_element':
      return [wrongKey(issue, issue.issues[0]?.message ?? 'expected another name', context)];
    case 'invalid_type':
      return [wrongType(issue, context)];
    case 'invalid_value':
      return [wrongWord(issue, issue.values.map(String), context)];
    case 'too_small':
    case 'too_big':
      return [mismatch(issue, expectedSize(issue), context)];
    case 'not_multiple_of':
      return [mismatch(issue, `expected a multiple of ${issue.divisor}`, context)];
    case 'invalid_format':
      return [mismatch(issue, isOurs(issue.message) ? issue.message : 'expected another form', context)];
    case 'custom':
      return [mismatch(issue, issue.message, context)];
  }
}

// By convention every message of our schemas begins so; the library's own begin otherwise.
function isOurs(message: string): boolean {
  return message.startsWith('expected');
}

function mismatch(issue: Issue, expectation: string, context: IssueContext): Finding {
  const found = valueAt(context.value, issue.path);
  const path = [...context.path, ...issue.path];
  if (found === undefined) return errorAt(path, `a required setting is missing: ${expectation}`, suggestionOf(issue));
  const problem = tellsKind(issue, found) ? `${expectation}; found ${describeType(found)}` : expectation;
  return errorAt(path, problem, suggestionOf(issue) ?? repairType(issue, found));
}

/** Of a string in a wrong form it says nothing that it is a string; that it is empty does. */
function tellsKind({ code }: Issue, found: unknown): boolean {
  return found === '' || found === null || ['invalid_type', 'invalid_union', 'invalid_value'].includes(code);
}

function wrongKey(issue: Issue, expectation: string, context: IssueContext): Finding {
  const key = String(issue.path.at(-1) ?? '');
  const name = key.toLowerCase().replace(/[^a-z0-9-]/g, '-');
  const isNear = /lower-case/.test(expectation) && /^[a-z][a-z0-9-]{0,31}$/.test(name) && name !== key;
  const finding = errorAt([...context.path, ...issue.path], expectation, isNear ? `write ${name}` : undefined);
  return { ...finding, at: 'key' };
}

function wrongType(issue: Issue & { code: 'invalid_type' }, context: IssueContext): Finding {
  if (!isOurs(issue.message))
    return mismatch(issue, `expected ${typeNames.get(issue.expected) ?? issue.expected}`, context);
  // A message of ours says what to write, so the general advice for the type would only distract.
  return { ...mismatch(issue, issue.message, context), suggestion: undefined };
}

function suggestionOf(issue: Issue): string | undefined {
  if (issue.code !== 'custom') return undefined;
  const suggestion: unknown = issue.params?.['suggestion'];
  return typeof suggestion === 'string' ? suggestion : undefined;
}

function repairType(issue: Issue, found: unknown): string | undefined {
  if (issue.code !== 'invalid_type') return undefined;
  const isScalar = typeof found === 'number' || typeof found === 'boolean';
  if (issue.expected === 'string' && isScalar) return 'put the value in quotes';
  const isWord = typeof found === 'string';
  if (isWord && (issue.expected === 'number' || issue.expected === 'int' || issue.expected === 'boolean'))
    return 'write it without quotes';
  return issue.expected === 'array' && (isWord || isScalar) ? 'write a list: [one, two]' : undefined;
}

function unknownKey(path: readonly PropertyKey[], key: string, context: IssueContext): Finding {
  const finding = errorAt([...context.path, ...path, key], 'there is no setting of this name');
  const known = knownKeys(context.jsonSchema(), path);
  const suggestion = known.includes(key) ? 'it goes with another type' : suggestName(key, known);
  return { ...finding, at: 'key', suggestion };
}

function wrongWord(issue: Issue, words: readonly string[], context: IssueContext): Finding {
  const expectation = words.length === 1 ? `expected ${words[0]}` : `expected one of ${words.join(', ')}`;
  const found = valueAt(context.value, issue.path);
  const finding = mismatch(issue, expectation, context);
  if (typeof found !== 'string') return finding;
  const suggestion = suggestName(found, words);
  return { ...finding, problem: expectation, suggestion: suggestion?.startsWith('did') ? suggestion : undefined };
}

function expectedSize(issue: Issue & { code: 'too_small' | 'too_big' }): string {
  const [word, bound] = issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
  const unit = units.get(issue.origin) ?? '';
  return `expected ${word} ${bound}${unit}`;
}

function explainUnion(issue: Issue & { code: 'invalid_union' }, context: IssueContext): readonly Finding[] {
  if (issue.message !== 'Invalid input' && isOurs(issue.message)) return [explainReference(issue, context)];
  if (issue.errors.length === 0) {
    // The word that selects an alternative is wrong or missing; then no alternative has looked at the other keys.
    const parent = issue.path.slice(0, -1);
    const known = knownKeys(context.jsonSchema(), parent);
    const found = valueAt(context.value, parent);
    const unknown = Object.keys(found !== null && typeof found === 'object' ? found : {}).filter(
      (key) => !known.includes(key),
    );
    return [
      wrongWord(issue, knownWords(context.jsonSchema(), issue.path), context),
      ...unknown.map((key) => unknownKey(parent, key, context)),
    ];
  }
  // The alternatives that the value's kind fits; of a string that is no address, not "expected a map" as well.
  const fitting = issue.errors.filter(
    (issues) => !issues.some((inner) => inner.code === 'invalid_type' && inner.path.length === 0),
  );
  const [chosen] = fitting.length > 0 ? fitting : [];
  if (chosen !== undefined) {
    return chosen.flatMap((inner) => explainIssue({ ...inner, path: [...issue.path, ...inner.path] }, context));
  }
  const kinds = issue.errors
    .flat()
    .flatMap((inner) => (inner.code === 'invalid_type' ? [typeNames.get(inner.expected)] : []));
  return [mismatch(issue, `expected ${kinds.filter((kind) => kind !== undefined).join(' or ')}`, context)];
}

// Nothing below is told: where a reference should stand, even a key may be the secret itself.
function explainReference(issue: Issue, context: IssueContext): Finding {
  const finding = mismatch(issue, issue.message, context);
  const isInline = typeof valueAt(context.value, issue.path) === 'string';
  return {
    ...finding,
    suggestion: isInline
      ? 'a secret never stands in this file: put it in a file and write {file: path}, or in the environment and write {env: NAME}'
      : 'write {file: path} or {env: NAME}',
  };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((node, step) => {
    if (node === null || typeof node !== 'object' || !Object.hasOwn(node, step)) return undefined;
    return (node as Record<PropertyKey, unknown>)[step]; // own property, checked in the line above
  }, value);
}
