import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyPair } from '../support/certificates.ts';
import { beforeItEnds, startProcess } from '../support/process.ts';
import { noteSecret } from '../support/seen-secrets.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { interopTools } from './tools.ts';

/** A Keycloak of the test's own, with nothing in it but its own realm. */
export interface Keycloak {
  readonly port: number;
  /** Its TLS listener, which asks clients for a certificate. */
  readonly httpsPort: number;
  /** A request to its admin API below `/admin/realms`. Throws unless the answer is a success. */
  admin(method: string, path: string, body?: unknown): Promise<unknown>;
}

export interface KeycloakTls {
  /** PEM of the authority that clients' certificates come from. */
  readonly authority: string;
  readonly server: KeyPair;
}

/** It takes half a minute on one core, and three minutes on a busy machine. */
const patience = { deadlineMs: 180_000, everyMs: 200 };

/**
 * Starts Keycloak as its script would (bin/kc.sh), but as one process that we can end: with a database in memory, on
 * ports that the kernel chose. That it is ours is proved by the administrator's password, which is new.
 */
export async function startKeycloak(tls: KeycloakTls): Promise<Keycloak> {
  const { java, keycloak: home } = interopTools();
  const folder = await tempFolder();
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const certificate = await file('server.pem', tls.server.certificate);
  const key = await file('server.key', tls.server.privateKey);
  const authority = await file('authority.pem', tls.authority);
  await mkdir(join(folder, 'work'));
  const password = randomBytes(24).toString('base64url');
  noteSecret(password);

  const opens = ['java.util', 'java.util.concurrent', 'java.security', 'java.lang'];
  const running = startProcess({
    name: 'Keycloak',
    command: java,
    cwd: join(folder, 'work'),
    // It is slow to end in good order, and keeps nothing.
    patienceMs: 500,
    env: {
      PATH: process.env['PATH'] ?? '',
      KC_BOOTSTRAP_ADMIN_USERNAME: 'admin',
      KC_BOOTSTRAP_ADMIN_PASSWORD: password,
    },
    args: [
      ...['-Xms64m', '-Xmx384m', '-XX:MaxMetaspaceSize=256m', '-XX:+ExitOnOutOfMemoryError'],
      ...opens.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
      ...['-Dfile.encoding=UTF-8', '-Duser.language=en', '-Duser.country=US', '-Djava.security.egd=file:/dev/urandom'],
      '-Djava.util.logging.manager=org.jboss.logmanager.LogManager',
      '-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory',
      ...[`-Dkc.home.dir=${home}`, `-Djboss.server.config.dir=${join(home, 'conf')}`],
      ...['-cp', join(home, 'lib', 'quarkus-run.jar'), 'io.quarkus.bootstrap.runner.QuarkusEntryPoint'],
      ...['start', '--optimized', '--http-enabled=true', '--http-host=127.0.0.1', '--http-port=0', '--https-port=0'],
      // It calls itself by the name that a request came to: that of the gate.
      ...['--hostname-strict=false', '--cache=local'],
      ...[`--https-certificate-file=${certificate}`, `--https-certificate-key-file=${key}`],
      `--https-trust-store-file=${authority}`,
    ],
  });
  const [, http = '', https = ''] = await beforeItEnds(
    'Keycloak',
    running,
    until('Keycloak listens', () => listeners(running.output()), patience),
  );
  const origin = `http://127.0.0.1:${http}`;

  return {
    port: Number(http),
    httpsPort: Number(https),
    async admin(method, path, body) {
      const token = await adminToken(origin, password);
      const answer = await fetch(`${origin}/admin/realms${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`Keycloak: ${method} ${path}: ${answer.status} ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    },
  };
}

function listeners(output: string): RegExpExecArray | undefined {
  return /Listening on: http:\/\/127\.0\.0\.1:(\d+) and https:\/\/127\.0\.0\.1:(\d+)/.exec(output) ?? undefined;
}

/** Short-lived, so a new one for each request. */
async function adminToken(origin: string, password: string): Promise<string> {
  const answer = await fetch(`${origin}/realms/master/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', username: 'admin', password }),
  });
  if (!answer.ok) throw new Error(`the Keycloak that answers is not ours: ${answer.status}`);
  const { access_token: token } = (await answer.json()) as { readonly access_token: string }; // RFC 6749 §5.1
  return token;
}
