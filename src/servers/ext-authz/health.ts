import type { handleServerStreamingCall, Server, ServerWritableStream } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { AuthorizationDefinition } from '../../gen/envoy/service/auth/v3/external_auth.ts';

/** grpc.health.v1 for this server. */
export interface Health {
  /** NOT_SERVING from now on; Envoy and the kubelet stop choosing this process. */
  stopServing(): void;
  /** Ends the streams of `Watch`, which would keep the server from closing. */
  endWatches(): void;
}

/** The server as a whole (empty name) and the one service it has. */
const serviceNames = ['', AuthorizationDefinition.fullName] as const;

/** Registers the health service; it says SERVING until told otherwise. */
export function addHealth(server: Server): Health {
  const health = new HealthImplementation(Object.fromEntries(serviceNames.map((name) => [name, 'SERVING'])));
  const watches = new Set<ServerWritableStream<unknown, unknown>>();
  health.addToServer({
    addService(definition, { watch, ...implementation }) {
      // Typed as any of gRPC's four kinds of method; this one streams its answers.
      const original = watch as unknown as handleServerStreamingCall<unknown, unknown>;
      const tracked = {
        ...implementation,
        watch(call: ServerWritableStream<unknown, unknown>) {
          watches.add(call);
          call.on('cancelled', () => watches.delete(call));
          original(call);
        },
      };
      server.addService(definition, tracked);
    },
  });
  return {
    stopServing() {
      for (const name of serviceNames) health.setStatus(name, 'NOT_SERVING');
    },
    endWatches() {
      for (const call of watches) call.end();
      watches.clear();
    },
  };
}
