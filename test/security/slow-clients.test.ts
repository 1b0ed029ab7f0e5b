import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { navigation } from '../support/browser-headers.ts';
import { type CheckClient, checkClient } from '../support/check-client.ts';
import { checkMessage } from '../support/check-request.ts';
import { grownBeyond, residentMemory } from '../support/memory.ts';
import { answersIn, openSlow, pour, type RudeConnection, statusOf } from '../support/rude-client.ts';
import { until } from '../support/until.ts';
import { startWorld, type World } from '../support/world.ts';

// Envoy is what clients reach. The side service and the ops listener are also tried directly: nobody should depend on
// who stands before them.

const listeners = ['envoy', 'http', 'ops'] as const;

type Listener = (typeof listeners)[number];

let world: World;
let ports: Readonly<Record<Listener | 'authz', number>>;
let client: CheckClient;
/** Clients that will not finish, of every kind; they are there while all cases run. */
const slow: RudeConnection[] = [];
let memoryBefore: ReadonlyMap<string, number>;

beforeAll(async () => {
  world = await startWorld({ store: 'memory' });
  const listen = world.configs[0]?.['listen'];
  const portOf = (name: string) => Number(listen[name].split(':')[1]);
  ports = { envoy: world.port, http: portOf('http'), ops: portOf('ops'), authz: portOf('authz') };
  client = checkClient(listen.authz);
  memoryBefore = await residentMemory(world);
  openSlowClients();
});

afterEach(() => expectServing());

/** All listeners answer, and the check does. */
async function expectServing(): Promise<void> {
  await expectHealthy(world);
  const pseudo = [
    [':authority', world.host],
    [':path', '/public/page'],
    [':method', 'GET'],
  ] as const;
  const question = checkMessage({ host: world.host, rawHeaders: [...pseudo, ...Object.entries(navigation)] });
  expect(await client.check(question)).toEqual({ kind: 'allowed' });
  expect((await fetch(`http://127.0.0.1:${ports.http}/healthz`)).status).toBe(200);
}

function request(line: string, ...headers: readonly string[]): string {
  return [`${line} HTTP/1.1`, `Host: ${world.host}`, ...headers, '', ''].join('\r\n');
}

const form = 'Content-Type: application/x-www-form-urlencoded';

describe('G3 bodies without an end', () => {
  const limit = 64 * 1024 * 1024;
  const piece = 'a'.repeat(65_536);
  const bodies = [
    ['Content-Length: 1000000000000', piece],
    ['Transfer-Encoding: chunked', `10000\r\n${piece}\r\n`],
  ] as const;
  const types = [form, 'Content-Type: application/json', 'X-No-Type: at-all'];

  // 0 and 503: a client that goes on sending may lose the answer of a server that goes on no longer.
  it.each<[Listener, string, readonly number[]]>([
    ['envoy', 'POST /private', [401]],
    ['envoy', 'POST /denied', [403]],
    ['envoy', 'POST /_auth/logout', [400, 503]],
    ['envoy', 'POST /_auth/callback', [400, 503]],
    ['envoy', 'POST /_auth/backchannel-logout', [400, 503]],
    ['http', 'POST /_auth/logout', [400, 0]],
    ['http', 'POST /_auth/callback', [400, 0]],
    ['http', 'POST /_auth/backchannel-logout', [400, 0]],
    ['http', 'GET /_auth/userinfo', [401, 0]],
    ['http', 'POST /nothing', [404, 400, 0]],
    ['http', 'GET /healthz', [200, 0]],
    ['ops', 'POST /healthz', [404, 503, 0]],
    ['ops', 'GET /metrics', [200, 0]],
  ])('%s: %s is answered without them, and ends the connection', async (listener, line, statuses) => {
    const before = await residentMemory(world);
    const attempts = bodies.flatMap(([length, endless]) =>
      types.map((type) => pour(ports[listener], request(line, type, length), endless, limit)),
    );
    for (const { received } of await Promise.all(attempts)) {
      expect(statuses).toContain(statusOf(received));
      expect(answersIn(received)).toBeLessThanOrEqual(1);
    }
    expect(await grownBeyond(128, before, world)).toEqual([]);
    expect(world.upstream.requests).toEqual([]);
  });
});

