import { Redis } from 'ioredis';
import { freePort } from '../support/ports.ts';
import { beforeItEnds, type RunningProcess, startProcess } from '../support/process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { toolPath } from '../support/tools.ts';
import { until } from '../support/until.ts';

/** A redis-server of the test's own, which it may stop, pause and misconfigure. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** A plain client, to look and to change the configuration. */
  admin(): Redis;
  /** Kills it; the port stays free for {@link RedisServer.start}. */
  stop(): Promise<void>;
  /** Starts it again on the same port with the same data folder. */
  start(options?: RedisStart): Promise<void>;
  /** SIGSTOP: it stands still; the kernel goes on accepting connections for it. */
  pause(): void;
  resume(): void;
  /** Kills it and ends its clients. */
  close(): Promise<void>;
}

export interface RedisStart {
  readonly extra?: readonly string[];
  /** `loading`: do not wait until its data is loaded. */
  readonly until?: 'ready' | 'loading';
}

/** Starts a redis-server on a port of 127.0.0.1 that the kernel chose. */
export async function startRedisServer(args: readonly string[] = []): Promise<RedisServer> {
  const folder = await tempFolder();
  const clients: Redis[] = [];
  let port = await freePort();
  let running: RunningProcess | undefined;

  async function start(options: RedisStart = {}): Promise<void> {
    const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
    const server = startProcess({
      name: 'redis-server',
      command: toolPath('redis'),
      args: [...fixed, ...args, ...(options.extra ?? [])],
    });
    running = server;
    const line = options.until === 'loading' ? 'Server initialized' : 'Ready to accept connections';
    await beforeItEnds(
      'redis-server',
      server,
      until(line, () => server.stdout().includes(line)),
    );
  }

  async function stop(): Promise<void> {
    await running?.stop('SIGKILL');
    running = undefined;
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
    admin() {
      const client = new Redis({ port, retryStrategy: () => 20 });
      client.on('error', () => undefined);
      clients.push(client);
      return client;
    },
    start,
    stop,
    pause: () => running?.signal('SIGSTOP'),
    resume: () => running?.signal('SIGCONT'),
    async close() {
      for (const client of clients) client.disconnect();
      await stop();
    },
  };
}
