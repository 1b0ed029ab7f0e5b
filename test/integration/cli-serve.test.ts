import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { atEnd } from '../support/ends.ts';
import { startRedis } from '../support/environment.ts';
import { listenOnLoopback } from '../support/listen.ts';
import { freePort, withFreePorts } from '../support/ports.ts';
import { beforeItEnds, startProcess } from '../support/process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { environment } from './envoy-world.ts';

async function start(text: string, env: Readonly<Record<string, string>> = environment) {
  const file = join(await tempFolder(), 'sallyport.yaml');
  await writeFile(file, text);
  const args = ['src/main.ts', 'serve'];
  return startProcess({
    name: 'sallyport',
    command: process.execPath,
    args,
    env: { ...env, SALLYPORT_CONFIG: file },
  });
}

const sound = (authz: number, http: number, ops: number, store = '{type: memory}') => `
origins: ["https://app.example.com"]
listen: {authz: "127.0.0.1:${authz}", http: "127.0.0.1:${http}", ops: "127.0.0.1:${ops}"}
keys: {env: KEYS}
store: ${store}
providers: {demo: {issuer: "https://127.0.0.1:1", clientId: demo, clientSecret: {env: SECRET}}}
modes: {web: {mode: session, provider: demo}}
rules: [{use: web}]
shutdown: {delay: 0s}
`;

it('serves until SIGTERM, then ends with 0 (G5)', async () => {
  await withFreePorts(3, async ([authz = 0, http = 0, ops = 0]) => {
    const service = await start(sound(authz, http, ops));
    const ready = until('the service is ready', async () => (await fetch(`http://127.0.0.1:${ops}/readyz`)).ok);
    await beforeItEnds('sallyport', service, ready);
    expect(await service.stop('SIGTERM')).toEqual({ code: 0, signal: undefined });
  });
});

it('ends with 1 and names file, line and fix when the configuration is invalid (G7)', async () => {
  const service = await start(sound(1, 2, 3).replace('use: web', 'use: wep'));
  expect(await service.ended).toEqual({ code: 1, signal: undefined });
  expect(service.stdout()).toBe('');
  expect(service.output()).toMatch(
    /sallyport\.yaml:8:15: error: rules\[0\]\.use: .*\n {4}did you mean web\?\n1 error\n/,
  );
});

it('ends with 1 and names no secret when a key ring is weak (G7, G8)', async () => {
  const service = await start(sound(1, 2, 3), { ...environment, KEYS: '{"keys": ["canary"]}' });
  expect(await service.ended).toEqual({ code: 1, signal: undefined });
  expect(service.output()).toContain('error: keys: not a usable key ring: ');
  expect(service.output()).not.toContain('canary');
});

it.each([
  ['authz', 'memory'],
  ['http', 'memory'],
  ['ops', 'memory'],
  ['authz', 'redis'],
  ['http', 'redis'],
  ['ops', 'redis'],
] as const)(
  'ends with 1 and one line when the address of %s is taken, and lets go of a store in %s',
  async (listener, store) => {
    const squatter = createServer();
    const taken = await listenOnLoopback(squatter);
    atEnd(() => new Promise((resolve) => squatter.close(() => resolve())));
    const port = async (name: string) => (name === listener ? taken : await freePort());

    const settings = store === 'redis' ? `{type: redis, url: "${(await startRedis()).url}"}` : undefined;
    const service = await start(sound(await port('authz'), await port('http'), await port('ops'), settings));
    expect(await service.ended).toMatchObject({ code: 1 });
    expect(service.output()).toContain('EADDRINUSE');
    expect(service.output()).not.toContain('    at ');
  },
);
