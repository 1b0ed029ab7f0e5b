import { parseDocument } from 'yaml';
import { nearest } from '../nearest.ts';
import type { Problem } from '../problem.ts';
import { idleProviderFields, providerFields, serverFields } from './alpha-fields.ts';
import { alphaHeaders, alphaUpstreams } from './alpha-lists.ts';
import { fieldsOf, isRecord, textsIn } from './alpha-values.ts';
import type { Reading } from './given.ts';
import { optionOf } from './options.ts';
import type { AlphaParts } from './original.ts';
import { joinReadings, readGiven } from './parse-value.ts';
import { suggestion } from './suggest.ts';

/** What an alpha configuration says. */
export interface AlphaReading extends Reading {
  readonly parts: AlphaParts;
}

/**
 * An alpha configuration: YAML in which `${NAME}` stands for a variable. `name` is the file's, for problems;
 * `environment` holds the variables that are known.
 */
export function readAlpha(name: string, text: string, environment: ReadonlyMap<string, string>): AlphaReading {
  const document = parseDocument(text, { uniqueKeys: true });
  const value: unknown = document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 100 });
  if (!isRecord(value)) return failed({ subject: name, problem: 'expected YAML: a map', suggestion: undefined });
  const providers = Array.isArray(value['providers']) ? value['providers'] : [];
  const variables = new Map<string, string>();
  const found: Problem[] = [];
  const fields = [
    ...fieldsOf(providers[0], '').filter(([way]) => !way.startsWith('loginURLParameters')),
    ...fieldsOf({ server: value['server'], metricsServer: value['metricsServer'] }, ''),
  ];
  const readings = fields.map(([way, raw]) => readField(way, raw, environment, variables));
  if (providers.length > 1)
    found.push({ subject: 'providers', problem: 'oauth2-proxy takes one', suggestion: 'keep the first' });
  found.push(...unknownSections(value));
  const upstreams = alphaUpstreams(value['upstreamConfig'] ?? value['upstreams'], found);
  const headers = alphaHeaders(value['injectRequestHeaders'], value['injectResponseHeaders'], found);
  const joined = joinReadings(readings);
  return {
    options: joined.options,
    problems: [...joined.problems, ...found],
    parts: { upstreams, headers, authorizationParameters: fixedParameters(providers[0]), variables },
  };
}

function failed(problem: Problem): AlphaReading {
  const parts = { upstreams: [], headers: [], authorizationParameters: new Map(), variables: new Map() };
  return { options: [], problems: [problem], parts };
}

function readField(
  way: string,
  raw: readonly string[],
  environment: ReadonlyMap<string, string>,
  variables: Map<string, string>,
): Reading {
  if (idleProviderFields.has(way)) return { options: [], problems: [] };
  const flag = providerFields.get(way) ?? serverFields.get(way);
  if (flag === undefined) {
    const meant = nearest(way, [...providerFields.keys(), ...serverFields.keys()]);
    const problem = 'an alpha configuration has no such field, or it has no translation';
    return { options: [], problems: [{ subject: way, problem, suggestion: suggestion(meant) }] };
  }
  const option = optionOf(flag);
  const [, variable] = /^\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$/.exec(raw[0] ?? '') ?? [];
  if (option.isSecret === true && variable !== undefined) {
    variables.set(flag, variable);
    return readGiven(option, ['from a variable'], 'alpha', way);
  }
  const values = raw.map((each) => substitute(each, environment));
  const missing = values.flatMap((each) => (each.kind === 'missing' ? [each.variable] : []));
  if (missing.length > 0) {
    const problem = `the variable ${missing[0]} is not known here`;
    return { options: [], problems: [{ subject: way, problem, suggestion: 'add --env-file or --env' }] };
  }
  const texts = values.flatMap((each) => (each.kind === 'text' ? [each.text] : []));
  return readGiven(option, texts, 'alpha', way);
}

type Substituted =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing'; readonly variable: string };

function substitute(text: string, environment: ReadonlyMap<string, string>): Substituted {
  const names = [...text.matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g)].map(([, name = '']) => name);
  const variable = names.find((name) => !environment.has(name));
  if (variable !== undefined) return { kind: 'missing', variable };
  return {
    kind: 'text',
    text: text.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name) => environment.get(name) ?? ''),
  };
}

const sections = new Set([
  'upstreams',
  'upstreamConfig',
  'injectRequestHeaders',
  'injectResponseHeaders',
  'server',
  'metricsServer',
  'providers',
]);

function unknownSections(value: Readonly<Record<string, unknown>>): readonly Problem[] {
  return Object.keys(value)
    .filter((key) => !sections.has(key))
    .map((key) => ({
      subject: key,
      problem: 'an alpha configuration has no such section',
      suggestion: suggestion(nearest(key, [...sections])),
    }));
}

/** Parameters with a default; what a user may change about them is not taken over. */
function fixedParameters(provider: unknown): ReadonlyMap<string, string> {
  const list =
    isRecord(provider) && Array.isArray(provider['loginURLParameters']) ? provider['loginURLParameters'] : [];
  return new Map(
    list.flatMap((entry: unknown) => {
      const [value] = isRecord(entry) ? textsIn(entry['default']) : [];
      const name = isRecord(entry) ? entry['name'] : undefined;
      return typeof name === 'string' && value !== undefined ? [[name, value] as const] : [];
    }),
  );
}
