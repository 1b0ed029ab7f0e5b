import { gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CheckRequest } from '../../src/gen/envoy/service/auth/v3/external_auth.ts';
import { expectHealthy } from '../support/aftermath.ts';
import { navigation } from '../support/browser-headers.ts';
import {
  type Answered,
  type CheckClient,
  checkClient,
  checkPath,
  grpcFrame,
  rawCall,
} from '../support/check-client.ts';
import { checkMessage } from '../support/check-request.ts';
import { metricOf } from '../support/metrics.ts';
import type { Handler } from '../support/provider.ts';
import { redisClient, sessionKeys } from '../support/redis-client.ts';
import { until } from '../support/until.ts';
import { startWorld, type World } from '../support/world.ts';

// Envoy is the only client that the check should ever have; here others write to its port.

let world: World;
let address: string;
let client: CheckClient;

beforeAll(async () => {
  world = await startWorld({
    store: 'redis',
    adjust: (config) => {
      // Every check asks the store: what happens then is the question.
      config['store'].cache = { maxSessions: 0 };
    },
  });
  address = world.configs[0]?.['listen'].authz;
  client = checkClient(address);
});

afterEach(async () => {
  await until('the replica is ready', async () => (await fetch(`${world.replicas[0]?.opsUrl}/readyz`)).ok);
  await expectHealthy(world);
  expect((await client.check(message('/public/after'))).kind).toBe('allowed');
});

const page = Object.entries(navigation);

/** A check of a GET on our host, as Envoy would ask for it. */
function message(path: string, more: readonly (readonly [string, string])[] = page): Buffer {
  const pseudo = [
    [':authority', world.host],
    [':path', path],
    [':method', 'GET'],
    [':scheme', 'http'],
  ] as const;
  return checkMessage({ host: world.host, path, rawHeaders: [...pseudo, ...more] });
}

/** The same with a session of alice's. */
async function messageOfAlice(path: string): Promise<Buffer> {
  const alice = await world.logIn(path);
  return message(path, [...page, ['cookie', alice.cookieHeader(world.origin)]]);
}

/** A refusal by which Envoy lets nothing through. */
function isRefusal(answered: Answered): boolean {
  return answered.kind === 'failed' || (answered.kind === 'denied' && answered.httpStatus >= 300);
}

async function expectRefused(answered: Promise<Answered>): Promise<void> {
  expect(await answered).toSatisfy(isRefusal);
}

describe('the oracle of G1 and G2', () => {
  it('sees what is allowed: a public path, and a session', async () => {
    expect(await client.check(message('/public/page'))).toEqual({ kind: 'allowed' });
    expect(await client.check(await messageOfAlice('/private'))).toEqual({ kind: 'allowed' });
    expect(await client.check(message('/private'))).toMatchObject({ kind: 'denied', httpStatus: 302 });
    expect(await rawCall(address, { body: grpcFrame(message('/public/page')) })).toEqual({ kind: 'allowed' });
  });
});

describe('G1 messages that are no CheckRequest', () => {
  it.each<[string, Uint8Array]>([
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(64)],
    ['a text', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')],
    ['a length that goes beyond the message', Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])],
    ['a varint without an end', Buffer.alloc(32, 0xff)],
    ['a field number of zero', Buffer.from([0x02, 0x01, 0x00])],
    ['a group that nobody closes', Buffer.from([0x0b])],
    ['a wire type that does not exist', Buffer.from([0x0f, 0x00])],
    ['attributes that are empty', Buffer.from([0x0a, 0x00])],
    ['100,000 messages in each other', Buffer.alloc(100_000, 0x0a)],
    ['a request without method, host and path', checkMessage({ method: '', path: '', host: '' })],
    ['an answer in place of a question', Buffer.from([0x0a, 0x02, 0x08, 0x00, 0x1a, 0x00])],
  ])('%s: an error or a refusal', async (_, bytes) => {
    await expectRefused(client.check(bytes));
    await expectRefused(rawCall(address, { body: grpcFrame(bytes) }));
  });

  it('a request for a public page, cut at any byte', async () => {
    // Without the headers it is short enough to try all, and its last field is the path.
    const whole = message('/public/page', []);
    for (let length = 0; length < whole.length; length += 1) {
      expect(await client.check(whole.subarray(0, length)), `cut at ${length}`).toSatisfy(isRefusal);
    }
    expect(await client.check(whole)).toEqual({ kind: 'allowed' });
  });

  it('a message of 600 kB is not read', async () => {
    const huge = message('/public/page', [...page, ['x-filler', 'a'.repeat(600_000)]]);
    expect(await client.check(huge)).toEqual({ kind: 'failed', code: status.RESOURCE_EXHAUSTED });
  });
});

