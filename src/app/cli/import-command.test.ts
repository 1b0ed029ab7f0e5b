import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runCommand } from '../../../test/support/terminal.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-import-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function write(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

const run = (words: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  runCommand(['import', 'oauth2-proxy', ...words], environment);

const file = `
client_id = "file"
client_secret = "canary"
email_domains = ["example.com"]
redirect_url = "https://app.example.com/oauth2/callback"
upstreams = ["http://127.0.0.1:8080/"]
cookie_httponly = false
`;

describe('sallyport import oauth2-proxy', () => {
  it('prints a configuration, and on stderr what became of every option', async () => {
    const cfg = await write('oauth2-proxy.cfg', file);
    const { code, out, err } = await run(['--file', cfg, '--', '--client-id=flag']);
    expect(code).toBe(0);
    expect(parse(out)).toMatchObject({
      origins: ['https://app.example.com'],
      providers: { google: { clientId: 'flag' } },
      rules: [{ use: 'web', require: { domains: ['example.com'] } }],
    });
    expect(err).toContain('To do before it works:\n');
    expect(err).toContain('  email_domains → rules[].require.domains');
    expect(err).toContain('  cookie_httponly: cookies are always HttpOnly\n');
    expect(out + err).not.toContain('canary');
  });

  it('puts the report below the configuration with --report', async () => {
    const cfg = await write('oauth2-proxy.cfg', file);
    const { out, err } = await run(['--file', cfg, '--report']);
    expect(err).toBe('');
    expect(out).toMatch(/\n# To do before it works:\n# {3}redirect_url: /);
    expect(parse(out).providers.google.clientId).toBe('file');
  });

  it('reads variables of a file, and those of the process only when it is asked to', async () => {
    const cfg = await write('oauth2-proxy.cfg', file);
    const variables = await write('env', 'OAUTH2_PROXY_CLIENT_ID=env-file\n');
    const environment = { OAUTH2_PROXY_CLIENT_ID: 'process' };
    const clientId = async (...words: readonly string[]) =>
      parse((await run(['--file', cfg, ...words], environment)).out).providers.google.clientId;
    expect([await clientId(), await clientId('--env-file', variables), await clientId('--env')]).toEqual([
      'file',
      'env-file',
      'process',
    ]);
  });

  it('takes the file that --config among the flags names, and sites that no option names', async () => {
    const cfg = await write('oauth2-proxy.cfg', file.replace(/^redirect_url.*$/m, ''));
    const words = ['--origin', 'https://a.example.com', '--origin', 'https://b.example.com', '--', `--config=${cfg}`];
    expect(parse((await run(words)).out).origins).toEqual(['https://a.example.com', 'https://b.example.com']);
  });

  it('ends with 1 and prints nothing when there are errors, each with what to do', async () => {
    const cfg = await write('oauth2-proxy.cfg', `${file}\n"email_domain\\u001b" = "x"\n`);
    const { code, out, err } = await run(['--file', cfg]);
    expect([code, out]).toEqual([1, '']);
    expect(err).toBe(
      'error: email_domain\ufffd: oauth2-proxy has no option of this name\n    did you mean email_domains?\n1 error\n',
    );
  });

  it('says how it is called', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    expect(out).toContain('--alpha-config <file>');
    expect(await run(['--nonsense'])).toMatchObject({ code: 2 });
  });
});
