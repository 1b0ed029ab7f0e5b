import { type output, type ZodType, z } from 'zod';
import type { ModeDefinition } from '../../modes/mode.ts';
import { explainIssue } from './explain-issue.ts';
import { type ConfigPath, errorAt, type Finding, formatPath, suggestName } from './finding.ts';
import { instanceNameSchema } from './schema/rule.ts';
import { configSchema } from './schema/schema.ts';

type Shape = (typeof configSchema)['shape'];

/** An instance of a mode, and what that mode made of its settings. */
export interface Instance {
  readonly definition: ModeDefinition;
  readonly settings: unknown;
}

/** A value with its place in its list. */
export interface Placed<T> {
  readonly index: number;
  readonly value: T;
}

/** The parts of a document that are right by themselves; what they say about each other is not checked yet. */
export interface Sections {
  readonly origins: readonly Placed<string>[];
  readonly listen: output<Shape['listen']> | undefined;
  readonly keys: output<Shape['keys']> | undefined;
  readonly store: output<Shape['store']> | undefined;
  readonly providers: ReadonlyMap<string, output<Shape['providers']>[string]>;
  readonly modes: ReadonlyMap<string, Instance>;
  readonly rules: readonly Placed<output<Shape['rules']>[number]>[];
  readonly requests: output<Shape['requests']> | undefined;
  readonly pages: output<Shape['pages']> | undefined;
  readonly envoy: output<Shape['envoy']> | undefined;
  readonly log: output<Shape['log']> | undefined;
  readonly admin: output<Shape['admin']> | undefined;
  readonly reload: output<Shape['reload']> | undefined;
  readonly shutdown: output<Shape['shutdown']> | undefined;
  /** Names that the document gives, whether or not their entries are right. */
  readonly declared: {
    readonly top: readonly string[];
    readonly providers: readonly string[];
    readonly modes: readonly string[];
  };
}

/**
 * Parses a document part by part, so that one mistake hides no other: every instance, provider and rule is
 * parsed alone, and what parsed goes on to the checks between parts.
 */
export function parseSections(
  document: unknown,
  modes: readonly ModeDefinition[],
): { readonly sections: Sections; readonly findings: readonly Finding[] } {
  const found: Finding[] = [];
  const top = isMap(document) ? document : {};
  parsePart(outlineSchema, document, [], found, configSchema);
  const section = <T extends ZodType>(key: string, schema: T) => parsePart(schema, top[key], [key], found);
  const sections = {
    origins: parseList(shape.origins.element, top['origins'], ['origins'], found),
    listen: section('listen', shape.listen),
    keys: section('keys', shape.keys),
    store: section('store', shape.store),
    providers: parseRecord(providerSchemas.keyType, top['providers'], ['providers'], found, (value, path) =>
      parsePart(providerSchemas.valueType, value, path, found),
    ),
    modes: parseRecord(instanceNameSchema, top['modes'], ['modes'], found, (value, path) =>
      parseInstance(value, path, modes, found),
    ),
    rules: parseList(shape.rules.element, top['rules'], ['rules'], found),
    requests: section('requests', shape.requests),
    pages: section('pages', shape.pages),
    envoy: section('envoy', shape.envoy),
    log: section('log', shape.log),
    admin: section('admin', shape.admin),
    reload: section('reload', shape.reload),
    shutdown: section('shutdown', shape.shutdown),
    declared: { top: Object.keys(top), providers: keysOf(top['providers']), modes: keysOf(top['modes']) },
  };
  return { sections, findings: withoutMisspelled(found) };
}

/** Undefined when the value does not fit; `found` gets the reasons. Suggestions come from `described`. */
function parsePart<T extends ZodType>(
  schema: T,
  value: unknown,
  path: ConfigPath,
  found: Finding[],
  described: ZodType = schema,
): output<T> | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const context = { path, value, jsonSchema: () => z.toJSONSchema(described, { io: 'input' }) };
  found.push(...result.error.issues.flatMap((issue) => explainIssue(issue, context)));
  return undefined;
}

/** One mistake, one finding: a setting that is there under a misspelled name is not also missing. */
function withoutMisspelled(findings: readonly Finding[]): readonly Finding[] {
  const meant = new Set(
    findings.flatMap(({ path, suggestion }) => {
      const [, name] = /^did you mean (.+)\?$/.exec(suggestion ?? '') ?? [];
      return name === undefined ? [] : [formatPath([...path.slice(0, -1), name])];
    }),
  );
  return findings.filter(
    ({ path, problem }) => !(problem.startsWith('a required setting is missing') && meant.has(formatPath(path))),
  );
}

function parseList<T extends ZodType>(
  element: T,
  value: unknown,
  path: ConfigPath,
  found: Finding[],
): readonly Placed<output<T>>[] {
  const items = parsePart(z.array(z.unknown()).min(1), value, path, found) ?? [];
  return items.flatMap((item, index) => {
    const parsed = parsePart(element, item, [...path, index], found);
    return parsed === undefined ? [] : [{ index, value: parsed }];
  });
}

function parseRecord<T>(
  nameSchema: z.ZodType<string, string> & z.core.$ZodRecordKey,
  value: unknown,
  path: ConfigPath,
  found: Finding[],
  parseEntry: (value: unknown, path: ConfigPath) => T | undefined,
): ReadonlyMap<string, T> {
  parsePart(z.record(nameSchema, z.unknown()), value ?? {}, path, found);
  return new Map(
    Object.entries(isMap(value) ? value : {}).flatMap(([name, raw]) => {
      const entry = parseEntry(raw, [...path, name]);
      return entry === undefined ? [] : [[name, entry] as const];
    }),
  );
}

function parseInstance(
  value: unknown,
  path: ConfigPath,
  modes: readonly ModeDefinition[],
  found: Finding[],
): Instance | undefined {
  const selected = parsePart(selectorSchema, value, path, found);
  if (selected === undefined) return undefined;
  const { mode: name, ...settings } = selected;
  const definition = modes.find((mode) => mode.name === name);
  if (definition === undefined) {
    const known = modes.map((mode) => mode.name);
    found.push(errorAt([...path, 'mode'], `expected one of ${known.join(', ')}`, suggestName(name, known)));
    return undefined;
  }
  const parsed = parsePart(definition.settings, settings, path, found);
  return parsed === undefined ? undefined : { definition, settings: parsed };
}

const shape = configSchema.shape;
const providerSchemas = shape.providers.unwrap();
const outlineSchema = z.strictObject(
  Object.fromEntries(Object.keys(shape).map((key) => [key, z.unknown().optional()])),
);
const selectorSchema = z.looseObject({ mode: z.string() });

function isMap(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function keysOf(value: unknown): readonly string[] {
  return isMap(value) ? Object.keys(value) : [];
}
