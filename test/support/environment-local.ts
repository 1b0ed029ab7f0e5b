import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { EnvoyOptions, FaultyServer, RedisOptions } from './environment.ts';
import { beforeItEnds, type RunningProcess, startProcess } from './process.ts';
import { tempFolder } from './temp-folder.ts';
import { toolPath } from './tools.ts';
import { until } from './until.ts';

export async function startLocalRedis({ port, args = [] }: RedisOptions): Promise<FaultyServer> {
  const folder = await tempFolder();
  const settings = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', ''];
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always'];
  return faultyProcess(port, 'redis-server', toolPath('redis'), [...settings, ...durable, ...args]);
}

export async function startLocalEnvoy({ config, port }: EnvoyOptions): Promise<FaultyServer> {
  const file = join(await tempFolder(), 'envoy.yaml');
  await writeFile(file, config);
  const quietly = ['--log-level', 'warning', '--concurrency', '1', '--disable-hot-restart'];
  return faultyProcess(port, 'envoy', toolPath('envoy'), ['--config-path', file, ...quietly]);
}

async function faultyProcess(
  port: number,
  name: string,
  command: string,
  args: readonly string[],
): Promise<FaultyServer> {
  const start = async (): Promise<RunningProcess> => {
    const started = startProcess({ name, command, args });
    await beforeItEnds(
      name,
      started,
      until(`${name} takes connections on ${port}`, () => takesConnections(port)),
    );
    return started;
  };
  let running = await start();
  let earlier = '';
  return {
    port,
    output: async () => earlier + running.output(),
    pause: async () => running.signal('SIGSTOP'),
    resume: async () => running.signal('SIGCONT'),
    stop: async () => void (await running.stop()),
    start: async () => {
      earlier += running.output();
      running = await start();
    },
  };
}

/** Whether somebody listens on a port of 127.0.0.1. */
export async function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
