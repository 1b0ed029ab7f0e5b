import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyPluginAsync } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority } from '../../../test/support/certificates.ts';
import { type RawAnswer, rawGet, sendRaw } from '../../../test/support/raw-http.ts';
import { type RecordingTelemetry, recordingTelemetry } from '../../../test/support/recording-telemetry.ts';
import { renderer } from '../../../test/support/rendered.ts';
import { Secret } from '../../core/secret.ts';
import { StoreUnavailableError } from '../../ports/store.ts';
import { listenSideService, type SideService, type SideServiceOptions } from './side-service.ts';

const html = 'Accept: text/html';

/** Routes that answer with what they see, or go wrong. */
const routes: FastifyPluginAsync = async (service) => {
  service.get('/query', async (request) => ({ parsed: request.query, target: request.raw.url }));
  service.get('/origin', async (request) => ({ origin: request.publicOrigin ?? null }));
  service.post('/echo', async (request) => ({ body: request.body }));
  // As the issuer's engine answers: by itself, whatever of the request has come.
  service.removeContentTypeParser('text/plain');
  service.addContentTypeParser('text/plain', (_request, _body, done) => done(null));
  service.post('/hijacked', async (_request, reply) => {
    reply.hijack();
    reply.raw.end('by itself');
  });
  service.get('/store', async () => {
    throw new StoreUnavailableError('find', { cause: new Error('canary-cause') });
  });
  service.get('/defect', async () => {
    throw new Error('canary-defect');
  });
};

let telemetry: RecordingTelemetry;
let service: SideService;
let port: number;

async function start(changes: Partial<SideServiceOptions> = {}): Promise<SideService> {
  return await listenSideService({
    address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    tls: undefined,
    origins: ['https://app.example.com', 'http://localhost:8080'],
    mounts: [{ basePath: '/_auth', routes }],
    telemetry,
    renderer,
    ...changes,
  });
}

beforeEach(async () => {
  telemetry = recordingTelemetry();
  service = await start();
  port = service.port ?? 0;
});
afterEach(async () => {
  await service.close();
});

async function get(target: string, lines: readonly string[] = [], host = 'app.example.com'): Promise<RawAnswer> {
  return await sendRaw(port, rawGet(target, host, lines));
}

it('parses no query string: handlers read what they need of the target, within limits of their own', async () => {
  const target = '/_auth/query?a=1&b=2';
  expect(JSON.parse((await get(target)).body)).toEqual({ parsed: {}, target });
});

describe('the public origin', () => {
  it.each([
    ['app.example.com', 'https://app.example.com'],
    ['APP.example.com.:443', 'https://app.example.com'],
    ['localhost:8080', 'http://localhost:8080'],
    ['evil.example', null],
    ['app.example.com:8443', null],
    ['app.example.com@evil.example', null],
  ])('of Host %s is %j (P10)', async (host, origin) => {
    expect(JSON.parse((await get('/_auth/origin', [], host)).body)).toEqual({ origin });
  });

  it('comes from no forwarding header (H9)', async () => {
    const lines = ['X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: http', 'Forwarded: host=localhost:8080'];
    expect(JSON.parse((await get('/_auth/origin', lines)).body)).toEqual({ origin: 'https://app.example.com' });
  });

  it('is none with two Host lines, if they get through at all (P10)', async () => {
    const answer = await get('/_auth/origin', ['Host: localhost:8080']);
    expect(answer.status === 400 || answer.body === '{"origin":null}').toBe(true);
  });
});

describe('what is not there', () => {
  it.each(['/', '/_auth', '/_auth/', '/_authx', '/_auth/Origin', '/_auth/origin/', '/metrics', '/readyz', '/admin'])(
    'is 404 at %s, uncached (G6, P13)',
    async (target) => {
      const answer = await get(target);
      expect(answer.status).toBe(404);
      expect(answer.header('cache-control')).toBe('no-store');
      expect(JSON.parse(answer.body)).toMatchObject({ error: 'not_found' });
    },
  );

  it('is a page under the strict policy to people', async () => {
    const answer = await get('/nothing', [html]);
    expect(answer.status).toBe(404);
    expect(answer.header('content-security-policy')).toContain("default-src 'none'");
    expect(answer.body).toContain('<h1>Not found</h1>');
  });
});

