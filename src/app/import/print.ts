import { Document, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';
import type { Comment } from './findings.ts';

/** Maps and lists below these names stand on one line. */
const inline: ReadonlySet<string> = new Set([
  'path',
  'methods',
  'scopes',
  'endpointOrigins',
  'clientSecret',
  'key',
  'keys',
  'password',
]);

/** A configuration as YAML, with a heading and a comment above some settings. */
export function printConfiguration(
  configuration: Readonly<Record<string, unknown>>,
  comments: readonly Comment[],
  heading: readonly string[],
): string {
  const document = new Document(configuration, { aliasDuplicateObjects: false });
  document.commentBefore = lines(heading);
  if (isMap(document.contents)) {
    for (const pair of document.contents.items) {
      if (isScalar(pair.key)) pair.key.spaceBefore = true;
    }
    foldShort(document.contents);
  }
  for (const { path, text } of comments) addComment(document, path, text);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false }).replace(/\n{3,}/g, '\n\n');
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => ` ${printable(text)}`).join('\n');
}

// What an option holds must not end the comment.
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}|\p{Zl}|\p{Zp}/gu, ' ');
}

function addComment(document: Document, path: Comment['path'], text: string): void {
  const node = commented(document, path);
  if (node === undefined) return;
  const line = lines([text]);
  const { commentBefore } = node;
  node.commentBefore = commentBefore === undefined || commentBefore === null ? line : `${commentBefore}\n${line}`;
}

/** The node that a comment stands before: the key of a setting, or an entry of a list; undefined for none. */
function commented(document: Document, path: Comment['path']): Node | undefined {
  const parent = document.getIn(path.slice(0, -1), true) ?? document.contents;
  const last = path.at(-1);
  if (isSeq(parent) && typeof last === 'number') return parent.items[last] as Node | undefined; // made by createNode
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find(({ key }) => isScalar(key) && key.value === last);
  return pair === undefined || !isScalar(pair.key) ? undefined : pair.key;
}

function foldShort(node: unknown): void {
  if (isSeq(node)) node.items.forEach(foldShort);
  if (!isMap(node)) return;
  for (const pair of node.items) {
    if (isShort(pair) && (isMap(pair.value) || isSeq(pair.value))) pair.value.flow = true;
    else foldShort(pair.value);
  }
}

function isShort({ key, value }: Pair): boolean {
  const length = JSON.stringify(value).length;
  return isScalar(key) && inline.has(String(key.value)) && length < 90;
}
