import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../src/app/cli/program.ts';
import { freshKeyRing, runSallyport } from '../support/sallyport.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Stands in every wrong value: nothing that is printed may hold it. */
const canary = 'canary-0f1e2d3c4b5a';

/** One top-level key on each line, so that the line of a mistake is known. */
const sound: Readonly<Record<string, string>> = {
  origins: '["https://app.example.com"]',
  listen: '{authz: "127.0.0.1:4180", http: "127.0.0.1:4181", ops: "127.0.0.1:4182"}',
  keys: '{file: keys.json}',
  store: '{type: memory}',
  providers: '{corp: {issuer: "https://id.example.com", clientId: app, clientSecret: {file: secret}}}',
  modes: '{web: {mode: session, provider: corp}}',
  rules: '[{use: web}]',
};

let folder: string;

beforeAll(async () => {
  folder = await tempFolder();
  const ring = freshKeyRing();
  const files = {
    'keys.json': ring,
    'truncated-keys.json': ring.slice(0, -20),
    'weak-keys.json': ring.replaceAll(/"[A-Za-z0-9_-]{40,}"/g, `"${canary}"`),
    'text-keys': canary,
    'empty-secret': '',
    secret: canary,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  await mkdir(join(folder, 'a-directory'));
});

/** The sound document with some parts replaced or added. */
function document(parts: Readonly<Record<string, string>>): string {
  return Object.entries({ ...sound, ...parts })
    .map(([name, part]) => `${name}: ${part}\n`)
    .join('');
}

/** The same with one part, and its line. */
function documentWith(key: string, text: string): { readonly text: string; readonly line: number } {
  return { text: document({ [key]: text }), line: Object.keys({ ...sound, [key]: text }).indexOf(key) + 1 };
}

interface Outcome {
  readonly code: number | undefined;
  readonly stdout: string;
  /** Standard output and standard error. */
  readonly output: string;
  readonly file: string;
}

/** A command of the CLI in this process, from its words to its exit code: many configurations in little time. */
async function outcomeOf(command: 'check' | 'serve', text: string): Promise<Outcome> {
  const file = await written(text);
  const wrote = { stdout: '', output: '' };
  const code = await runProgram([command, '--config', file], {
    environment: {},
    input: Readable.from([]),
    out: (chunk) => {
      wrote.stdout += chunk;
      wrote.output += chunk;
    },
    err: (chunk) => {
      wrote.output += chunk;
    },
    untilAskedToStop: () => Promise.resolve('SIGINT'),
    onAskedToReload: () => undefined,
  });
  return { code, ...wrote, file };
}

async function written(text: string): Promise<string> {
  const file = join(folder, `${crypto.randomUUID()}.yaml`);
  await writeFile(file, text);
  return file;
}

const provider = (settings: string) => `{corp: {issuer: "https://id.example.com", clientId: app, ${settings}}}`;

describe('the oracle of G7', () => {
  it('takes the sound document', async () => {
    const { code, output } = await outcomeOf('check', documentWith('log', '{level: debug}').text);
    expect(output).toContain(': ok\n');
    expect(code).toBe(0);
    expect(output).not.toContain(canary);
  });
});

describe('G7 a bad configuration ends serve with 1, which names key and line, never the value', () => {
  it.each([
    // [what is wrong, top-level key, its text, the key that must be named]
    ['an unknown top-level key', 'provider', `{corp: "${canary}"}`, 'provider'],
    [
      'an unknown key deep below',
      'providers',
      provider(`clientSecret: {file: secret}, clientSecrets: "${canary}"`),
      'providers.corp.clientSecrets',
    ],
    [
      'an unknown setting of a mode',
      'modes',
      `{web: {mode: session, provider: corp, cookieName: "${canary}"}}`,
      'modes.web.cookieName',
    ],
    ['an unknown mode', 'modes', `{web: {mode: "${canary}", provider: corp}}`, 'modes.web.mode'],
    ['the same origin twice', 'origins', '["https://app.example.com", "https://app.example.com"]', 'origins[1]'],
    [
      'the same host by two schemes of one port',
      'origins',
      '["https://app.example.com:8443", "http://app.example.com:8443"]',
      'origins[1]',
    ],
    ['an origin with a path', 'origins', `["https://app.example.com/${canary}"]`, 'origins[0]'],
    ['an origin that is all of a top-level domain', 'origins', '["https://*.com"]', 'origins[0]'],
    ['an origin with a wildcard within a name', 'origins', `["https://${canary}-*.example.com"]`, 'origins[0]'],
    ['preflights on a public rule', 'rules', '[{use: public, passPreflight: true}]', 'rules[0].passPreflight'],
    [
      'a tolerance that there is not',
      'rules',
      '[{use: web, tolerate: {semicolon: true}}]',
      'rules[0].tolerate.semicolon',
    ],
    [
      'an http issuer',
      'providers',
      `{corp: {issuer: "http://${canary}.example.com", clientId: app}}`,
      'providers.corp.issuer',
    ],
    [
      'a provider that nobody configured',
      'modes',
      `{web: {mode: session, provider: "${canary}"}}`,
      'modes.web.provider',
    ],
    ['a secret in the file itself', 'providers', provider(`clientSecret: "${canary}"`), 'providers.corp.clientSecret'],
    [
      'a secret file that is not there',
      'providers',
      provider('clientSecret: {file: not-there}'),
      'providers.corp.clientSecret.file',
    ],
    [
      'a secret file that is a directory',
      'providers',
      provider('clientSecret: {file: a-directory}'),
      'providers.corp.clientSecret.file',
    ],
    [
      'an empty secret',
      'providers',
      provider('clientSecret: {file: empty-secret}'),
      'providers.corp.clientSecret.file',
    ],
    [
      'an environment variable that is not set',
      'providers',
      provider('clientSecret: {env: SALLYPORT_TEST_UNSET}'),
      'providers.corp.clientSecret.env',
    ],
    ['a weak key ring', 'keys', '{file: weak-keys.json}', 'keys'],
    ['a key ring that was cut short', 'keys', '{file: truncated-keys.json}', 'keys'],
    ['a key ring that is a password', 'keys', '{file: text-keys}', 'keys'],
    [
      'a password in the URL of Redis',
      'store',
      `{type: redis, url: "redis://user:${canary}@127.0.0.1:6379"}`,
      'store.url',
    ],
    ['a store that does not exist', 'store', `{type: "${canary}"}`, 'store.type'],
    ['a number for a duration', 'shutdown', '{drain: 15}', 'shutdown.drain'],
    [
      'a check that anybody can call',
      'listen',
      '{authz: "0.0.0.0:4180", http: "127.0.0.1:4181", ops: "127.0.0.1:4182"}',
      'listen.authz',
    ],
    [
      'an expression that RE2 does not have',
      'rules',
      `[{path: {regex: "(${canary})\\\\1"}, use: web}]`,
      'rules[0].path.regex',
    ],
    [
      'a rule for a host that is not configured',
      'rules',
      `[{hosts: ["${canary}.example.com"], use: web}]`,
      'rules[0].hosts[0]',
    ],
    ['a rule that uses nothing that exists', 'rules', `[{use: "${canary}"}]`, 'rules[0].use'],
    ['an unknown requirement', 'rules', `[{use: web, require: {group: "${canary}"}}]`, 'rules[0].require.group'],
    [
      'a header that HTTP needs',
      'modes',
      '{web: {mode: session, provider: corp, headers: {Connection: sub}}}',
      'modes.web.headers.Connection',
    ],
    ['the same key twice', 'log', `{level: info, level: "${canary}"}`, 'log.level'],
    ['an alias that leads nowhere', 'log', `{level: *${canary}}`, ''],
    ['YAML that ends too early', 'log', `{level: "${canary}`, ''],
  ])('%s', async (_, key, text, named) => {
    const wrong = documentWith(key, text);
    const { code, stdout, output, file } = await outcomeOf('serve', wrong.text);
    expect([code, stdout]).toEqual([1, '']);
    expect(output).not.toContain(canary);
    // What is wrong with the YAML itself has no key, and a document that ends too early may be wrong at its end.
    const place =
      named === ''
        ? `(${wrong.line}|${wrong.line + 1}):\\d+: error: `
        : `${wrong.line}:\\d+: error: ${escaped(named)}: `;
    expect(output).toMatch(new RegExp(`^${file}:${place}`, 'm'));
    expect(output).not.toMatch(/^ +at /m); // no stack
  });

  it('check says the same as serve, all mistakes at once, and so does the program itself', async () => {
    const text = document({ shutdown: '{drain: 15}', keys: '{file: text-keys}', rules: `[{use: "${canary}"}]` });
    const check = await outcomeOf('check', text);
    expect(check.code).toBe(1);
    expect(check.output).toContain('\n3 errors\n');
    for (const command of ['check', 'serve']) {
      const { code, stdout, output } = await runSallyport(command, '--config', check.file);
      expect({ code, stdout, output }).toEqual({ code: 1, stdout: '', output: check.output });
    }
  });

  it.each([
    ['a file that is not there', undefined],
    ['an empty file', ''],
    ['a list', '[]'],
    ['bytes that are no text', '\u0000\u0001'],
  ])('%s', async (_, text) => {
    const file = join(folder, `${crypto.randomUUID()}.yaml`);
    if (text !== undefined) await writeFile(file, text);
    const { code, stdout, output } = await runSallyport('serve', '--config', file);
    expect([code, stdout]).toEqual([1, '']);
    expect(output).toContain(file);
    expect(output).not.toMatch(/^ +at /m);
  });
});

function escaped(text: string): string {
  return text.replace(/[.[\]]/g, '\\$&');
}
