import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';

/** A redis-server of the test's own, which it may stop, pause and misconfigure. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** A plain client, to look and to change the configuration. Fails rather than waits. */
  admin(password?: string): Redis;
  /** Kills it; the port stays free for {@link start}. */
  stop(): Promise<void>;
  /** Starts it again on the same port; `ready` false: returns while it is still loading its data. */
  start(options?: { readonly extra?: readonly string[]; readonly ready?: boolean }): Promise<void>;
  /** SIGSTOP: it stands still; the kernel goes on accepting connections for it. */
  pause(): void;
  resume(): void;
  /** Kills it and removes its folder. */
  close(): Promise<void>;
}

/** Starts a redis-server on a port of 127.0.0.1 that the kernel chose. */
export async function startRedisServer(args: readonly string[] = []): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-'));
  const clients: Redis[] = [];
  let port = await freePort();
  let child: ChildProcess | undefined;

  async function start(options: { readonly extra?: readonly string[]; readonly ready?: boolean } = {}): Promise<void> {
    const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--daemonize', 'no'];
    const line = options.ready === false ? /Server initialized/ : /Ready to accept connections/;
    child = await launch([...fixed, ...args, ...(options.extra ?? [])], line);
  }

  async function stop(): Promise<void> {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, 'exit');
    running.kill('SIGKILL');
    await gone;
  }

  try {
    await start();
  } catch {
    // Somebody else took the port between our asking for it and Redis listening.
    port = await freePort();
    await start();
  }
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    admin(password) {
      const options = { port, retryStrategy: () => 20, ...(password === undefined ? {} : { password }) };
      const client = new Redis(options);
      client.on('error', () => undefined);
      clients.push(client);
      return client;
    },
    start,
    stop,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async close() {
      for (const client of clients) client.disconnect();
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when the log of the server shows `awaited`. */
async function launch(args: readonly string[], awaited: RegExp): Promise<ChildProcess> {
  const { REDIS_BIN: binary = 'redis-server' } = process.env;
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const log: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.push(line);
      if (awaited.test(line)) resolve();
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${binary} ended with ${code}:\n${log.join('\n')}`)));
  });
  return child;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
