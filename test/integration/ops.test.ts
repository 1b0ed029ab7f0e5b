import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createTelemetry } from '../../src/adapters/telemetry/telemetry.ts';
import { listenOps, type OpsOptions, type OpsServer, type Readiness } from '../../src/servers/ops/ops.ts';

const loadedAt = '2026-11-21T10:00:00.000Z';

const ready: Readiness = {
  store: 'reachable',
  providers: new Map([['demo', 'ready']]),
  draining: false,
  config: { loadedAt, lastReload: undefined },
};

let server: OpsServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function listen(options: Partial<OpsOptions> = {}): Promise<string> {
  server = await listenOps({
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    readiness: () => Promise.resolve(ready),
    metrics: { contentType: 'text/plain; version=0.0.4', text: () => Promise.resolve('up 1\n') },
    ...options,
  });
  return `http://127.0.0.1:${server.port}`;
}

describe('the ops server', () => {
  it('says that it is alive', async () => {
    const response = await fetch(`${await listen()}/healthz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'alive' });
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('says that it is ready, with store and providers', async () => {
    const response = await fetch(`${await listen()}/readyz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      status: 'ready',
      store: 'reachable',
      providers: { demo: 'ready' },
      draining: false,
      config: { loaded_at: loadedAt, last_reload: null },
    });
  });

  it('stays ready when a new configuration was refused, and says so', async () => {
    const lastReload = { at: '2026-11-21T11:00:00.000Z', outcome: 'invalid' };
    const state = { ...ready, config: { loadedAt, lastReload } };
    const response = await fetch(`${await listen({ readiness: () => Promise.resolve(state) })}/readyz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: 'ready', config: { last_reload: lastReload } });
  });

  it('stays ready while a provider is down: sessions live on without it', async () => {
    const providers = new Map([
      ['demo', 'unavailable'],
      ['__proto__', 'not_asked'],
    ] as const);
    const response = await fetch(
      `${await listen({ readiness: () => Promise.resolve({ ...ready, providers }) })}/readyz`,
    );
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('"providers":{"demo":"unavailable","__proto__":"not_asked"}');
  });

  it.each([{ store: 'unreachable' }, { draining: true }] as const)('is not ready with %j', async (change) => {
    const response = await fetch(
      `${await listen({ readiness: () => Promise.resolve({ ...ready, ...change }) })}/readyz`,
    );
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ status: 'not_ready', ...change });
  });

  it('is not ready when readiness cannot be found out, and does not say why', async () => {
    const base = await listen({ readiness: () => Promise.reject(new Error('redis://:password@store')) });
    const response = await fetch(`${base}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.text()).toBe('{"status":"failed"}');
  });

  it('gives the metrics of the telemetry', async () => {
    const telemetry = createTelemetry({ level: 'silent', serviceName: 'test', version: '1.2.3' });
    telemetry.check('forward', 0.0003);
    const base = await listen({ metrics: { contentType: telemetry.contentType, text: () => telemetry.metrics() } });
    const response = await fetch(`${base}/metrics`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toContain('sallyport_checks_total{decision="forward"} 1');
  });

  it('serves nothing else (G6)', async () => {
    const base = await listen();
    for (const path of ['/', '/admin', '/metrics/', '/healthz/x', '/_auth/login']) {
      expect((await fetch(base + path)).status).toBe(404);
    }
    expect((await fetch(`${base}/healthz`, { method: 'POST' })).status).toBe(404);
  });

  it('listens on a Unix socket', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sallyport-ops-'));
    const path = join(directory, 'ops.sock');
    await listen({ address: { kind: 'unix', path } });
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request({ socketPath: path, path: '/healthz' }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject);
      sent.end();
    });
    expect(status).toBe(200);
    await rm(directory, { recursive: true });
  });
});
