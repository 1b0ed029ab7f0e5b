import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { beforeItEnds, startProcess } from '../support/process.ts';
import { until } from '../support/until.ts';
import { people } from './people.ts';

/** oidc-provider in a process of its own. */
export interface OidcProviderServer {
  readonly port: number;
  /** Registers a client (RFC 7591 §2 metadata). */
  addClient(metadata: Readonly<Record<string, unknown>>): Promise<void>;
  /** Ends all grants of a user. */
  revoke(username: string): Promise<void>;
  stop(): Promise<void>;
}

/** A new signing key, private. */
export function newSigningKey(kid: string): Readonly<Record<string, unknown>> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };
}

/** Starts one that is reached at `issuer` and signs with the first of `keys`. `lifetime`: of access tokens, in seconds. */
export async function startOidcProvider(
  issuer: string,
  keys: readonly Readonly<Record<string, unknown>>[],
  lifetime = 3600,
): Promise<OidcProviderServer> {
  const control = randomBytes(24).toString('base64url');
  const running = startProcess({
    name: 'oidc-provider',
    command: process.execPath,
    args: [fileURLToPath(new URL('oidc-provider/serve.ts', import.meta.url))],
    env: {
      PATH: process.env['PATH'] ?? '',
      INTEROP_ISSUER: issuer,
      INTEROP_PEOPLE: JSON.stringify(people),
      INTEROP_KEYS: JSON.stringify({ keys }),
      INTEROP_CONTROL: control,
      INTEROP_LIFETIME: String(lifetime),
    },
  });
  const [, port = ''] = await beforeItEnds(
    'oidc-provider',
    running,
    until('oidc-provider serves', () => /^serving on (\d+)$/m.exec(running.stdout()) ?? undefined),
  );
  const command = async (path: string, body: unknown) => {
    const url = `http://127.0.0.1:${port}/control/${path}`;
    const answer = await fetch(url, { method: 'POST', headers: { 'x-control': control }, body: JSON.stringify(body) });
    if (answer.status !== 201) throw new Error(`the oidc-provider that answers is not ours: ${answer.status}`);
  };
  return {
    port: Number(port),
    addClient: (metadata) => command('clients', metadata),
    revoke: (username) => command('revoke', { username }),
    stop: async () => void (await running.stop()),
  };
}
