import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempFolder } from '../support/temp-folder.ts';
import { runCommand } from '../support/terminal.ts';

/** Stands for a secret: nothing that is printed may hold it. */
const canary = 'canary-0f1e2d3c4b5a';

/** What a first attempt may look like: ten kinds of mistakes, each with the line that a newcomer reads about it. */
const tenMistakes: readonly (readonly [line: string, problem: string, fix: string])[] = [
  ['origins: [app.example.com]', 'origins[0]: expected scheme://host[:port]', 'write https://app.example.com'],
  [
    'listen: {authz: "0.0.0.0:4180", http: "127.0.0.1:4181", ops: "127.0.0.1:4182"}',
    'listen.authz: expected a loopback address or a Unix socket: whoever reaches this listener can obtain tokens',
    'listen on 127.0.0.1 or unix:/path, or write {address, tls: {cert, key, clientCa}}',
  ],
  ['keys: {file: key.json}', 'keys.file: there is no such file', 'relative paths are taken from '],
  ['stores: {type: memory}', 'stores: there is no setting of this name', 'did you mean store?'],
  [
    `providers: {corp: {issuer: "https://id.example.com", clientId: app, clientSecret: ${canary}}}`,
    'providers.corp.clientSecret: expected a reference to a secret: {file: path} or {env: NAME}; found a string',
    'a secret never stands in this file: put it in a file and write {file: path}, or in the environment and write {env: NAME}',
  ],
  [
    'modes: {web: {mode: session, provider: crop}}',
    'modes.web.provider: there is no provider of this name under providers',
    'did you mean corp?',
  ],
  [
    'rules: [{path: {regex: "app/.*"}, use: public}, {use: web}]',
    'rules[0].path.regex: expected a pattern of the whole path, and every path begins with a slash',
    'begin it with /, or with .*/ for any depth',
  ],
  ['log: {level: warning}', 'log.level: expected one of debug, info, warn, error', 'did you mean warn?'],
  [
    'shutdown: {drain: 15}',
    'shutdown.drain: expected a whole number with a unit (s, m, h or d), such as 30s, 15m, 12h or 14d; found a whole number',
    '',
  ],
  ['reload: {watch: "no"}', 'reload.watch: expected true or false; found a string', 'write it without quotes'],
];

it('ten kinds of mistakes in one file are ten errors, each with line, setting, problem and fix (G7)', async () => {
  const file = join(await tempFolder(), 'sallyport.yaml');
  await writeFile(file, tenMistakes.map(([line]) => `${line}\n`).join(''));
  const { code, out, err } = await runCommand(['check', '--config', file]);
  expect([code, out]).toEqual([1, '']);
  expect(err).not.toContain(canary);
  expect(err).toMatch(/\n10 errors\n$/);
  const errors = err.split(/^(?=\/)/m);
  expect(errors).toHaveLength(10);
  for (const [index, [, problem, fix]] of tenMistakes.entries()) {
    const [told = '', advice = ''] = errors[index]?.split('\n') ?? [];
    expect(told).toMatch(new RegExp(`^${file}:${index + 1}:\\d+: error: `));
    expect(told).toContain(problem);
    expect(advice.trim()).toContain(fix);
  }
});
