import type { SchemaPart } from './schema-words.ts';

/** Keys that a map at this path may have, over all alternatives. `schema` is a JSON schema without references. */
export function knownKeys(schema: object, path: readonly PropertyKey[]): readonly string[] {
  return unique(nodesAt(schema, path).flatMap((node) => Object.keys(node.properties ?? {})));
}

/** Words that may stand at this path, where the schema lists them. */
export function knownWords(schema: object, path: readonly PropertyKey[]): readonly string[] {
  return unique(
    nodesAt(schema, path)
      .flatMap((node) => [...(node.enum ?? []), ...(node.const === undefined ? [] : [node.const])])
      .filter((word) => typeof word === 'string'),
  );
}

function nodesAt(schema: object, path: readonly PropertyKey[]): readonly SchemaPart[] {
  const top = alternatives(schema); // every member of a node is optional, so any object is one
  return path.reduce<readonly SchemaPart[]>((nodes, step) => nodes.flatMap((node) => childrenOf(node, step)), top);
}

function childrenOf(node: SchemaPart, step: PropertyKey): readonly SchemaPart[] {
  if (typeof step === 'number') return node.items === undefined ? [] : alternatives(node.items);
  const properties = node.properties ?? {};
  const named = Object.hasOwn(properties, step) ? properties[String(step)] : undefined;
  if (named !== undefined) return alternatives(named);
  return typeof node.additionalProperties === 'object' ? alternatives(node.additionalProperties) : [];
}

function alternatives(node: SchemaPart): readonly SchemaPart[] {
  const choices = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  return choices.length === 0 ? [node] : choices.flatMap(alternatives);
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)];
}
