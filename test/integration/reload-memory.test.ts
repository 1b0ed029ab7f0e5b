import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { newSigningKeys } from '../../src/app/cli/issuer-signing-keys.ts';
import { loadConfig } from '../../src/app/config/load-config.ts';
import { type RunningService, serve } from '../../src/app/serve.ts';
import { secondsOf } from '../../src/core/time.ts';
import { atEnd } from '../support/ends.ts';
import { listenOnLoopback } from '../support/listen.ts';
import { withFreePorts } from '../support/ports.ts';
import { freshKeyRing } from '../support/sallyport.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

// In this process, which belongs to this file alone: so that garbage can be collected when the test wants it.

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void; // what the flag brings

/** A provider that knows its metadata and nothing else. */
async function startMetadata(): Promise<string> {
  const server = createServer((_request, response) => {
    const endpoints = ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'userinfo_endpoint'];
    const metadata = { issuer, ...Object.fromEntries(endpoints.map((name) => [name, `${issuer}/${name}`])) };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(metadata));
  });
  const issuer = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  atEnd(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return issuer;
}

async function start(): Promise<{ readonly service: RunningService; change(number: number): Promise<void> }> {
  const [folder, issuer] = await Promise.all([tempFolder(), startMetadata()]);
  await writeFile(join(folder, 'keys.json'), freshKeyRing());
  await writeFile(join(folder, 'signing-keys.json'), await newSigningKeys());
  const file = join(folder, 'sallyport.yaml');
  return await withFreePorts(3, async (ports) => {
    const [authz, http, ops] = ports.map((port) => `127.0.0.1:${port}`);
    const change = async (number: number) =>
      await writeFile(
        file,
        stringify({
          origins: ['http://127.0.0.1:8080'],
          listen: { authz, http, ops },
          keys: { file: 'keys.json' },
          store: { type: 'memory' },
          // Another provider each time, with connections and metadata of its own.
          providers: { test: { issuer, allowHttp: true, clientId: `client-${number}` } },
          modes: {
            web: { mode: 'session', provider: 'test' },
            idp: {
              mode: 'issuer',
              basePath: '/oauth2',
              signingKeys: { file: 'signing-keys.json' },
              clients: [{ clientId: 'application', redirectUris: ['http://127.0.0.1:8080/callback'] }],
              users: [],
            },
          },
          rules: [
            ...Array.from({ length: 20 }, (_, index) => ({ path: { exact: `/${number}/${index}` }, use: 'public' })),
            { use: 'web' },
          ],
          log: { level: 'error' },
          reload: { watch: false },
          shutdown: { delay: '0s', drain: '1s' },
        }),
      );
    await change(0);
    const load = () => loadConfig(file, {});
    const loaded = await load();
    if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.errors));
    const service = await serve(loaded, 'test', load);
    atEnd(() => service.stop(secondsOf(0)));
    return { service, change };
  });
}

function heapBytes(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** How many of each kind keep this process busy. */
function resources(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

it('200 reloads leave no memory, timer or connection behind', async () => {
  const { service, change } = await start();
  const reload = async (from: number, to: number) => {
    for (let number = from; number < to; number += 1) {
      await change(number);
      expect(await service.reload('signal')).toEqual({ kind: 'reloaded' });
    }
  };
  // Caches and compiled code have what they need after some.
  await reload(1, 40);
  await until('what earlier ones had is closed', () => (resources()['TCPSocketWrap'] ?? 0) <= 4);
  const [heap, busy] = [heapBytes(), resources()];
  await reload(40, 200);
  await until('what earlier ones had is closed', () => {
    const now = resources();
    return Object.keys(now).every((kind) => (now[kind] ?? 0) <= (busy[kind] ?? 0) + 2);
  });
  const growth = await until('garbage is collected', () => {
    const grown = heapBytes() - heap;
    return grown < 4_000_000 ? { grown } : undefined;
  });
  // A configuration and what is made of it takes far more than 25 kB.
  expect(growth.grown / 160).toBeLessThan(25_000);
}, 60_000);
