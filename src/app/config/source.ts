import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import type { ConfigError } from './config.ts';
import { type ConfigPath, errorAt, type Finding, formatPath } from './finding.ts';
import { readTextFile } from './read-text-file.ts';
import { explainYamlError } from './yaml-errors.ts';

const maxBytes = 1_048_576;
/** Aliases multiply: this many nodes may come from them, not more ("billion laughs"). */
const maxAliasCount = 100;

/** A YAML document with the way back from its values to its lines. */
export interface ConfigSource {
  /** Plain maps, lists and scalars; undefined when the text is not usable. */
  readonly value: unknown;
  /** What the text itself has wrong: syntax, doubled keys. */
  readonly errors: readonly ConfigError[];
  locate(finding: Finding): ConfigError;
}

/**
 * Reads a YAML file of at most 1 MiB. Throws nothing: what cannot be read is an error of the result.
 * `mustBeFinished`: a text without a newline at its end is an error, since YAML that is cut off may mean more than
 * what was to be written.
 */
export async function readSource(
  file: string,
  { mustBeFinished }: { readonly mustBeFinished: boolean } = { mustBeFinished: false },
): Promise<ConfigSource> {
  const read = await readTextFile(file, maxBytes);
  if (read.kind === 'text') {
    if (!mustBeFinished || read.text.endsWith('\n')) return parseSource(file, read.text);
    return { value: undefined, errors: [unfinished(file, read.text)], locate: (other) => withoutPlace(file, other) };
  }
  const finding = errorAt([], read.problem, 'name the file with --config or SALLYPORT_CONFIG');
  return { value: undefined, errors: [withoutPlace(file, finding)], locate: (other) => withoutPlace(file, other) };
}

function unfinished(file: string, text: string): ConfigError {
  const lines = text.split('\n');
  return {
    file,
    line: lines.length,
    column: (lines.at(-1)?.length ?? 0) + 1,
    path: '',
    problem: 'the file ends in mid-line: is it still being written?',
    suggestion:
      'end its last line with a newline; write to another name and rename that, so that it is never seen half',
  };
}

function withoutPlace(file: string, finding: Finding): ConfigError {
  return {
    file,
    line: 1,
    column: 1,
    path: formatPath(finding.path),
    problem: finding.problem,
    suggestion: finding.suggestion,
  };
}

/** Parses YAML 1.2; every key a string, none twice, no merge keys. */
export function parseSource(file: string, text: string): ConfigSource {
  const lines = new LineCounter();
  // Without prettyErrors the parser quotes nothing of the text, and its own words are replaced by ours.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const locate = (finding: Finding): ConfigError => ({
    ...place(offsetOf(document, finding)),
    path: formatPath(finding.path),
    problem: finding.problem,
    suggestion: finding.suggestion,
  });
  const errors = [...document.errors, ...document.warnings].map((error) => ({
    ...place(error.pos[0]),
    // Only here is it certain that a key is a key: in a broken document a secret may have become one.
    path: error.code === 'DUPLICATE_KEY' ? formatPath(keyPathAt(document, error.pos[0]) ?? []) : '',
    ...explainYamlError(error.code),
  }));
  // A doubled key leaves the rest readable; any other error may have moved everything after it.
  const isReadable = document.errors.every((error) => error.code === 'DUPLICATE_KEY');
  const lost = isReadable ? unresolvedAliases(document).map((offset) => ({ ...place(offset), ...lostAlias })) : [];
  if (!isReadable || lost.length > 0) return { value: undefined, errors: [...errors, ...lost], locate };
  try {
    return { value: document.toJS({ maxAliasCount }), errors, locate };
  } catch {
    const finding = errorAt([], 'the aliases (*name) expand to too much', 'write the values out');
    return { value: undefined, errors: [...errors, locate(finding)], locate };
  }
}

const lostAlias = { path: '', ...explainYamlError('BAD_ALIAS') };

/** Offsets of aliases without an anchor before them, which the parser leaves to whoever reads the values. */
function unresolvedAliases(document: Document): readonly number[] {
  const offsets: number[] = [];
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) === undefined) offsets.push(startOf(alias) ?? 0);
    },
  });
  return offsets;
}

/** Where the deepest part of the path begins that the document has. */
function offsetOf(document: Document, finding: Finding): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, step] of finding.path.entries()) {
    const pair = pairOf(document, node, step);
    const child = pair === undefined ? itemOf(document, node, step) : pair.value;
    if (pair === undefined && child === undefined) return offset;
    const isLast = index === finding.path.length - 1;
    const keyOffset = startOf(pair?.key);
    offset = (isLast && finding.at === 'key' ? keyOffset : startOf(child)) ?? keyOffset ?? offset;
    node = child;
  }
  return offset;
}

function pairOf(document: Document, node: unknown, step: PropertyKey): Pair<unknown, unknown> | undefined {
  const map = resolveAlias(document, node);
  if (!isMap(map)) return undefined;
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === step);
}

function itemOf(document: Document, node: unknown, step: PropertyKey): unknown {
  const list = resolveAlias(document, node);
  return isSeq(list) && typeof step === 'number' ? list.items[step] : undefined;
}

function resolveAlias(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function startOf(node: unknown): number | undefined {
  // Every node that the parser made has a range; the type allows nodes that a program made.
  return (node as Node | null | undefined)?.range?.[0];
}

/** The path of the key that begins at an offset, for errors that the parser reports by offset. */
function keyPathAt(document: Document, offset: number): ConfigPath | undefined {
  let found: ConfigPath | undefined;
  visit(document, {
    Pair(_, pair, ancestors) {
      if (startOf(pair.key) !== offset || !isScalar(pair.key)) return undefined;
      found = [
        ...ancestors.flatMap((ancestor, index) => stepBetween(ancestor, ancestors[index + 1] ?? pair)),
        String(pair.key.value),
      ];
      return visit.BREAK;
    },
  });
  return found;
}

function stepBetween(parent: unknown, child: unknown): PropertyKey[] {
  if (isSeq(parent)) return [parent.items.indexOf(child)];
  if (isMap(parent)) return [];
  const key = (parent as Partial<Pair> | undefined)?.key; // ancestors are nodes, documents and pairs
  return isScalar(key) ? [String(key.value)] : [];
}