describe('what goes wrong', () => {
  it('is 503 with Retry-After while the store is down, and the cause is for the log alone (I4)', async () => {
    const answer = await get('/_auth/store', [html]);
    expect(answer.status).toBe(503);
    expect(answer.header('retry-after')).toBe('1');
    expect(answer.header('cache-control')).toBe('no-store');
    expect(answer.body).not.toContain('canary');
    expect(telemetry.names()).toEqual(['store_unavailable']);
  });

  it('is 503 for a defect of ours, and the process lives', async () => {
    const answer = await get('/_auth/defect');
    expect(answer.status).toBe(503);
    expect(answer.body).not.toContain('canary');
    expect(telemetry.names()).toEqual(['side_service_failed']);
    expect((await get('/_auth/origin')).status).toBe(200);
  });

  it.each(['/_auth/%zz', '/_auth/%', '/_auth/%c0%ae', '/%ff<script>canary'])(
    'is 400 for the URL %s, which is not repeated',
    async (target) => {
      const answer = await get(target, [html]);
      expect(answer.status).toBe(400);
      expect(answer.header('cache-control')).toBe('no-store');
      expect(answer.header('content-security-policy')).toContain("default-src 'none'");
      expect(answer.body).not.toMatch(/%zz|canary|<script/);
    },
  );

  it.each([
    ['application/json', '{"a":'],
    ['application/json', '{"__proto__":{}}'],
    ['application/json', `"${'x'.repeat(70_000)}"`],
    ['application/x-unknown', 'x'],
    ['', 'x'],
  ])('is 400 for a body of type %j that no route reads', async (type, body) => {
    const lines = [`Content-Type: ${type}`, `Content-Length: ${body.length}`];
    const answer = await sendRaw(port, rawGet('/_auth/echo', 'app.example.com', lines, 'POST') + body);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ error: 'invalid_request' });
    expect(telemetry.names()).toEqual([]);
  });

  it('says that the connection ends where a body is not read, also in an answer that a route sends by itself', async () => {
    const lines = ['Content-Type: text/plain', 'Content-Length: 100000'];
    const request = rawGet('/_auth/hijacked', 'app.example.com', lines, 'POST').replace(/connection: close\r\n/i, '');
    const answer = await sendRaw(port, `${request}${'x'.repeat(100)}`);
    expect([answer.status, answer.header('connection')]).toEqual([200, 'close']);
  });

  it('is not 96 kB of cookies: Envoy lets them through, so must we (S10)', async () => {
    const answer = await get('/_auth/origin', [`Cookie: a=${'x'.repeat(96_000)}`]);
    expect(answer.status).toBe(200);
  });

  it('says 431 to more, and lives', async () => {
    expect((await get('/_auth/origin', [`Cookie: a=${'x'.repeat(200_000)}`])).status).toBe(431);
    expect((await get('/_auth/origin')).status).toBe(200);
  });
});

describe('draining', () => {
  it('says so to health checks and ends connections, and still answers', async () => {
    expect((await get('/healthz')).status).toBe(200);
    service.drain();
    const health = await get('/healthz');
    expect(health.status).toBe(503);
    const answer = await sendRaw(port, 'GET /_auth/origin HTTP/1.1\r\nHost: app.example.com\r\n\r\n');
    expect(answer.status).toBe(200);
    expect(answer.header('connection')).toBe('close');
  });

  it('ends connections also where a route answers by itself', async () => {
    const lines = ['Content-Type: text/plain', 'Content-Length: 1'];
    const request = `${rawGet('/_auth/hijacked', 'app.example.com', lines, 'POST')}x`.replace(
      /connection: close\r\n/i,
      '',
    );
    service.drain();
    const answer = await sendRaw(port, request);
    expect([answer.status, answer.header('connection'), answer.body]).toEqual([200, 'close', 'by itself']);
  });

  it('answers what has begun before it closes', async () => {
    let release: (() => void) | undefined;
    const begun = new Promise<void>((resolve) => {
      const slow: FastifyPluginAsync = async (mounted) => {
        mounted.get('/slow', async () => {
          resolve();
          await new Promise<void>((done) => {
            release = done;
          });
          return { done: true };
        });
      };
      void start({ mounts: [{ basePath: '/x', routes: slow }] }).then((started) => {
        other = started;
        pending = sendRaw(started.port ?? 0, rawGet('/x/slow', 'app.example.com'));
      });
    });
    let other: SideService | undefined;
    let pending: Promise<RawAnswer> | undefined;
    await begun;
    const closed = other?.close();
    release?.();
    expect((await pending)?.status).toBe(200);
    await closed;
  });
});

describe('listeners', () => {
  it('can be a Unix socket for owner and group, which has no port', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-'));
    const path = join(folder, 'http.sock');
    const local = await start({ address: { kind: 'unix', path } });
    try {
      expect(local.port).toBeUndefined();
      expect((await stat(path)).mode & 0o777).toBe(0o660);
      const status = await new Promise((resolve, reject) => {
        const sent = httpRequest({ socketPath: path, path: '/_auth/origin', headers: { host: 'app.example.com' } });
        sent.on('response', (response) => resolve(response.resume().statusCode));
        sent.on('error', reject).end();
      });
      expect(status).toBe(200);
    } finally {
      await local.close();
      await rm(folder, { recursive: true });
    }
  });

  it('can ask for a certificate of ours, and answer nobody without one', async () => {
    const [ours, foreign] = await Promise.all([createAuthority('ours'), createAuthority('foreign')]);
    const [server, envoy, stranger] = await Promise.all([
      ours.issue('sallyport'),
      ours.issue('envoy'),
      foreign.issue('stranger'),
    ]);
    const tls = {
      certificate: server.certificate,
      privateKey: new Secret(server.privateKey),
      clientCa: ours.certificate,
    };
    const mutual = await start({ tls });
    const ask = async (client?: typeof envoy): Promise<unknown> =>
      await new Promise((resolve) => {
        const sent = httpsRequest({
          host: '127.0.0.1',
          servername: 'localhost',
          port: mutual.port,
          path: '/_auth/origin',
          headers: { host: 'app.example.com' },
          ca: ours.certificate,
          agent: false,
          ...(client === undefined ? {} : { cert: client.certificate, key: client.privateKey }),
        });
        sent.on('response', (response) => resolve(response.resume().statusCode));
        sent.on('error', () => resolve('refused')).end();
      });
    try {
      expect(await ask(envoy)).toBe(200);
      expect(await ask(stranger)).toBe('refused');
      expect(await ask()).toBe('refused');
    } finally {
      await mutual.close();
      await Promise.all([ours.remove(), foreign.remove()]);
    }
  });
});
