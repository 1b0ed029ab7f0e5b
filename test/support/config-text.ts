import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { compilePattern } from '../../src/adapters/re2js/compile-pattern.ts';
import type { Config, ConfigError, LoadedConfig } from '../../src/app/config/config.ts';
import { type ReadOptions, readConfig } from '../../src/app/config/read-config.ts';
import { defineMode } from '../../src/modes/mode.ts';
import { basePathSchema, durationSchema, secretSchema } from '../../src/modes/settings-types.ts';

function createNone(): never {
  throw new Error('these tests create no instance');
}

/** A mode with every kind of setting that the configuration looks at. */
export const gateMode = defineMode({
  name: 'gate',
  settings: z.strictObject({
    provider: z.union([z.string(), z.array(z.string())]).optional(),
    cors: z.boolean().optional(),
    misplaced: z.literal(true).optional(),
    basePath: basePathSchema.default('/_gate').describe('Where it lives.'),
    cookie: z.strictObject({ name: z.string().default('gate'), insecureHttp: z.boolean().default(false) }).prefault({}),
    lifetime: durationSchema.prefault('1h'),
    tokens: z.array(z.strictObject({ secret: secretSchema })).default([]),
  }),
  requirements: z.strictObject({ groups: z.array(z.string()).optional().describe('One of these.') }),
  common: ({ basePath, provider = [], cookie, cors = false }) => ({
    basePath,
    providers: [provider].flat(),
    answersPreflights: cors,
    cookie,
    state: 'store',
  }),
  check: ({ misplaced }) =>
    misplaced === undefined
      ? []
      : [{ kind: 'error', path: ['misplaced'], problem: 'expected another place', fix: 'move it' }],
  create: createNone,
});

/** A mode that rules cannot name. */
export const bystanderMode = defineMode({
  name: 'bystander',
  settings: z.strictObject({}),
  requirements: z.strictObject({}),
  common: () => ({ basePath: undefined, providers: [], cookie: undefined, state: 'none' }),
  guardsRequests: false,
  create: createNone,
});

/** The parts of a document that is right, by top-level key, each as YAML text. */
const soundParts: Readonly<Record<string, string>> = {
  origins: '["https://app.example.com"]',
  listen: '{authz: "127.0.0.1:4180", http: "127.0.0.1:4181", ops: "127.0.0.1:4182"}',
  keys: '{env: KEYS}',
  store: '{type: memory}',
  providers: '{corp: {issuer: "https://id.example.com", clientId: app, clientSecret: {env: SECRET}}}',
  modes: '{web: {mode: gate, provider: corp}}',
  rules: '[{use: web}]',
};

/** {@link soundParts} with some of them replaced; undefined leaves one out. One line for each top-level key. */
export function document(parts: Readonly<Record<string, string | undefined>> = {}): string {
  return Object.entries({ ...soundParts, ...parts })
    .flatMap(([key, text]) => (text === undefined ? [] : [`${key}: ${text}\n`]))
    .join('');
}

const environment = { KEYS: 'sound keys', SECRET: 'client-secret' };

/** Reads a document as the program does, with the modes of this file; `files` are put beside it. */
export async function readText(
  text: string | Uint8Array,
  files: Readonly<Record<string, string | Uint8Array>> = {},
  options?: ReadOptions,
): Promise<LoadedConfig> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-config-'));
  try {
    const file = join(folder, 'sallyport.yaml');
    await writeFile(file, text);
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    const problemOfKeys = (keys: { reveal(): string }) => (keys.reveal().startsWith('sound') ? undefined : 'too weak');
    return await readConfig(
      file,
      environment,
      { modes: [gateMode, bystanderMode], compilePattern, problemOfKeys },
      options,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The configuration of a document that must be right. */
export async function configOf(text: string, files?: Readonly<Record<string, string | Uint8Array>>): Promise<Config> {
  const loaded = await readText(text, files);
  if (loaded.kind === 'invalid') throw new Error(loaded.errors.map(brief).join('\n'));
  return loaded.config;
}

/** The errors of a document as `line:column path: problem (suggestion)`. */
export async function errorsOf(
  text: string | Uint8Array,
  files?: Readonly<Record<string, string | Uint8Array>>,
): Promise<readonly string[]> {
  const loaded = await readText(text, files);
  return loaded.kind === 'invalid' ? loaded.errors.map(brief) : [];
}

/** The warnings of a document, in the same form. */
export async function warningsOf(text: string): Promise<readonly string[]> {
  return (await readText(text)).warnings.map(brief);
}

function brief({ line, column, path, problem, suggestion }: ConfigError): string {
  return `${line}:${column} ${path}: ${problem}${suggestion === undefined ? '' : ` (${suggestion})`}`;
}
