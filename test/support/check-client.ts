import { connect } from 'node:http2';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { CheckResponse } from '../../src/gen/envoy/service/auth/v3/external_auth.ts';
import { atEnd } from './ends.ts';

export const checkPath = '/envoy.service.auth.v3.Authorization/Check';

/** What Envoy makes of an answer of the check. */
export type Answered =
  /** `status.code` is 0 or missing, whatever else the message says. */
  | { readonly kind: 'allowed' }
  | { readonly kind: 'denied'; readonly httpStatus: number; readonly headers: ReadonlyMap<string, string> }
  /** The call failed with a gRPC status, or without one (-1). */
  | { readonly kind: 'failed'; readonly code: number };

/** A gRPC client of a check, which sends any bytes in the place of a message. */
export interface CheckClient {
  check(message: Uint8Array): Promise<Answered>;
  /** Begins a check; its outcome may be cancelled. */
  begin(message: Uint8Array): { readonly answered: Promise<Answered>; cancel(): void };
  /** States of `grpc.health.v1.Health/Watch` in order, from now on; `ended` when the stream does. */
  watchHealth(): readonly string[];
}

/** Connects to `host:port`; closes with the test file. */
export function checkClient(address: string): CheckClient {
  const client = new Client(address, credentials.createInsecure(), { 'grpc.enable_retries': 0 });
  atEnd(async () => client.close());
  const begin = (message: Uint8Array) => {
    let cancel = () => {};
    const answered = new Promise<Answered>((resolve) => {
      const call = client.makeUnaryRequest(checkPath, identity, identity, Buffer.from(message), (error, response) => {
        resolve(error === null && response !== undefined ? answerOf(response) : failureOf(error));
      });
      cancel = () => call.cancel();
    });
    return { answered, cancel };
  };
  return {
    begin,
    check: (message) => begin(message).answered,
    watchHealth() {
      const states: string[] = [];
      const stream = client.makeServerStreamRequest(
        '/grpc.health.v1.Health/Watch',
        identity,
        identity,
        Buffer.alloc(0),
      );
      // HealthCheckResponse has one field, `status`: 1 SERVING, 2 NOT_SERVING.
      stream.on('data', (message: Buffer) => states.push(message[1] === 1 ? 'SERVING' : 'NOT_SERVING'));
      stream.on('error', () => states.push('failed'));
      stream.on('end', () => states.push('ended'));
      return states;
    },
  };
}

function identity(bytes: Buffer): Buffer {
  return bytes;
}

function failureOf(error: ServiceError | null): Answered {
  return { kind: 'failed', code: error?.code ?? -1 };
}

function answerOf(bytes: Uint8Array): Answered {
  const response = CheckResponse.decode(bytes);
  if ((response.status?.code ?? 0) === 0) return { kind: 'allowed' };
  const denied = response.httpResponse?.$case === 'deniedResponse' ? response.httpResponse.value : undefined;
  const headers = (denied?.headers ?? []).map(({ header }) => [header?.key ?? '', header?.value ?? ''] as const);
  return { kind: 'denied', httpStatus: denied?.status?.code ?? 0, headers: new Map(headers) };
}

export interface RawCall {
  /** Everything after the HTTP/2 headers, gRPC's own framing included. */
  readonly body: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A gRPC message frame: a flag for compression, the length, the message. Both can be made to lie. */
export function grpcFrame(message: Uint8Array, { length = message.length, flag = 0 } = {}): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/** One call written by hand, for what a gRPC client would not send. A stream that ends without a status is -1. */
export async function rawCall(address: string, { body, headers = {} }: RawCall): Promise<Answered> {
  const session = connect(`http://${address}`);
  session.on('error', () => undefined); // told by the stream
  try {
    return await new Promise<Answered>((resolve) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': checkPath,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      });
      const chunks: Buffer[] = [];
      let grpcStatus = -1;
      const note = (received: Record<string, unknown>) => {
        if (received['grpc-status'] !== undefined) grpcStatus = Number(received['grpc-status']);
      };
      stream.on('response', note);
      stream.on('trailers', note);
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', () => undefined); // 'close' follows
      stream.setTimeout(10_000, () => stream.close());
      stream.on('close', () => {
        const answer = Buffer.concat(chunks);
        // An error status beside a message is an error; a message without a status might still be believed.
        const isFailed = grpcStatus !== status.OK && (grpcStatus !== -1 || answer.length < 5);
        resolve(isFailed ? { kind: 'failed', code: grpcStatus } : answerOf(answer.subarray(5)));
      });
      stream.end(body);
    });
  } finally {
    session.destroy();
  }
}
