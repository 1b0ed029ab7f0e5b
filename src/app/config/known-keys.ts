/** The parts of a JSON schema that say which keys and words can stand somewhere. */
interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
}

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

function nodesAt(schema: object, path: readonly PropertyKey[]): readonly SchemaNode[] {
  const top = alternatives(schema); // every member of a node is optional, so any object is one
  return path.reduce<readonly SchemaNode[]>((nodes, step) => nodes.flatMap((node) => childrenOf(node, step)), top);
}

function childrenOf(node: SchemaNode, step: PropertyKey): readonly SchemaNode[] {
  if (typeof step === 'number') return node.items === undefined ? [] : alternatives(node.items);
  const properties = node.properties ?? {};
  const named = Object.hasOwn(properties, step) ? properties[String(step)] : undefined;
  if (named !== undefined) return alternatives(named);
  return typeof node.additionalProperties === 'object' ? alternatives(node.additionalProperties) : [];
}

function alternatives(node: SchemaNode): readonly SchemaNode[] {
  const choices = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  return choices.length === 0 ? [node] : choices.flatMap(alternatives);
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)];
}