describe('G1 frames that lie', () => {
  it.each<[string, (sound: Buffer) => { body: Uint8Array; headers?: Record<string, string> }]>([
    ['no frame at all', () => ({ body: Buffer.alloc(0) })],
    ['half a frame head', (sound) => ({ body: grpcFrame(sound).subarray(0, 3) })],
    ['a frame that ends before its length', (sound) => ({ body: grpcFrame(sound).subarray(0, 40) })],
    ['a length that is longer than the message', (sound) => ({ body: grpcFrame(sound, { length: sound.length + 9 }) })],
    [
      'a length that is shorter than the message',
      (sound) => ({ body: grpcFrame(sound, { length: sound.length - 9 }) }),
    ],
    ['a length of 4 GiB', (sound) => ({ body: grpcFrame(sound, { length: 0xff_ff_ff_ff }) })],
    [
      'a compression that is none',
      (sound) => ({ body: grpcFrame(sound, { flag: 1 }), headers: { 'grpc-encoding': 'gzip' } }),
    ],
    [
      'a compression that nobody knows',
      (sound) => ({ body: grpcFrame(sound, { flag: 1 }), headers: { 'grpc-encoding': 'br' } }),
    ],
    [
      'gzip that was cut short',
      (sound) => ({
        body: grpcFrame(gzipSync(sound).subarray(0, -12), { flag: 1 }),
        headers: { 'grpc-encoding': 'gzip' },
      }),
    ],
    ['another content type', (sound) => ({ body: grpcFrame(sound), headers: { 'content-type': 'application/json' } })],
    ['another method of the service', (sound) => ({ body: grpcFrame(sound), headers: { ':path': `${checkPath}s` } })],
  ])('%s: an error', async (_, forge) => {
    // A request that would be allowed if its frame were sound.
    expect((await rawCall(address, forge(message('/public/page')))).kind).not.toBe('allowed');
  });

  it('256 MiB that came as 256 kB are not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024));
    const before = await residentBytes();
    const headers = { 'grpc-encoding': 'gzip' };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => rawCall(address, { body: grpcFrame(bomb, { flag: 1 }), headers })),
    );
    expect(answers).toEqual(answers.map(() => ({ kind: 'failed', code: status.RESOURCE_EXHAUSTED })));
    expect((await residentBytes()) - before).toBeLessThan(128 * 1024 * 1024);
  });
});

async function residentBytes(): Promise<number> {
  const [replica] = world.replicas;
  if (replica === undefined) throw new Error('there is no replica');
  const bytes = await metricOf(replica, 'process_resident_memory_bytes');
  expect(bytes).toBeGreaterThan(0);
  return bytes;
}

