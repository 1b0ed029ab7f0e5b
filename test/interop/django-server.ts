import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { beforeItEnds, startProcess } from '../support/process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { people } from './people.ts';
import { interopTools } from './tools.ts';

/** A Django site with django-oauth-toolkit, in a process of its own. */
export interface DjangoServer {
  readonly port: number;
  /** Registers a client for the site at `origin`. */
  addClient(clientId: string, clientSecret: string, origin: string): Promise<void>;
  rename(username: string, firstName: string): Promise<void>;
  /** Ends all tokens of a user, as the page does on which users take back what they allowed. */
  revoke(username: string): Promise<void>;
}

/**
 * Starts one. `oidc`: with its OpenID Connect and a new RSA key, or as plain OAuth 2.0. `lifetime`: of access tokens, in
 * seconds; undefined: as long as the toolkit says.
 */
export async function startDjango(oidc: boolean, lifetime?: number): Promise<DjangoServer> {
  const { python, pythonPath } = interopTools();
  const control = randomBytes(24).toString('base64url');
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  const key = oidc ? String(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem)) : '';
  const running = startProcess({
    name: 'django-oauth-toolkit',
    command: python,
    args: [fileURLToPath(new URL('django/serve.py', import.meta.url))],
    cwd: await tempFolder(),
    env: {
      PATH: process.env['PATH'] ?? '',
      PYTHONPATH: pythonPath,
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONWARNINGS: 'ignore',
      INTEROP_CONTROL: control,
      INTEROP_PEOPLE: JSON.stringify(people),
      INTEROP_KEY: key,
      INTEROP_LIFETIME: String(lifetime ?? ''),
    },
  });
  const [, port = ''] = await beforeItEnds(
    'django-oauth-toolkit',
    running,
    until('Django serves', () => /^serving on (\d+)$/m.exec(running.stdout()) ?? undefined, { deadlineMs: 60_000 }),
  );
  const command = async (path: string, body: unknown) => {
    const url = `http://127.0.0.1:${port}/control/${path}`;
    const answer = await fetch(url, { method: 'POST', headers: { 'x-control': control }, body: JSON.stringify(body) });
    if (answer.status !== 201) throw new Error(`the Django that answers is not ours: ${answer.status}`);
  };
  return {
    port: Number(port),
    addClient: (clientId, clientSecret, origin) =>
      command('clients', {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uri: `${origin}/_auth/callback`,
        post_logout_redirect_uri: `${origin}/_auth/logout/callback`,
      }),
    rename: (username, firstName) => command('rename', { username, firstName }),
    revoke: (username) => command('revoke', { username }),
  };
}
