import { createCipheriv, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { atEnd } from '../support/ends.ts';
import { withFreePorts } from '../support/ports.ts';
import { beforeItEnds, type RunningProcess, startProcess } from '../support/process.ts';
import { startProvider } from '../support/provider.ts';
import { freshKeyRing } from '../support/sallyport.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const application = 'http://127.0.0.1:5173';
const key = randomBytes(32).toString('hex');

interface Place {
  readonly http: number;
  readonly ops: number;
}

/** The variables of an installation of the original, and where Sallyport listens in its place. */
async function installation(authz: number, { http, ops }: Place) {
  const provider = await startProvider();
  atEnd(() => provider.stop());
  return {
    CLIENT_ID: provider.clientId,
    CLIENT_SECRET: provider.clientSecret,
    ISSUER: provider.issuer,
    REDIRECT_URI: `${application}/callback`,
    TRUSTED_WEB_ORIGIN: application,
    COOKIE_ENCRYPTION_KEY: key,
    COOKIE_NAME_PREFIX: 'shop',
    COOKIE_BASE_PATH: '/tokens',
    PORT: String(http),
    SALLYPORT_ORIGINS: `http://127.0.0.1:${http}`,
    SALLYPORT_LISTEN_AUTHZ: `127.0.0.1:${authz}`,
    SALLYPORT_LISTEN_OPS: `127.0.0.1:${ops}`,
  };
}

function cli(args: readonly string[], env: Readonly<Record<string, string>>): RunningProcess {
  return startProcess({ name: 'sallyport', command: process.execPath, args: ['src/main.ts', ...args], env });
}

async function serving(service: RunningProcess, { ops }: Place): Promise<void> {
  const ready = until('the service is ready', async () => (await fetch(`http://127.0.0.1:${ops}/readyz`)).ok);
  await beforeItEnds('sallyport', service, ready);
}

/** Names of the cookies that the beginning of a login sets, after it was looked at. */
async function loginCookies({ http }: Place, env: { readonly ISSUER: string }): Promise<readonly string[]> {
  const answer = await fetch(`http://127.0.0.1:${http}/tokens/login/start`, {
    method: 'POST',
    headers: { origin: application },
  });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ authorizationRequestUrl: expect.stringContaining(env.ISSUER) });
  expect(answer.headers.get('access-control-allow-origin')).toBe(application);
  return answer.headers.getSetCookie().map((cookie) => cookie.split('=')[0] ?? '');
}

/** A cookie as the original seals it: base64url(0x01 ‖ nonce ‖ AES-256-GCM(token) ‖ tag). */
function sealedByOriginal(token: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(key, 'hex'), nonce);
  const body = Buffer.concat([cipher.update(token), cipher.final()]);
  return Buffer.concat([Buffer.of(1), nonce, body, cipher.getAuthTag()]).toString('base64url');
}

/** Whether a browser is logged in that the original has logged in before. */
async function isLoggedIn({ http }: Place): Promise<unknown> {
  const headers = { origin: application, cookie: `shop-at=${sealedByOriginal('token')}` };
  const answer = await fetch(`http://127.0.0.1:${http}/tokens/session`, { headers });
  return await answer.json();
}

it('takes the place of an OAuth agent and its sessions by its environment, which no reload changes, and tells no secret', async () => {
  await withFreePorts(3, async ([authz = 0, http = 0, ops = 0]) => {
    const env = await installation(authz, { http, ops });
    const service = cli(['serve', '--compat', 'oauth-agent'], env);
    await serving(service, { http, ops });
    expect(await loginCookies({ http, ops }, env)).toEqual(['shop-login']);
    expect(await isLoggedIn({ http, ops })).toMatchObject({ isLoggedIn: true });

    process.kill(service.pid, 'SIGHUP');
    await until('the reload is refused', () => service.stdout().includes('config_reload_refused'));
    expect(service.stdout()).toContain('the environment of this process, which cannot change while it runs');
    expect(await loginCookies({ http, ops }, env)).toEqual(['shop-login']);

    expect(await service.stop('SIGINT')).toEqual({ code: 0, signal: undefined });
    expect(service.output()).toContain('warning: ISSUER: the provider is asked over plain HTTP');
    for (const secret of [key, env.CLIENT_SECRET]) expect(service.output()).not.toContain(secret);
  });
});

it('serves the same from the file that the import writes', async () => {
  await withFreePorts(3, async ([authz = 0, http = 0, ops = 0]) => {
    const env = await installation(authz, { http, ops });
    const folder = await tempFolder();
    const file = join(folder, 'sallyport.yaml');
    const imported = cli(['import', 'oauth-agent'], env);
    expect(await imported.ended).toMatchObject({ code: 0 });
    await writeFile(file, imported.stdout());
    await writeFile(join(folder, 'keys.json'), freshKeyRing(), { mode: 0o600 });

    const check = cli(['check', '--config', file], env);
    expect(await check.ended).toMatchObject({ code: 0 });
    expect(check.stdout()).toContain('agent (oauth-agent at /tokens)');

    const service = cli(['serve', '--config', file], env);
    await serving(service, { http, ops });
    expect(await loginCookies({ http, ops }, env)).toEqual(['shop-login']);
    expect(await service.stop('SIGINT')).toEqual({ code: 0, signal: undefined });
  });
});
