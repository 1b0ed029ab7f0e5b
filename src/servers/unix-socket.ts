import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';

/**
 * Makes way for a server at `path`: removes the socket that a process left when it was killed. Throws when
 * somebody listens there, or when the file is no socket, so that a wrong path in the configuration deletes nothing.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const file = await lstat(path).catch(ignoreMissing);
  if (file === undefined) return;
  if (!file.isSocket()) throw new Error(`${path} exists and is not a socket`);
  if (await isListening(path)) throw new Error(`another process listens on ${path}`);
  await unlink(path).catch(ignoreMissing);
}

/** Owner and group may connect, nobody else: whoever can call the check can obtain tokens. */
export async function restrictSocket(path: string): Promise<void> {
  await chmod(path, 0o660);
}

function isListening(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    // A refused connection is the mark of a dead socket; any other error (EACCES) means that somebody's is there.
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
