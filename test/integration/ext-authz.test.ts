// More than 300 lines: all cases share one listener and its client.
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { createServer, type Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type ChannelCredentials, Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { secondsOf } from '../../src/core/time.ts';
import type { Verdict } from '../../src/core/verdict.ts';
import { CheckResponse } from '../../src/gen/envoy/service/auth/v3/external_auth.ts';
import { createCheck } from '../../src/servers/ext-authz/check.ts';
import {
  type ExtAuthzListener,
  type ExtAuthzOptions,
  listenExtAuthz,
} from '../../src/servers/ext-authz/grpc-listener.ts';
import { createAuthority, type KeyPair, type TestAuthority } from '../support/certificates.ts';
import { checkMessage } from '../support/check-request.ts';
import { renderer } from '../support/rendered.ts';

const checkPath = '/envoy.service.auth.v3.Authorization/Check';
const anyPort = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
const forward: Verdict = {
  kind: 'forward',
  setHeaders: [['x-user', 'alice']],
  removeHeaders: [],
  responseHeadersIfAbsent: [],
};
const limit = secondsOf(5);

/** Undone in reverse after each test. */
let cleanUps: (() => void | Promise<void>)[] = [];
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-authz-'));
});

afterEach(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
  cleanUps = [];
  await rm(directory, { recursive: true });
});

async function listen(
  options: Partial<ExtAuthzOptions> = {},
  authorize: () => Promise<Verdict> = () => Promise.resolve(forward),
): Promise<ExtAuthzListener> {
  const telemetry = { event: () => {}, problem: () => {}, check: () => {} };
  const now = () => performance.now() / 1000;
  const check = createCheck({ authorize, telemetry, renderer, now, deadline: secondsOf(1.8) });
  const listener = await listenExtAuthz({ address: anyPort, tls: undefined, ...options }, check);
  cleanUps.push(() => listener.close(secondsOf(0)));
  return listener;
}

function clientOf(address: string, channel: ChannelCredentials = credentials.createInsecure()): Client {
  const client = new Client(address, channel, {
    'grpc.enable_retries': 0,
    'grpc.ssl_target_name_override': 'localhost',
  });
  cleanUps.push(() => client.close());
  return client;
}

function call(client: Client, path: string, message: Buffer): Promise<Buffer> {
  const identity = (bytes: Buffer) => bytes;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, identity, identity, message, (error, response) => {
      if (error === null && response !== undefined) resolve(response);
      else reject(error ?? new Error('neither an error nor a response'));
    });
  });
}

async function callCheck(client: Client, message = checkMessage()): Promise<CheckResponse> {
  return CheckResponse.decode(await call(client, checkPath, message));
}

/** The error of a call that must not be answered. */
async function failureOf(calling: Promise<unknown>): Promise<ServiceError> {
  return calling.then(
    () => expect.fail('the call was answered'),
    (error: ServiceError) => error,
  );
}

async function healthOf(client: Client, service = ''): Promise<string> {
  const { Check } = healthService as Record<string, (typeof healthService)[string]>;
  const request = Buffer.from(Check?.requestSerialize({ service }) ?? []);
  const response = Check?.responseDeserialize(await call(client, '/grpc.health.v1.Health/Check', request));
  return servingStatus(response);
}

/** `status` of a HealthCheckResponse, which grpc-health-check types as an object. */
function servingStatus(response: object | undefined): string {
  return response !== undefined && 'status' in response ? String(response.status) : 'no status';
}

