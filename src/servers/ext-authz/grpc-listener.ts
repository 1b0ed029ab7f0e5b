import { type handleUnaryCall, logVerbosity, Server, ServerCredentials, setLogVerbosity, status } from '@grpc/grpc-js';
import type { Seconds } from '../../core/time.ts';
import { AuthorizationDefinition } from '../../gen/envoy/service/auth/v3/external_auth.ts';
import { type Address, addressText } from '../address.ts';
import type { MutualTls } from '../mutual-tls.ts';
import { removeStaleSocket, restrictSocket } from '../unix-socket.ts';
import type { Check } from './check.ts';
import { addHealth } from './health.ts';
import { renewableCredentials } from './renewable-credentials.ts';

export interface ExtAuthzOptions {
  readonly address: Address;
  readonly tls: MutualTls | undefined;
}

export interface ExtAuthzListener {
  /** `host:port`, with the port that the system chose where it was 0, or `unix:/path`. */
  readonly address: string;
  /**
   * Another certificate, and perhaps other client authorities, from the next handshake on. Connections that were made
   * under other authorities are asked to end, and have `limit` for the calls on them. Throws for unusable PEM.
   */
  renewTls(tls: MutualTls, limit: Seconds): void;
  /** Health says NOT_SERVING; checks are still answered, for clients that have not looked yet. */
  drain(): void;
  /** Drains, takes no new calls, answers those in flight, for `limit` at most. Once; later calls wait for the first. */
  close(limit: Seconds): Promise<void>;
}

/**
 * Room for a request's headers, which Envoy limits itself (60 KiB unless configured otherwise). gRPC applies
 * it to the message before and after decompression, so that a small one cannot become a large one (G1).
 */
const maxMessageBytes = 512 * 1024;

const serverOptions = {
  'grpc.max_receive_message_length': maxMessageBytes,
  // Envoy opens one connection for each of its workers; a second opens when this many checks wait on the first.
  'grpc.max_concurrent_streams': 2000,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.enable_channelz': 0,
};

/** Serves the check over gRPC, with grpc.health.v1 beside it. Rejects when the address cannot be used. */
export async function listenExtAuthz(options: ExtAuthzOptions, check: Check): Promise<ExtAuthzListener> {
  const { address } = options;
  // grpc-js writes lines of its own to standard error; what they say also comes to us as errors.
  setLogVerbosity(logVerbosity.NONE);
  const server = new Server(serverOptions);
  server.addService({ check: checkMethod }, { check: unaryCall(check) });
  const health = addHealth(server);
  if (address.kind === 'unix') await removeStaleSocket(address.path);
  let { tls } = options;
  const renewable = tls && renewableCredentials(tls);
  const port = await bind(server, addressText(address), renewable?.credentials ?? ServerCredentials.createInsecure());
  const boundAddress = addressText(address.kind === 'tcp' ? { ...address, port } : address);
  if (address.kind === 'unix') await restrictSocket(address.path);
  let closing: Promise<void> | undefined;
  return {
    address: boundAddress,
    renewTls(next, limit) {
      renewable?.renew(next);
      // GOAWAY: Envoy opens another connection, in whose handshake its certificate is looked at again.
      if (next.clientCa !== tls?.clientCa) server.drain(boundAddress, limit * 1000);
      tls = next;
    },
    drain: () => health.stopServing(),
    close(limit) {
      if (closing === undefined) {
        health.stopServing();
        health.endWatches();
        closing = shutDown(server, boundAddress, limit);
      }
      return closing;
    },
  };
}

/** Bytes in, bytes out: reading and writing messages belongs to the check, so that a defect there is a refusal. */
const checkMethod = {
  path: `/${AuthorizationDefinition.fullName}/${AuthorizationDefinition.methods.check.name}`,
  requestStream: false,
  responseStream: false,
  requestSerialize: (message: Buffer) => message,
  requestDeserialize: (message: Buffer) => message,
  responseSerialize: (message: Buffer) => message,
  responseDeserialize: (message: Buffer) => message,
} as const;

function unaryCall(check: Check): handleUnaryCall<Buffer, Buffer> {
  return (call, answer) => {
    check(call.request).then(
      (response) => answer(null, Buffer.from(response.buffer, response.byteOffset, response.byteLength)),
      // A check does not reject; if it did, an RPC error is a refusal to Envoy as well (status_on_error).
      () => answer({ code: status.INTERNAL, details: 'the check failed' }),
    );
  };
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

/** `address` has the real port. */
function shutDown(server: Server, address: string, limit: Seconds): Promise<void> {
  // GOAWAY to every connection now; those that still have calls after the limit are cut. forceShutdown() would
  // cut none of them: grpc-js 1.14 knows the connections only while channelz is on.
  server.drain(address, limit * 1000);
  return new Promise((resolve) => {
    // An error says only that a connection had ended by itself.
    server.tryShutdown(() => resolve());
  });
}
