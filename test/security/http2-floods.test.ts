import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { type CheckClient, checkClient, checkPath, grpcFrame } from '../support/check-client.ts';
import { checkMessage } from '../support/check-request.ts';
import { endHeaders, endStream, flood, frame, frameType, headerBlock, number32 } from '../support/http2-frames.ts';
import { grownBeyond, residentMemory } from '../support/memory.ts';
import { metricOf } from '../support/metrics.ts';
import { until } from '../support/until.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
let ports: Readonly<Record<'Envoy' | 'the check', number>>;
let client: CheckClient;
let question: Buffer;

beforeAll(async () => {
  world = await startWorld({ store: 'memory' });
  const { authz } = world.configs[0]?.['listen'] ?? {};
  ports = { Envoy: world.port, 'the check': Number(authz.split(':')[1]) };
  client = checkClient(authz);
  question = checkMessage({ host: world.host, path: '/public/flood', rawHeaders: [] });
});

afterEach(async () => {
  await expectHealthy(world);
  expect(await client.check(question)).toEqual({ kind: 'allowed' });
});

type Target = keyof typeof ports;

const targets = ['Envoy', 'the check'] as const;

/** The header block of a request that each target would take. */
function requestTo(target: Target): Buffer {
  const pseudo = { ':scheme': 'http', ':authority': world.host };
  if (target === 'Envoy') return headerBlock({ ...pseudo, ':method': 'GET', ':path': '/public/flood' });
  const call = { ...pseudo, ':method': 'POST', ':path': checkPath };
  return headerBlock({ ...call, 'content-type': 'application/grpc', te: 'trailers' });
}

/** A whole request on a stream. */
function exchange(target: Target, stream: number): Buffer {
  const head = (flags: number) => frame(frameType.headers, flags, stream, requestTo(target));
  if (target === 'Envoy') return head(endHeaders | endStream);
  return Buffer.concat([head(endHeaders), frame(frameType.data, endStream, stream, grpcFrame(question))]);
}

function* repeat(count: number, first: Uint8Array, more: Uint8Array): Generator<Uint8Array> {
  yield first;
  const batch = Buffer.concat(Array.from({ length: 1000 }, () => more));
  for (let sent = 0; sent < count; sent += 1000) yield batch;
}

/** As many requests, each followed at once by `after`. */
function* requests(count: number, target: Target, after: (stream: number) => Uint8Array): Generator<Uint8Array> {
  for (let sent = 0; sent < count; sent += 1) {
    const stream = 2 * sent + 1;
    yield Buffer.concat([exchange(target, stream), after(stream)]);
  }
}

/** A request whose headers go on without an end. */
function continuations(target: Target, more: Uint8Array): Generator<Uint8Array> {
  const first = frame(frameType.headers, endStream, 1, requestTo(target));
  return repeat(500_000, first, frame(frameType.continuation, 0, 1, more));
}

interface Flood {
  /** False: nothing that comes back is read. */
  readonly reads: boolean;
  readonly frames: (target: Target) => Generator<Uint8Array>;
}

const cancel = (stream: number) => frame(frameType.resetStream, 0, stream, number32(8));
/** A window that grows by nothing is an error, for which the server itself resets the stream (RFC 9113 §6.9). */
const zeroWindow = (stream: number) => frame(frameType.windowUpdate, 0, stream, number32(0));
const nothing = Buffer.alloc(0);

const rapidResets = 20_000;

const floods: readonly (readonly [string, Flood])[] = [
  ['rapid reset', { reads: true, frames: (target) => requests(rapidResets, target, cancel) }],
  ['rapid reset by one who does not read', { reads: false, frames: (target) => requests(rapidResets, target, cancel) }],
  [
    'resets that the server is made to send',
    { reads: true, frames: (target) => requests(rapidResets, target, zeroWindow) },
  ],
  ['CONTINUATION', { reads: true, frames: (target) => continuations(target, headerBlock({ a: 'a'.repeat(100) })) }],
  ['empty CONTINUATION', { reads: true, frames: (target) => continuations(target, nothing) }],
  [
    'empty DATA',
    {
      reads: true,
      frames: (target) =>
        repeat(500_000, frame(frameType.headers, endHeaders, 1, requestTo(target)), frame(frameType.data, 0, 1)),
    },
  ],
  // More answers than all buffers on the way hold.
  ['PING by one who does not read', { reads: false, frames: () => repeat(3_000_000, nothing, ping) }],
  ['SETTINGS by one who does not read', { reads: false, frames: () => repeat(3_000_000, nothing, settings) }],
];

const ping = frame(frameType.ping, 0, 0, Buffer.alloc(8));
const settings = frame(frameType.settings, 0, 0);

describe.each(targets)('G4 floods of HTTP/2 frames against %s', (target) => {
  it('are requests that it answers, one by one', async () => {
    const { answers, isEnded } = await flood(
      ports[target],
      requests(1, target, () => nothing),
    );
    await until('it was checked', async () => (await checksMade()) > 0);
    expect({ isEnded, resets: answers.get(frameType.resetStream) }).toEqual({ isEnded: false, resets: undefined });
  });

  it.each(floods)('%s: ends the connection, costs little, and others are served', async (_, { reads, frames }) => {
    const memory = await residentMemory(world);
    const checks = await checksMade();
    const alice = await world.logIn('/app');
    let isOver = false;
    const flooding = Promise.all(Array.from({ length: 3 }, () => flood(ports[target], frames(target), { reads })));
    const served = (async () => {
      let count = 0;
      for (; !isOver || count < 5; count += 1) {
        expect((await alice.send(`${world.origin}/app`)).status).toBe(200);
        expect(await client.check(question)).toEqual({ kind: 'allowed' });
      }
      return count;
    })();
    const ends = await flooding.finally(() => {
      isOver = true;
    });
    expect(ends.map(({ isEnded }) => isEnded)).toEqual([true, true, true]);
    const ownChecks = 2 * (await served) + 10;
    // Of 60,000 requests.
    expect((await checksMade()) - checks - ownChecks).toBeLessThan(6000);
    expect(await grownBeyond(128, memory, world)).toEqual([]);
  });
});

async function checksMade(): Promise<number> {
  const [replica] = world.replicas;
  if (replica === undefined) throw new Error('there is no replica');
  return await metricOf(replica, 'sallyport_checks_total');
}
