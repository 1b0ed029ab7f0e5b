import { createServer } from 'node:net';
import { listenOnLoopback } from './listen.ts';

/**
 * A port of 127.0.0.1 that was free a moment ago. Another process may take it before it is used: whoever starts a
 * server on it must see that server say so, and try again (see {@link withFreePorts}).
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenOnLoopback(server);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** Starts something on fresh ports; again on others when somebody else took one of them in between. */
export async function withFreePorts<T>(count: number, start: (ports: readonly number[]) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const ports = await Promise.all(Array.from({ length: count }, freePort));
    try {
      return await start(ports);
    } catch (error) {
      if (attempt === 3 || !/EADDRINUSE|[Aa]ddress (already )?in use/.test(String(error))) throw error;
    }
  }
}