describe('G3 two lengths for one body', () => {
  const smuggled = 'GET /public/smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
  const inChunks = `0\r\n\r\n${smuggled}`;
  const inChunk = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;
  const length = `Content-Length: ${inChunks.length}`;
  const attempts: readonly (readonly [what: string, headers: readonly string[], body: string])[] = [
    ['a length, then chunks', [length, 'Transfer-Encoding: chunked'], inChunks],
    ['chunks, then a length', ['Transfer-Encoding: chunked', 'Content-Length: 4'], inChunk],
    ['chunks in another spelling', [length, 'Transfer-Encoding: xchunked'], inChunks],
    ['chunks after a tab', [length, 'Transfer-Encoding:\tchunked'], inChunks],
    ['a blank before the colon', ['Content-Length: 4', 'Transfer-Encoding : chunked'], inChunk],
    ['chunks on a folded line', ['Content-Length: 4', 'Transfer-Encoding:', ' chunked'], inChunk],
    ['chunks that are not the last coding', ['Transfer-Encoding: chunked, identity'], inChunk],
    ['two lengths', ['Content-Length: 0', `Content-Length: ${smuggled.length}`], smuggled],
    ['a list of lengths', [`Content-Length: 0, ${smuggled.length}`], smuggled],
    ['a length with a sign', ['Content-Length: +0'], smuggled],
    ['a negative length', ['Content-Length: -1'], smuggled],
    ['a hexadecimal length', ['Content-Length: 0x0'], smuggled],
    ['a chunk whose size overflows', ['Transfer-Encoding: chunked'], `10000000000000000\r\n${inChunks}`],
    ['a chunk of a negative size', ['Transfer-Encoding: chunked'], `-1\r\n${inChunks}`],
  ];

  it.each<[Listener, string]>([
    ['envoy', '/public/outer'],
    ['envoy', '/_auth/logout'],
    ['http', '/_auth/logout'],
    ['ops', '/metrics'],
  ])('%s: %s is refused with them, and nothing after it is read', async (listener, path) => {
    const connections = attempts.map(([what, headers, body]) => {
      return [what, openSlow(ports[listener], request(`POST ${path}`, ...headers) + body)] as const;
    });
    await until('all were ended', () => connections.every(([, { isEnded }]) => isEnded));
    for (const [what, { received }] of connections) {
      expect([what, answersIn(received)]).toEqual([what, 1]);
      expect([400, 501], what).toContain(statusOf(received));
    }
    expect(world.upstream.requests).toEqual([]);
  });
});

const many = 40;

function open(port: number, first: string, drip = ''): readonly RudeConnection[] {
  return Array.from({ length: many }, () => openSlow(port, first, drip));
}

function openSlowClients(): void {
  for (const listener of listeners) {
    slow.push(...open(ports[listener], 'GET /public/a', 'a'));
    slow.push(...open(ports[listener], 'GET /_auth/userinfo HTTP/1.1\r\nHost: x\r\n', 'x-header: value\r\n'));
  }
  const post = (path: string, type: string) => request(`POST ${path}`, type, 'Content-Length: 32000');
  for (const path of ['/_auth/callback', '/_auth/logout', '/_auth/backchannel-logout']) {
    for (const port of [ports.envoy, ports.http]) {
      // Almost the whole body, and then a byte now and then.
      slow.push(...open(port, `${post(path, form)}${'a'.repeat(31_000)}`, 'a'));
      slow.push(...open(port, post(path, 'Content-Type: text/plain'), 'a'));
    }
  }
  for (const port of [ports.http, ports.ops]) slow.push(...open(port, ''));
  // Not cut off: Envoy keeps silent connections for a next request, gRPC for as long as its pings are answered.
  for (const port of [ports.envoy, ports.authz]) open(port, '');
}

describe('G3 clients that are slow, or silent', () => {
  it('do not keep others from being served, and are cut off when their time is over', async () => {
    for (let round = 0; round < 10; round += 1) await expectServing();
    await until('all were cut off', () => slow.every(({ isEnded }) => isEnded), { deadlineMs: 45_000 });
    const statuses = new Set(slow.map(({ received }) => statusOf(received)));
    expect([400, 408]).toEqual(expect.arrayContaining([...statuses]));
    expect(await grownBeyond(128, memoryBefore, world)).toEqual([]);
  });
});
