import { setTimeout as pause } from 'node:timers/promises';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { atEnd } from '../support/ends.ts';
import { type HealWorld, startHealWorld } from './heal-world.ts';

// gRPC through the heal chain to a workload that speaks HTTP/2: a refusal without a message is HTTP 200 with the
// status among the headers.

let world: HealWorld;
let client: Client;
let calls: readonly Buffer[] = [];
/** Headers of the workload's refusal. */
let challenge: string | undefined;

const bytes = (value: Buffer) => value;
const types = {
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
};

beforeAll(async () => {
  const server = new Server();
  const refusal = (metadata: Metadata) => {
    if (metadata.get('authorization')[0] !== 'Bearer token-0') return undefined;
    const refused = new Metadata();
    if (challenge !== undefined) refused.set('www-authenticate', challenge);
    return { code: status.UNAUTHENTICATED, details: 'token refused', metadata: refused };
  };
  const unary = (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
    calls = [...calls, call.request];
    const refused = refusal(call.metadata);
    if (refused !== undefined) return answer(refused);
    const trailers = new Metadata();
    trailers.set('x-trailer', 'kept');
    answer(null, call.request, trailers);
  };
  const bidi = (call: ServerDuplexStream<Buffer, Buffer>) => {
    calls = [...calls, Buffer.alloc(0)];
    const refused = refusal(call.metadata);
    if (refused !== undefined) return void call.emit('error', refused);
    call.on('data', (message: Buffer) => call.write(message));
    call.on('end', () => {
      const trailers = new Metadata();
      trailers.set('x-trailer', 'kept');
      call.end(trailers);
    });
  };
  const method = (path: string, streams: boolean) => ({
    ...types,
    path,
    requestStream: streams,
    responseStream: streams,
  });
  const [service, plain] = ['/api.Echo', '/other.Echo'].map((name) => ({
    unary: method(`${name}/Unary`, false),
    bidi: method(`${name}/Bidi`, true),
  }));
  if (service === undefined || plain === undefined) throw new Error('two services');
  server.addService(service, { unary, bidi });
  server.addService(plain, { unary, bidi });
  server.addService({ any: method('/any.Echo/Unary', false) }, { any: unary });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  atEnd(async () => server.forceShutdown());
  const routes =
    '[{path: {exact: /api.Echo/Unary}}, {path: {prefix: /api.Echo}}, {path: {prefix: /any.Echo}, when: any}]';
  world = await startHealWorld({ workload: port, envoy: `workloadProtocol: http2, heal: {routes: ${routes}}` });
  client = new Client(`localhost:${world.port}`, credentials.createInsecure());
  atEnd(async () => client.close());
});

beforeEach(() => {
  world.reset();
  calls = [];
  challenge = 'Bearer error="invalid_token"';
});

interface Answered {
  readonly code: number;
  readonly details: string;
  readonly message: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
}

function unaryCall(path: string, message: Buffer): Promise<Answered> {
  return new Promise((resolve) => {
    let result: Buffer | undefined;
    const call = client.makeUnaryRequest(path, bytes, bytes, message, (_error, value) => {
      result = value;
    });
    call.on('status', ({ code, details, metadata }) => {
      // After the callback, which has the message.
      setImmediate(() => resolve({ code, details, message: result?.toString(), metadata: metadata.getMap() }));
    });
  });
}

describe('a unary call', () => {
  it('whose token is refused is made again, message and trailers whole', async () => {
    const message = Buffer.from('m'.repeat(200_000));
    const answer = await unaryCall('/api.Echo/Unary', message);
    expect(answer).toMatchObject({ code: status.OK, metadata: { 'x-trailer': 'kept' } });
    expect(answer.message === message.toString()).toBe(true);
    expect(calls.map((each) => each.equals(message))).toEqual([true, true]);
    expect(world.refreshes()).toBe(1);
  });

  it.each([
    ['of a plain route', '/other.Echo/Unary', 'Bearer error="invalid_token"'],
    ['without a challenge', '/api.Echo/Unary', undefined],
    ['with another challenge', '/api.Echo/Unary', 'Bearer error="insufficient_scope"'],
  ])('%s goes to the client as it is', async (_, path, sent) => {
    challenge = sent;
    const answer = await unaryCall(path, Buffer.from('x'));
    expect(answer).toMatchObject({ code: status.UNAUTHENTICATED, details: 'token refused' });
    expect(answer.metadata).not.toHaveProperty('x-sallyport-retry');
    expect([calls.length, world.refreshes()]).toEqual([1, 0]);
  });

  it('without a challenge is made again where every 401 counts', async () => {
    challenge = undefined;
    expect(await unaryCall('/any.Echo/Unary', Buffer.from('x'))).toMatchObject({ code: status.OK, message: 'x' });
  });

  it('that Sallyport refuses is not made at all', async () => {
    world.check.answerWith(() => ({ kind: 'reply', status: 401, headers: [['grpc-status', '16']], body: '' }));
    expect(await unaryCall('/any.Echo/Unary', Buffer.from('x'))).toMatchObject({ code: status.UNAUTHENTICATED });
    expect(world.check.seen).toHaveLength(1);
    expect(calls).toEqual([]);
  });
});

describe('a stream in both directions', () => {
  it('begins after one refresh, and carries messages and trailers for as long as it lasts', async () => {
    const call = client.makeBidiStreamRequest('/api.Echo/Bidi', bytes, bytes);
    const received: string[] = [];
    call.on('data', (message: Buffer) => received.push(message.toString()));
    const ended = new Promise<Answered>((resolve) =>
      call.on('status', ({ code, details, metadata }) =>
        resolve({ code, details, message: undefined, metadata: metadata.getMap() }),
      ),
    );
    call.on('error', () => undefined); // told by the status
    for (let count = 0; count < 12; count += 1) {
      call.write(Buffer.from(String(count)));
      await expect.poll(() => received.length).toBe(count + 1);
      await pause(300);
    }
    call.end();
    expect(await ended).toMatchObject({ code: status.OK, metadata: { 'x-trailer': 'kept' } });
    expect([calls.length, world.refreshes()]).toEqual([2, 1]);
  });
});
