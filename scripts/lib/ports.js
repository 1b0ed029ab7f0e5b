import { createServer } from 'node:net';
import { SetUpError } from './project.js';

/**
 * Refuses to start beside another program. Envoy would share a port with another Envoy without a word.
 *
 * @param {readonly number[]} ports
 * @throws {SetUpError} naming the first that is taken
 */
export async function demandFreePorts(ports) {
  for (const port of ports) {
    const taken = await new Promise((resolve) => {
      const server = createServer();
      server.on('error', () => resolve(true));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(false)));
    });
    if (taken) {
      throw new SetUpError(`port ${port} is taken by another program: end that program, then run this again`);
    }
  }
}

/** A port that was free a moment ago. @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
