import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runCommand } from '../../../test/support/terminal.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-cli-'));
});

afterEach(() => rm(folder, { recursive: true }));

const sound = `
origins: ["https://app.example.com"]
listen: {authz: "127.0.0.1:4180", http: "127.0.0.1:4181", ops: "127.0.0.1:4182"}
keys: {file: keys.json}
store: {type: memory}
providers: {corp: {issuer: "https://id.example.com", clientId: app, clientSecret: {env: SECRET}}}
modes: {web: {mode: session, provider: corp}}
rules: [{use: web}]
envoy: {listen: "127.0.0.1:8080", workload: "127.0.0.1:9000", trustedHops: 1}
`;

async function write(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

describe('sallyport check', () => {
  it('sums up what a sound file sets up', async () => {
    const file = await write('sallyport.yaml', sound);
    await runCommand(['keys', 'new', '--file', join(folder, 'keys.json')]);
    const { code, out, err } = await runCommand(['check', '--config', file], { SECRET: 'canary' });
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('sallyport.yaml: ok\n');
    expect(out).toContain('instances web (session at /_auth)');
    expect(out).toContain('rules     rule 1: web');
  });

  it('prints every error with file, line and column to stderr and ends with 1 (G7)', async () => {
    const file = await write(
      'sallyport.yaml',
      sound.replace('use: web', 'use: wep').replace('type: memory', 'typ: memory'),
    );
    const { code, out, err } = await runCommand(['check', '-c', file]);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(
      `${file}:4:14: error: keys.file: there is no such file\n    relative paths are taken from ${folder}\n`,
    );
    expect(err).toContain('error: store.typ: there is no setting of this name\n    did you mean type?\n');
    expect(err).toContain(
      'error: rules[0].use: there is no instance of this name under modes\n    did you mean web?\n',
    );
    expect(err).toContain('\n4 errors\n');
  });

  it('needs no secrets with --no-secrets', async () => {
    const file = await write('sallyport.yaml', sound);
    expect(await runCommand(['check', '--no-secrets', '-c', file])).toMatchObject({ code: 0, err: '' });
  });

  it('takes the file from SALLYPORT_CONFIG when no option names one', async () => {
    const file = await write('other.yaml', sound);
    const { code, out } = await runCommand(['check', '--no-secrets'], { SALLYPORT_CONFIG: file });
    expect([code, out.split(':')[0]]).toEqual([0, file]);
  });

  it('cannot be made to send commands to a terminal by a key in the file (G9)', async () => {
    const file = await write('sallyport.yaml', `${sound}"\\e[2Jx": 1\n`);
    const { err } = await runCommand(['check', '--no-secrets', '-c', file]);
    expect(err).toContain('\\u001b[2Jx');
    expect(err).not.toContain('\u001b');
  });

  it('ends with 1 when there is no file', async () => {
    const { code, err } = await runCommand(['check', '-c', join(folder, 'none.yaml')]);
    expect(code).toBe(1);
    expect(err).toContain('there is no such file\n    name the file with --config or SALLYPORT_CONFIG\n');
  });
});

describe('sallyport envoy', () => {
  it('prints YAML without any secret at hand', async () => {
    const file = await write('sallyport.yaml', sound);
    const { code, out, err } = await runCommand(['envoy', '--config', file]);
    expect([code, err]).toEqual([0, '']);
    expect(parse(out)).toMatchObject({ static_resources: { listeners: [{ name: 'edge' }] } });
    expect(out).toContain('# No answer from Sallyport is a refusal.\n');
    const json = await runCommand(['envoy', '--config', file, '--format', 'json']);
    expect(JSON.parse(json.out)).toEqual(parse(out));
  });

  it('says what is missing when the file has no envoy', async () => {
    const file = await write('sallyport.yaml', sound.replace(/^envoy.*$/m, ''));
    expect(await runCommand(['envoy', '-c', file])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('envoy'),
    });
  });
});

describe('sallyport schema', () => {
  it('prints a JSON schema, or the documentation', async () => {
    const { code, out } = await runCommand(['schema']);
    expect([code, JSON.parse(out).$schema]).toEqual([0, 'https://json-schema.org/draft/2020-12/schema']);
    expect((await runCommand(['schema', '--format', 'markdown'])).out).toContain('# Configuration\n');
  });
});

describe('commands that make secrets', () => {
  it('keys new prints a ring, or writes one file and nothing else', async () => {
    expect(JSON.parse((await runCommand(['keys', 'new'])).out).keys).toHaveLength(1);
    const file = join(folder, 'ring.json');
    expect(await runCommand(['keys', 'new', '--file', file])).toMatchObject({ code: 0, out: '' });
    expect(await runCommand(['keys', 'new', '--file', file])).toMatchObject({ code: 1, out: '' });
    expect(await runCommand(['keys', 'new', '--file', file, '--add'])).toMatchObject({
      code: 0,
      err: expect.stringContaining('2 in the ring'),
    });
    expect(await runCommand(['keys', 'new', '--add'])).toMatchObject({ code: 2 });
    expect(await runCommand(['keys', 'new', '--file', file, '--add', '--replace'])).toMatchObject({ code: 2 });
  });

  it('issuer signing-keys new prints a JWK Set', async () => {
    expect(JSON.parse((await runCommand(['issuer', 'signing-keys', 'new'])).out).keys).toHaveLength(2);
  });

  it('issuer password-hash hashes what stands in the standard input', async () => {
    expect((await runCommand(['issuer', 'password-hash'], {}, 'alice-password\n')).out).toMatch(
      /^\$argon2id\$[^\n]+\n$/,
    );
    expect(await runCommand(['issuer', 'password-hash'], {}, '\n')).toMatchObject({ code: 1, out: '' });
  });
});

describe('usage', () => {
  it.each([['chek'], ['check', '--confg', 'x'], ['schema', '--format', 'xml'], ['check', 'surplus'], []])(
    'ends with 2 and says where help is: %s',
    async (...words) => {
      const { code, out, err } = await runCommand(words.filter((word) => word !== undefined));
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(/sallyport --help|serve/);
    },
  );

  it('prints help and version to stdout', async () => {
    const help = await runCommand(['--help']);
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help.out).toContain('Exit codes: 0 done;');
    expect(await runCommand(['--version'])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect((await runCommand(['keys', 'new', '--help'])).out).toContain('--add');
  });
});
