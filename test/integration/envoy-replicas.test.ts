import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { atEnd } from '../support/ends.ts';
import { withFreePorts } from '../support/ports.ts';
import { rawGet, sendRaw } from '../support/raw-http.ts';
import { startRecordingUpstream } from '../support/recording-upstream.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { type ScriptedCheck, startEdge, startScriptedCheck } from './envoy-world.ts';

const common = `
keys: {env: KEYS}
providers: {demo: {issuer: https://id.example.com, clientId: demo, clientSecret: {env: SECRET}}}
modes: {web: {mode: session, provider: demo}}
rules: [{use: web}]
`;

const local = (port: number) => ({ kind: 'tcp', host: '127.0.0.1', port }) as const;

async function startUpstream() {
  const upstream = await startRecordingUpstream();
  atEnd(() => upstream.stop());
  return upstream;
}

it('refuses with 503 while no check answers, and works again without a restart', async () => {
  const workload = await startUpstream();
  await withFreePorts(4, async ([edge = 0, authz = 0, http = 0, ops = 0]) => {
    await startEdge(`${common}
origins: ["http://localhost:${edge}"]
listen: {authz: "127.0.0.1:${authz}", http: "127.0.0.1:${http}", ops: "127.0.0.1:${ops}"}
store: {type: memory}
envoy: {listen: "127.0.0.1:${edge}", workload: "127.0.0.1:${workload.port}"}
`);
    const status = async (path: string) => {
      const answer = await sendRaw(edge, rawGet(path, `localhost:${edge}`));
      return [answer.status, ...answer.values('retry-after')];
    };
    expect(await status('/app')).toEqual([503, '2']);
    expect((await status('/_auth/login'))[0]).toBe(503);
    expect(workload.requests).toEqual([]);
    const check = await startScriptedCheck(local(authz));
    await until('requests pass', async () => (await status('/app'))[0] === 200);
    await check.stop();
    expect(await status('/app')).toEqual([503, '2']);
  });
});

it('fails no request when one of two replicas goes away', async () => {
  const workload = await startUpstream();
  await withFreePorts(5, async ([edge = 0, one = 0, two = 0, http = 0, ops = 0]) => {
    const checks = new Map<number, ScriptedCheck>();
    for (const port of [one, two]) checks.set(port, await startScriptedCheck(local(port)));
    await startEdge(`${common}
origins: ["http://localhost:${edge}"]
listen: {authz: "127.0.0.1:${one}", http: "127.0.0.1:${http}", ops: "127.0.0.1:${ops}"}
store: {type: redis, url: "redis://127.0.0.1:6379"}
envoy:
  listen: 127.0.0.1:${edge}
  workload: 127.0.0.1:${workload.port}
  replicas:
    - {authz: "127.0.0.1:${one}", http: "127.0.0.1:${http}"}
    - {authz: "127.0.0.1:${two}", http: "127.0.0.1:${http}"}
`);
    const send = async (count: number) => {
      const statuses = new Set<number>();
      for (let sent = 0; sent < count; sent += 1) {
        statuses.add((await sendRaw(edge, rawGet('/app', `localhost:${edge}`))).status);
      }
      return statuses;
    };
    await until('Envoy knows both', async () => {
      await send(2);
      return [...checks.values()].every(({ seen }) => seen.length > 0);
    });
    await checks.get(one)?.stop();
    expect(await send(40)).toEqual(new Set([200]));
    checks.set(one, await startScriptedCheck(local(one)));
    await until('Envoy is back at both', async () => {
      await send(2);
      return checks.get(one)?.seen.length;
    });
  });
});

it('calls Sallyport over mutual TLS, looks at its health in the same way, and refuses a certificate of another name', async () => {
  const workload = await startUpstream();
  const folder = await tempFolder();
  const authority = await createAuthority('internal');
  atEnd(() => authority.remove());
  const server = await authority.issue('sallyport');
  const client = await authority.issue('envoy');
  const files = {
    'ca.pem': authority.certificate,
    'server.pem': server.certificate,
    'server.key': server.privateKey,
    'client.pem': client.certificate,
    'client.key': client.privateKey,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const tls = '{cert: server.pem, key: server.key, clientCa: ca.pem}';
  const start = (name: string) =>
    withFreePorts(4, async ([edge = 0, authz = 0, http = 0, ops = 0]) => {
      const { config } = await startEdge(
        `${common}
origins: ["http://localhost:${edge}"]
listen:
  authz: {address: "0.0.0.0:${authz}", tls: ${tls}}
  http: {address: "0.0.0.0:${http}", tls: ${tls}}
  ops: 127.0.0.1:${ops}
store: {type: redis, url: "redis://127.0.0.1:6379"}
envoy:
  listen: 127.0.0.1:${edge}
  workload: 127.0.0.1:${workload.port}
  sallyportTls: {cert: client.pem, key: client.key, ca: ca.pem, serverName: ${name}}
  # One process under two names: where there are several, Envoy asks only those that it knows to be well.
  replicas:
    - {authz: "localhost:${authz}", http: "localhost:${http}"}
    - {authz: "127.0.0.1:${authz}", http: "127.0.0.1:${http}"}
`,
        folder,
      );
      const check = await startScriptedCheck(local(authz), config.listen.authz.tls);
      return { edge, check };
    });
  const { edge, check } = await start('localhost');
  const status = async (port: number) => (await sendRaw(port, rawGet('/app', `localhost:${port}`))).status;
  await until('requests pass', async () => (await status(edge)) === 200);
  expect(check.seen.length).toBeGreaterThan(0);
  const other = await start('other.example.com');
  expect(await status(other.edge)).toBe(503);
  expect(other.check.seen).toEqual([]);
});