describe('the gRPC listener', () => {
  it('answers a check over TCP on the port that the system chose', async () => {
    const { address } = await listen();
    expect(address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    const response = await callCheck(clientOf(address));
    expect(response.httpResponse).toMatchObject({
      $case: 'okResponse',
      value: { headers: [{ header: { value: 'alice' } }] },
    });
  });

  it('rejects when the address is taken', async () => {
    const { address } = await listen();
    const port = Number(address.split(':')[1]);
    await expect(listen({ address: { ...anyPort, port } })).rejects.toThrow('EADDRINUSE');
  });

  it('answers a refusal to empty, garbage and truncated messages, never OK (G1)', async () => {
    const client = clientOf((await listen()).address);
    const message = checkMessage({ rawHeaders: [['cookie', 'a=1']] });
    for (const bytes of [Buffer.alloc(0), Buffer.from('garbage'), message.subarray(0, -1), Buffer.alloc(1000, 0xff)]) {
      const response = await callCheck(client, bytes);
      expect(response.status?.code).toBe(3);
      expect(response.httpResponse?.$case).toBe('deniedResponse');
    }
    expect((await callCheck(client, message)).status?.code).toBe(0);
  });

  it('lets 70 kB of cookies and 200 headers pass (S10)', async () => {
    const client = clientOf((await listen()).address);
    const cookies = Array.from({ length: 70 }, (_, index) => ['cookie', `c${index}=${'v'.repeat(1000)}`] as const);
    const others = Array.from({ length: 200 }, (_, index) => [`x-header-${index}`, 'v'] as const);
    expect((await callCheck(client, checkMessage({ rawHeaders: [...cookies, ...others] }))).status?.code).toBe(0);
  });

  it('refuses a message that is too large, and lives (G1)', async () => {
    const client = clientOf((await listen()).address);
    const message = checkMessage({ rawHeaders: [['cookie', 'v'.repeat(600 * 1024)]] });
    expect((await failureOf(callCheck(client, message))).code).toBe(status.RESOURCE_EXHAUSTED);
    expect((await callCheck(client)).status?.code).toBe(0);
  });

  it('refuses a small message that decompresses to a large one, and lives (G1)', async () => {
    const { address } = await listen();
    const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(512 * 1024);
    const before = process.memoryUsage().rss;
    expect(await rawGrpc(address, bomb, 'gzip')).toBe(status.RESOURCE_EXHAUSTED);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
    expect(await rawGrpc(address, gzipSync(checkMessage()), 'gzip')).toBe(status.OK);
    expect(await rawGrpc(address, Buffer.from('not gzip'), 'gzip')).toBe(status.INTERNAL);
    expect(await rawGrpc(address, Buffer.from('?'), 'br')).toBe(status.UNIMPLEMENTED);
    expect((await callCheck(clientOf(address))).status?.code).toBe(0);
  });

  it('offers no other method', async () => {
    const client = clientOf((await listen()).address);
    const unknown = call(client, '/envoy.service.auth.v3.Authorization/Other', checkMessage());
    expect((await failureOf(unknown)).code).toBe(status.UNIMPLEMENTED);
  });
});

describe('on a Unix socket', () => {
  it('answers a check, and only owner and group may connect', async () => {
    const path = join(directory, 'authz.sock');
    const listener = await listen({ address: { kind: 'unix', path } });
    expect(listener.address).toBe(`unix:${path}`);
    expect((await stat(path)).mode & 0o777).toBe(0o660);
    expect((await callCheck(clientOf(listener.address))).status?.code).toBe(0);
  });

  it('takes the place of a socket that a killed process left', async () => {
    const path = join(directory, 'authz.sock');
    await leaveStaleSocket(path);
    const listener = await listen({ address: { kind: 'unix', path } });
    expect((await callCheck(clientOf(listener.address))).status?.code).toBe(0);
  });

  it('leaves a socket alone on which somebody listens', async () => {
    const path = join(directory, 'authz.sock');
    const first = await listen({ address: { kind: 'unix', path } });
    await expect(listen({ address: { kind: 'unix', path } })).rejects.toThrow('another process listens');
    expect((await callCheck(clientOf(first.address))).status?.code).toBe(0);
  });

  it('deletes no file that is not a socket', async () => {
    const path = join(directory, 'important.txt');
    await writeFile(path, 'text');
    await expect(listen({ address: { kind: 'unix', path } })).rejects.toThrow('is not a socket');
    expect((await stat(path)).size).toBe(4);
  });

  it('removes its socket when it closes', async () => {
    const path = join(directory, 'authz.sock');
    const listener = await listen({ address: { kind: 'unix', path } });
    await listener.close(limit);
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });
});

describe('with mutual TLS', () => {
  let authority: TestAuthority;
  let stranger: TestAuthority;
  let server: KeyPair;
  let envoy: KeyPair;
  let foreign: KeyPair;

  beforeAll(async () => {
    authority = await createAuthority('sallyport test');
    stranger = await createAuthority('somebody else');
    [server, envoy, foreign] = await Promise.all([
      authority.issue('sallyport'),
      authority.issue('envoy'),
      stranger.issue('envoy'),
    ]);
  });

  afterAll(async () => {
    await authority.remove();
    await stranger.remove();
  });

  const listenTls = () =>
    listen({
      tls: {
        certificate: server.certificate,
        privateKey: new Secret(server.privateKey),
        clientCa: authority.certificate,
      },
    });
  const tlsClient = (address: string, pair?: KeyPair) =>
    clientOf(
      address,
      pair === undefined
        ? credentials.createSsl(Buffer.from(authority.certificate))
        : credentials.createSsl(
            Buffer.from(authority.certificate),
            Buffer.from(pair.privateKey),
            Buffer.from(pair.certificate),
          ),
    );

  it('answers a client whose certificate the configured authority issued', async () => {
    const { address } = await listenTls();
    expect((await callCheck(tlsClient(address, envoy))).status?.code).toBe(0);
  });

  it('refuses a client without a certificate, one of another authority, and one without TLS', async () => {
    const { address } = await listenTls();
    for (const client of [tlsClient(address), tlsClient(address, foreign), clientOf(address)]) {
      expect((await failureOf(callCheck(client))).code).toBe(status.UNAVAILABLE);
    }
    expect((await failureOf(healthOf(tlsClient(address)))).code).toBe(status.UNAVAILABLE);
    expect((await callCheck(tlsClient(address, envoy))).status?.code).toBe(0);
  });
});

describe('health and the end', () => {
  it('says SERVING for the server and for the service, and nothing about others', async () => {
    const client = clientOf((await listen()).address);
    expect(await healthOf(client)).toBe('SERVING');
    expect(await healthOf(client, 'envoy.service.auth.v3.Authorization')).toBe('SERVING');
    expect((await failureOf(healthOf(client, 'other'))).code).toBe(status.NOT_FOUND);
  });

  it('says NOT_SERVING when draining and still answers checks', async () => {
    const listener = await listen();
    const client = clientOf(listener.address);
    listener.drain();
    expect(await healthOf(client)).toBe('NOT_SERVING');
    expect(await healthOf(client, 'envoy.service.auth.v3.Authorization')).toBe('NOT_SERVING');
    expect((await callCheck(client)).status?.code).toBe(0);
  });

  it('tells watchers of the end and does not wait for them', async () => {
    const listener = await listen();
    const seen = watchHealth(clientOf(listener.address));
    expect(await seen.next()).toBe('SERVING');
    const closed = listener.close(secondsOf(60));
    expect(await seen.next()).toBe('NOT_SERVING');
    expect(await seen.next()).toBe('ended');
    await closed;
  });

  it('answers 200 checks in flight before it closes, and takes no more (G5)', async () => {
    const gate = Promise.withResolvers<Verdict>();
    let waiting = 0;
    const allWaiting = Promise.withResolvers<void>();
    const listener = await listen({}, () => {
      waiting += 1;
      if (waiting === 200) allWaiting.resolve();
      return gate.promise;
    });
    const clients = Array.from({ length: 4 }, () => clientOf(listener.address));
    const answers = clients.flatMap((client) => Array.from({ length: 50 }, () => callCheck(client)));
    await allWaiting.promise;
    const closed = listener.close(limit);
    expect(listener.close(limit)).toBe(closed);
    expect((await failureOf(callCheck(clientOf(listener.address)))).code).toBe(status.UNAVAILABLE);
    gate.resolve(forward);
    const codes = (await Promise.all(answers)).map((response) => response.status?.code);
    expect(codes).toEqual(Array.from({ length: 200 }, () => 0));
    await closed;
  });

  it('ends after its limit although a check is still going on (G5)', async () => {
    const started = Promise.withResolvers<void>();
    const listener = await listen({}, () => {
      started.resolve();
      return new Promise(() => {});
    });
    const failure = failureOf(callCheck(clientOf(listener.address)));
    await started.promise;
    await listener.close(secondsOf(0.05));
    expect([status.UNAVAILABLE, status.CANCELLED, status.INTERNAL]).toContain((await failure).code);
  });
});

/** Leaves the file behind that a process leaves which was killed: close() would remove it, so it is moved away first. */
async function leaveStaleSocket(path: string): Promise<void> {
  const { link, unlink } = await import('node:fs/promises');
  const server = await new Promise<NetServer>((resolve) => {
    const listening = createServer().listen(`${path}.tmp`, () => resolve(listening));
  });
  await link(`${path}.tmp`, path);
  await new Promise((resolve) => server.close(resolve));
  await unlink(`${path}.tmp`).catch(() => {});
  expect((await stat(path)).isSocket()).toBe(true);
}

/** One unary call written by hand, because grpc-js compresses only what it chose itself. Resolves to grpc-status. */
async function rawGrpc(address: string, payload: Buffer, encoding: string): Promise<number> {
  const session = connectHttp2(`http://${address}`);
  const frame = Buffer.alloc(5);
  frame.writeUInt8(1, 0); // compressed
  frame.writeUInt32BE(payload.length, 1);
  try {
    return await new Promise<number>((resolve, reject) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': checkPath,
        'content-type': 'application/grpc',
        te: 'trailers',
        'grpc-encoding': encoding,
      });
      const settle = (headers: Record<string, unknown>) => {
        if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']));
      };
      stream.on('response', settle);
      stream.on('trailers', settle);
      stream.on('error', reject);
      stream.resume();
      stream.end(Buffer.concat([frame, payload]));
    });
  } finally {
    session.destroy();
  }
}

/** The states that `Watch` reports, one `next()` at a time, and `ended` at the end of the stream. */
function watchHealth(client: Client): { next(): Promise<string> } {
  const { Watch } = healthService as Record<string, (typeof healthService)[string]>;
  const stream = client.makeServerStreamRequest(
    '/grpc.health.v1.Health/Watch',
    () => Buffer.from(Watch?.requestSerialize({ service: '' }) ?? []),
    (bytes: Buffer) => servingStatus(Watch?.responseDeserialize(bytes)),
    {},
  );
  const seen: string[] = [];
  let wake = Promise.withResolvers<void>();
  const push = (state: string) => {
    seen.push(state);
    wake.resolve();
    wake = Promise.withResolvers();
  };
  stream.on('data', push);
  stream.on('error', (error: ServiceError) => push(`error ${error.code}`));
  stream.on('end', () => push('ended'));
  return {
    async next() {
      while (seen.length === 0) await wake.promise;
      return seen.shift() ?? '';
    },
  };
}
