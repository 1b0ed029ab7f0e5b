import { Redis } from 'ioredis';
import { withFreePorts } from './ports.ts';
import { beforeItEnds, type RunningProcess, startProcess } from './process.ts';
import { tempFolder } from './temp-folder.ts';
import { toolPath } from './tools.ts';
import { until } from './until.ts';

/** A redis-server of this machine that is the test's own: it may stop, pause and misconfigure it. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Undefined while it is stopped. */
  readonly pid: number | undefined;
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

/** Starts a redis-server on a port of 127.0.0.1 that was free. Unless `args` say otherwise it saves nothing. */
export async function startRedisServer(args: readonly string[] = []): Promise<RedisServer> {
  const folder = await tempFolder();
  const clients: Redis[] = [];
  let running: RunningProcess | undefined;

  async function startOn(port: number, options: RedisStart): Promise<void> {
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

  return await withFreePorts(1, async ([port = 0]) => {
    await startOn(port, {});
    return {
      port,
      url: `redis://127.0.0.1:${port}`,
      get pid() {
        return running?.pid;
      },
      admin() {
        const client = new Redis({ port, retryStrategy: () => 20 });
        client.on('error', () => undefined);
        clients.push(client);
        return client;
      },
      start: (options = {}) => startOn(port, options),
      stop,
      pause: () => running?.signal('SIGSTOP'),
      resume: () => running?.signal('SIGCONT'),
      async close() {
        for (const client of clients) client.disconnect();
        await stop();
      },
    };
  });
}
