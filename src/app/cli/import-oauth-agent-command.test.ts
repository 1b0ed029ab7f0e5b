import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { runCommand } from '../../../test/support/terminal.ts';

const environment = {
  CLIENT_ID: 'spa',
  CLIENT_SECRET: 'canary',
  REDIRECT_URI: 'https://www.example.com/',
  TRUSTED_WEB_ORIGIN: 'https://www.example.com',
  COOKIE_ENCRYPTION_KEY: '00112233445566778899aabbccddeeff0123456789abcdef0f1e2d3c4b5a6978',
  ISSUER: 'https://login.example.com',
};

const run = (words: readonly string[], variables: Readonly<Record<string, string>> = environment) =>
  runCommand(['import', 'oauth-agent', ...words], variables);

describe('sallyport import oauth-agent', () => {
  it('prints a configuration, and on stderr what became of every variable', async () => {
    const { code, out, err } = await run(['--origin', 'https://api.example.com']);
    expect(code).toBe(0);
    expect(parse(out)).toMatchObject({ origins: ['https://api.example.com'], keys: { file: 'keys.json' } });
    expect(err).toContain('To do before it works:\n');
    expect(err).toContain('  CLIENT_SECRET → providers.login.clientSecret, by reference\n');
    expect(out + err).not.toMatch(/canary|00112233/);
  });

  it('puts the report below the configuration with --report, and reads a file in place of the environment', async () => {
    const file = join(await tempFolder(), 'agent.env');
    await writeFile(
      file,
      Object.entries(environment)
        .map((pair) => `${pair.join('=')}\n`)
        .join(''),
    );
    const { out, err } = await run(['--env-file', file, '--report'], { CLIENT_ID: 'other' });
    expect(err).toBe('');
    expect(out).toMatch(/\n# Taken over:\n/);
    expect(parse(out).providers.login.clientId).toBe('spa');
  });

  it('ends with 1 and prints nothing when there are errors, each with what to do', async () => {
    const { code, out, err } = await run([], { ...environment, CLIENT_SECRET: '' });
    expect([code, out]).toEqual([1, '']);
    expect(err).toBe(
      'error: CLIENT_SECRET: a required variable is missing: our secret at the provider\n    set it: there is no default\n1 error\n',
    );
  });
});

describe('sallyport check --compat oauth-agent', () => {
  const check = (variables: Readonly<Record<string, string>>, ...words: readonly string[]) =>
    runCommand(['check', '--compat', 'oauth-agent', ...words], variables);

  it('checks an environment as serve would', async () => {
    const { code, out, err } = await check(environment);
    expect([code, out]).toEqual([0, expect.stringMatching(/^environment: ok\n/)]);
    expect(err).toContain('warning: TRUSTED_WEB_ORIGIN: https://www.example.com is taken for the address');
  });

  it('ends with 1 when it will not do, naming variables', async () => {
    const { code, out, err } = await check({ ...environment, SCOPE: 'profile' });
    expect([code, out]).toEqual([1, '']);
    expect(err).toBe('error: SCOPE: expected openid among the scopes\n    add openid\n1 error\n');
  });

  it('takes no file beside it, and no other program', async () => {
    expect(await check(environment, '--config', 'x.yaml')).toMatchObject({ code: 2 });
    expect(await check(environment, '--no-secrets')).toMatchObject({ code: 2 });
    expect(await runCommand(['serve', '--compat', 'oauth2-proxy'])).toMatchObject({ code: 2 });
  });
});
