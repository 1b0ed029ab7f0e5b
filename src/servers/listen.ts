import type { FastifyInstance } from 'fastify';
import type { Address } from './address.ts';
import { removeStaleSocket, restrictSocket } from './unix-socket.ts';

/**
 * Has an HTTP server listen. Resolves to its port, which the kernel chose where it was 0; to undefined on a Unix
 * socket. Rejects when the address cannot be used.
 */
export async function listenAt(server: FastifyInstance, address: Address): Promise<number | undefined> {
  if (address.kind === 'unix') {
    await removeStaleSocket(address.path);
    await server.listen({ path: address.path });
    await restrictSocket(address.path);
  } else {
    await server.listen({ host: address.host, port: address.port });
  }
  const bound = server.server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : undefined;
}
