import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { moduleFolder, resourceDefinitionFiles } from './tools.ts';

// biome-ignore lint/suspicious/noExplicitAny: JSON Schema and OpenAPI, walked as trees
type Schema = any;

const intOrString: Schema = { oneOf: [{ type: 'string' }, { type: 'integer' }] };

/**
 * Writes a JSON Schema for every kind of the Kubernetes API and of the custom resources, as kubeconform looks for
 * them. Returns how many. Unknown fields are errors in all of them.
 */
export async function writeJsonSchemas(folder: string): Promise<number> {
  const schemas = new Map([...builtInKinds(), ...customKinds()]);
  for (const [name, schema] of schemas) await writeFile(join(folder, `${name}.json`), JSON.stringify(schema));
  return schemas.size;
}

/** Kubernetes' own, with the definitions that they refer to. */
function builtInKinds(): readonly (readonly [string, Schema])[] {
  const file = join(moduleFolder('kubernetes'), 'api/openapi-spec/swagger.json');
  const { definitions: raw } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly definitions: Record<string, Schema>;
  }; // Swagger 2
  const definitions: Record<string, Schema> = Object.fromEntries(
    Object.entries(raw).map(([name, schema]) => [name, strict(schema)]),
  );
  definitions['io.k8s.apimachinery.pkg.util.intstr.IntOrString'] = intOrString;
  definitions['io.k8s.apimachinery.pkg.api.resource.Quantity'] = { oneOf: [{ type: 'string' }, { type: 'number' }] };
  return Object.entries(raw).flatMap(([name, schema]) =>
    ((schema['x-kubernetes-group-version-kind'] ?? []) as readonly Kind[]).map((kind) => {
      const used = reachable(name, definitions);
      return [fileName(kind), kindSchema({ ...definitions[name], definitions: used }, kind)] as const;
    }),
  );
}

function customKinds(): readonly (readonly [string, Schema])[] {
  return resourceDefinitionFiles().flatMap((file) => {
    const documents = parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS());
    return documents
      .filter((each) => each?.kind === 'CustomResourceDefinition')
      .flatMap(({ spec }) =>
        spec.versions.map((version: Schema) => {
          const kind = { group: spec.group, version: version.name, kind: spec.names.kind };
          const schema = strict(version.schema.openAPIV3Schema);
          schema.properties.metadata = { type: 'object' };
          return [fileName(kind), kindSchema(schema, kind)] as const;
        }),
      );
  });
}

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** kubeconform's `{{.ResourceKind}}{{.KindSuffix}}`. */
function fileName({ group, version, kind }: Kind): string {
  return [kind, ...(group === '' ? [] : [group.split('.')[0]]), version].join('-').toLowerCase();
}

function kindSchema(schema: Schema, { group, version, kind }: Kind): Schema {
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const properties = { ...schema.properties, apiVersion: { enum: [apiVersion] }, kind: { enum: [kind] } };
  return { ...schema, properties, required: ['apiVersion', 'kind', ...(schema.required ?? [])] };
}

const nested = new Set(['items', 'additionalProperties', 'allOf', 'oneOf', 'anyOf', 'not']);

/** Without Kubernetes' extensions, and with unknown fields forbidden. */
function strict(schema: Schema): Schema {
  if (Array.isArray(schema)) return schema.map(strict);
  if (schema === null || typeof schema !== 'object') return schema;
  if (schema['x-kubernetes-int-or-string'] === true || schema.format === 'int-or-string') return intOrString;
  const entries = Object.entries<Schema>(schema).flatMap(([key, value]): [string, Schema][] => {
    if (key.startsWith('x-kubernetes')) return [];
    if (key === '$ref') return [[key, `#/definitions/${value.split('/').at(-1)}`]];
    if (key === 'properties') {
      return [[key, Object.fromEntries(Object.entries(value).map(([name, child]) => [name, strict(child)]))]];
    }
    return [[key, nested.has(key) ? strict(value) : value]];
  });
  const result = Object.fromEntries(entries);
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || 'additionalProperties' in result;
  return 'properties' in result && !isOpen ? { ...result, additionalProperties: false } : result;
}

function reachable(name: string, definitions: Readonly<Record<string, Schema>>): Record<string, Schema> {
  const found: Record<string, Schema> = {};
  const waiting = [name];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next in found) continue;
    found[next] = definitions[next];
    const references = JSON.stringify(definitions[next]).matchAll(/"#\/definitions\/([^"]+)"/g);
    waiting.push(...[...references].map(([, reference = '']) => reference));
  }
  return found;
}
