/** The members of a JSON schema that the documentation tells and that suggestions are looked up in. */
export interface SchemaPart {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaPart>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: SchemaPart | boolean;
  readonly items?: SchemaPart;
  readonly anyOf?: readonly SchemaPart[];
  readonly oneOf?: readonly SchemaPart[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly pattern?: string;
}

export interface SchemaChild {
  readonly name: string;
  readonly part: SchemaPart;
  readonly isRequired: boolean;
}

/** The settings of a map, in the order of the schema. */
export function childrenOf(part: SchemaPart): readonly SchemaChild[] {
  return Object.entries(part.properties ?? {}).map(([name, child]) => ({
    name,
    part: child,
    isRequired: part.required?.includes(name) === true,
  }));
}

/** What can be written there, in a few words. */
export function describeKind(part: SchemaPart): string {
  if (part.enum !== undefined) return part.enum.map((word) => `\`${String(word)}\``).join(', ');
  if (part.const !== undefined) return `\`${String(part.const)}\``;
  if (isSecret(part)) return 'secret';
  if (part.anyOf !== undefined) return [...new Set(part.anyOf.map(describeKind))].join(' or ');
  switch (part.type) {
    case 'string':
      return part.pattern?.endsWith('([smhd])$') === true ? 'duration' : 'string';
    case 'integer':
      return 'whole number';
    case 'boolean':
      return 'true or false';
    case 'array':
      return `list of ${plural(describeKind(part.items ?? {}))}`;
    case 'object':
      return part.properties === undefined && typeof part.additionalProperties === 'object'
        ? `map of ${plural(describeKind(part.additionalProperties))}`
        : 'map';
    default:
      return part.type ?? 'anything';
  }
}

/** The default as it would be written in the file. */
export function describeDefault(part: SchemaPart): string {
  if (part.default === undefined) return '';
  const text = JSON.stringify(part.default).replace(/^"(.*)"$/, '$1');
  return text === '{}' ? '' : `\`${text.replaceAll(',', ', ').replaceAll(':"', ': "').replaceAll('"', '')}\``;
}

function isSecret(part: SchemaPart): boolean {
  const keys = (part.anyOf ?? []).flatMap((choice) => Object.keys(choice.properties ?? {}));
  return keys.length === 2 && keys.includes('file') && keys.includes('env');
}

function plural(kind: string): string {
  return kind === 'string' || kind === 'map' || kind === 'secret' || kind === 'duration' ? `${kind}s` : kind;
}
