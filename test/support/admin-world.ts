import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { createTelemetry } from '../../src/adapters/telemetry/telemetry.ts';
import { startAdmin } from '../../src/app/admin.ts';
import { loadConfig } from '../../src/app/config/load-config.ts';
import { createSnapshot, type Serving } from '../../src/app/serving.ts';
import { closeUnused } from '../../src/app/wire.ts';
import type { Session } from '../../src/core/session/session.ts';
import { secondsOf } from '../../src/core/time.ts';
import { createSession } from '../../src/flows/sessions.ts';
import { atEnd } from './ends.ts';
import { withFreePorts } from './ports.ts';
import { freshKeyRing } from './sallyport.ts';
import { sessionAt } from './session.ts';
import { tempFolder } from './temp-folder.ts';
import type { ConfigDocument } from './world.ts';

export const adminToken = 'canary-admin-token-0123456789abcdef';

/** An application on the memory store with its admin API, and nothing else that listens. */
export interface AdminWorld {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly configFile: string;
  readonly tokenFile: string;
  readonly serving: Serving;
  /** Its log so far. */
  logs(): readonly Readonly<Record<string, unknown>>[];
  /** A session of alice at the instance `web`, unless told otherwise; resolves to its id, which is its cookie. */
  begin(parts?: Partial<Session>): Promise<string>;
  call(method: string, path: string, options?: CallOptions): Promise<AdminAnswer>;
}

interface CallOptions {
  /** Undefined: the right one. */
  readonly authorization?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests compare it with what they expect
  readonly json: any;
}

/** Starts one. `adjust` may change the configuration before it is read. */
export async function startAdminWorld(adjust: (config: ConfigDocument) => void = () => undefined): Promise<AdminWorld> {
  const folder = await tempFolder();
  await writeFile(join(folder, 'keys.json'), freshKeyRing());
  await writeFile(join(folder, 'admin-token'), `${adminToken}\n`);
  const configFile = join(folder, 'sallyport.yaml');
  return await withFreePorts(4, async (ports) => {
    const [authz, http, ops, admin] = ports.map((port) => `127.0.0.1:${port}`);
    const document: ConfigDocument = {
      origins: ['https://app.example.com'],
      listen: { authz, http, ops, admin },
      admin: { token: { file: 'admin-token' } },
      keys: { file: 'keys.json' },
      store: { type: 'memory' },
      providers: { idp: { issuer: 'https://idp.example', clientId: 'app', requestTimeout: '1s' } },
      modes: { web: { mode: 'session', provider: 'idp' } },
      rules: [{ use: 'web' }],
    };
    adjust(document);
    await writeFile(configFile, stringify(document));
    const loaded = await loadConfig(configFile, {});
    if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.errors, undefined, 2));
    const lines: string[] = [];
    const telemetry = createTelemetry({
      level: 'info',
      serviceName: 'test',
      destination: { write: (line) => void lines.push(line) },
    });
    const serving: Serving = { current: await createSnapshot(loaded, telemetry) };
    const { listen } = loaded.config;
    if (listen.admin === undefined) throw new Error('the configuration has no admin listener');
    const server = await startAdmin(listen.admin, { serving, telemetry, reloader: () => undefined });
    atEnd(async () => {
      await server.close();
      await closeUnused(serving.current.application, undefined);
    });
    const url = `http://${admin}`;
    return {
      url,
      configFile,
      tokenFile: join(folder, 'admin-token'),
      serving,
      logs: () => lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>), // one object a line
      begin: (parts = {}) =>
        createSession(
          sessionAt(systemClock.now(), parts),
          { idleLifetime: secondsOf(3600), maxPerUser: 100_000 },
          serving.current.application.sessions,
        ),
      async call(method, path, { authorization = `Bearer ${adminToken}`, headers = {}, body } = {}) {
        const response = await fetch(`${url}${path}`, {
          method,
          headers: {
            ...(authorization === '' ? {} : { authorization }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        });
        const text = await response.text();
        const json = response.headers.get('content-type')?.startsWith('application/json')
          ? JSON.parse(text)
          : undefined;
        return { status: response.status, headers: response.headers, text, json };
      },
    };
  });
}