describe('G2 whatever goes wrong inside a check', () => {
  it('2,000 mutations of a refused request: never allowed, unless they name a public page', async () => {
    const seeds = [message('/private/page'), message('/denied/page', []), message('/private', [['cookie', 'a=b']])];
    const mutation = fc.record({
      seed: fc.constantFrom(...seeds),
      edits: fc.array(
        fc.record({
          at: fc.double({ min: 0, max: 1, noNaN: true }),
          with: fc.uint8Array({ maxLength: 4 }),
          drops: fc.nat(4),
        }),
        { minLength: 1, maxLength: 6 },
      ),
    });
    const property = fc.asyncProperty(mutation, async ({ seed, edits }) => {
      const bytes = edits.reduce<Buffer>((text, edit) => {
        const at = Math.floor(edit.at * text.length);
        return Buffer.concat([text.subarray(0, at), edit.with, text.subarray(at + edit.drops)]);
      }, seed);
      const answered = await client.check(bytes);
      if (answered.kind === 'allowed') expect(pathsOf(bytes)).toContain('/public');
    });
    await fc.assert(property, { numRuns: 2000 });
  });

  it('a provider that fails in every way: a login is refused with 503', async () => {
    world.provider.answer('discovery', (_, response) => response.destroy());
    await world.restart(0, (config) => {
      config['providers'].test.requestTimeout = '1s';
    });
    for (const failure of discoveryFailures) {
      world.provider.answer('discovery', failure);
      // A failure is remembered for a second; every answer until the next question is a refusal too.
      const asked = world.provider.count('discovery');
      await until('the provider was asked again', async () => {
        expect(await client.check(message('/private/page'))).toMatchObject({ kind: 'denied', httpStatus: 503 });
        return world.provider.count('discovery') > asked;
      });
    }
    world.provider.reset();
    await until('a login can begin', async () => {
      const answered = await client.check(message('/private/page'));
      return answered.kind === 'denied' && answered.httpStatus === 302;
    });
  });

  it('a store that answers with errors: refused with 503, and nothing of the session is lost', async () => {
    const redis = redisClient(world);
    const question = await messageOfAlice('/private');
    const keys = await sessionKeys(redis);
    for (const key of keys) {
      await redis.rename(key, `kept:${key}`);
      await redis.set(key, 'a text in the place of a hash'); // WRONGTYPE
    }
    expect(await client.check(question)).toMatchObject({ kind: 'denied', httpStatus: 503 });
    for (const key of keys) await redis.rename(`kept:${key}`, key);
    expect(await client.check(question)).toEqual({ kind: 'allowed' });
  });

  it('a store that stops in the middle of 100 checks: all refused with 503 inside the deadline', async () => {
    const question = await messageOfAlice('/private');
    await world.redis?.pause();
    const started = performance.now();
    try {
      const answers = await Promise.all(Array.from({ length: 100 }, () => client.check(question)));
      expect(answers.filter((each) => each.kind !== 'denied' || each.httpStatus !== 503)).toEqual([]);
      expect(performance.now() - started).toBeLessThan(3000);
    } finally {
      await world.redis?.resume();
    }
    await until('the session works again', async () => (await client.check(question)).kind === 'allowed');
  });

  it('a caller that gives up in the middle of 100 checks: the checks end, the process goes on', async () => {
    const question = await messageOfAlice('/private');
    await world.redis?.pause();
    try {
      const calls = Array.from({ length: 100 }, () => client.begin(question));
      const sent = client.begin(message('/public/sent-after-all-of-them')).answered;
      expect(await sent).toEqual({ kind: 'allowed' });
      for (const call of calls) call.cancel();
      const answers = await Promise.all(calls.map((call) => call.answered));
      expect(answers.every((each) => each.kind === 'failed' && each.code === status.CANCELLED)).toBe(true);
    } finally {
      await world.redis?.resume();
    }
    await until('the session works again', async () => (await client.check(question)).kind === 'allowed');
    expect(world.replicas[0]?.logs().filter(({ event }) => event === 'side_service_failed')).toEqual([]);
  });
});

/** Ways in which the metadata of a provider can fail to come. */
const discoveryFailures: readonly Handler[] = [
  (_, response) => response.destroy(),
  (_, response) => response.writeHead(500).end(),
  (_, response) => response.end('null'),
  (_, response) => response.end('<html>'),
  (_, response) => response.end('{"issuer":"https://other.example.com"}'),
  () => {}, // never answers
];

/** Every path that a message names, if it can be read at all. */
function pathsOf(bytes: Uint8Array): string {
  const http = CheckRequest.decode(bytes).attributes?.request?.http;
  const raw = http?.headerMap?.headers.map(({ rawValue }) => Buffer.from(rawValue ?? []).toString('latin1')) ?? [];
  return [http?.path ?? '', ...raw].join('\n');
}
