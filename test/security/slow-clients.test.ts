import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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

beforeAll(async () => {
  world = await startWorld({ store: 'memory' });
  const listen = world.configs[0]?.['listen'];
  const portOf = (name: string) => Number(listen[name].split(':')[1]);
  ports = { envoy: world.port, http: portOf('http'), ops: portOf('ops'), authz: portOf('authz') };
  client = checkClient(listen.authz);
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

describe('G3 clients that are slow, or silent', () => {
  const many = 40;
  const rude: RudeConnection[] = [];
  let before: ReadonlyMap<string, number>;

  const open = (port: number, first: string, drip = '') =>
    void rude.push(...Array.from({ length: many }, () => openSlow(port, first, drip)));

  // All at once: the time that servers allow them passes while the other cases run.
  beforeAll(async () => {
    before = await residentMemory(world);
    for (const listener of listeners) {
      open(ports[listener], 'GET /public/a', 'a');
      open(ports[listener], 'GET /_auth/userinfo HTTP/1.1\r\nHost: x\r\n', 'x-header: value\r\n');
    }
    const post = (path: string, type: string) => request(`POST ${path}`, type, 'Content-Length: 32000');
    for (const path of ['/_auth/callback', '/_auth/logout', '/_auth/backchannel-logout']) {
      for (const port of [ports.envoy, ports.http]) {
        // Almost the whole body, and then a byte now and then.
        open(port, `${post(path, form)}${'a'.repeat(31_000)}`, 'a');
        open(port, post(path, 'Content-Type: text/plain'), 'a');
      }
    }
    open(ports.ops, request('POST /metrics', form, 'Content-Length: 1000'), 'a');
    for (const port of [ports.http, ports.ops]) open(port, '');
    // These two keep silent connections: Envoy for a next request, gRPC for as long as they answer its pings.
    for (const port of [ports.envoy, ports.authz]) for (let n = 0; n < many; n += 1) openSlow(port, '');
  });

  afterAll(async () => {
    await until('all were cut off', () => rude.every(({ isEnded }) => isEnded), { deadlineMs: 45_000 });
    expect(await grownBeyond(64, before, world)).toEqual([]);
  });

  it('do not keep others from being served', async () => {
    for (let round = 0; round < 10; round += 1) await expectServing();
  });
});

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
    expect(await grownBeyond(64, before, world)).toEqual([]);
    expect(world.upstream.requests).toEqual([]);
  });
});

describe('G3 two lengths for one body', () => {
  const smuggled = 'GET /public/smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
  const asChunks = `0\r\n\r\n${smuggled}`;
  const asLength = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;

  it.each<[string, readonly string[], string]>([
    ['Content-Length, then chunks', [`Content-Length: ${asChunks.length}`, 'Transfer-Encoding: chunked'], asChunks],
    ['chunks, then Content-Length', ['Transfer-Encoding: chunked', 'Content-Length: 4'], asLength],
    ['chunks in another spelling', [`Content-Length: ${asChunks.length}`, 'Transfer-Encoding: xchunked'], asChunks],
    ['chunks by a tab', [`Content-Length: ${asChunks.length}`, 'Transfer-Encoding:\tchunked'], asChunks],
    ['chunks before a colon with a blank', ['Content-Length: 4', 'Transfer-Encoding : chunked'], asLength],
    ['chunks on a folded line', ['Content-Length: 4', 'Transfer-Encoding:', ' chunked'], asLength],
    ['chunks after another coding', ['Transfer-Encoding: identity', 'Transfer-Encoding: chunked'], asLength],
    ['chunks that are not the last coding', ['Transfer-Encoding: chunked, identity'], asLength],
    ['two lengths', ['Content-Length: 0', `Content-Length: ${smuggled.length}`], smuggled],
    ['a list of lengths', [`Content-Length: 0, ${smuggled.length}`], smuggled],
    ['a length with a sign', ['Content-Length: +0'], smuggled],
    ['a negative length', ['Content-Length: -1'], smuggled],
    ['a hexadecimal length', ['Content-Length: 0x0'], smuggled],
    ['a chunk of a size that overflows', ['Transfer-Encoding: chunked'], `10000000000000000\r\n${asChunks}`],
    ['a chunk of a negative size', ['Transfer-Encoding: chunked'], `-1\r\n${asChunks}`],
  ])('%s: refused, and the connection ends', async (_, headers, body) => {
    for (const [listener, path] of [
      ['envoy', '/public/outer'],
      ['envoy', '/_auth/logout'],
      ['http', '/_auth/logout'],
      ['ops', '/metrics'],
    ] as const) {
      const connection = openSlow(ports[listener], request(`POST ${path}`, ...headers) + body);
      await until('it was ended', () => connection.isEnded);
      console.log(_, listener, path, answersIn(connection.received), statusOf(connection.received));
      expect([listener, answersIn(connection.received)]).toEqual([listener, 1]);
      expect([400, 501]).toContain(statusOf(connection.received));
    }
    expect(world.upstream.requests).toEqual([]);
  });
});
