import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backend } from './environment.ts';
import { withFreePorts } from './ports.ts';
import { beforeItEnds, type RunningProcess, startProcess } from './process.ts';
import { redisArguments } from './redis-arguments.ts';
import { tempFolder } from './temp-folder.ts';
import { toolPath } from './tools.ts';
import { until } from './until.ts';

/** The binaries that the set-up installed. */
export const localBackend: Backend = {
  name: 'local',

  async startEnvoy(bootstrapYaml) {
    const config = join(await tempFolder(), 'envoy.yaml');
    await writeFile(config, bootstrapYaml);
    // One worker: one connection to the check, as in a sidecar. No hot restart: many run side by side.
    const args = [
      '--config-path',
      config,
      '--concurrency',
      '1',
      '--disable-hot-restart',
      '--log-level',
      'info',
      '--file-flush-interval-msec',
      '50',
    ];
    const running = startProcess({ name: 'envoy', command: toolPath('envoy'), args });
    const serves = until('Envoy serves', () => running.output().includes('starting workers'));
    await beforeItEnds('envoy', running, serves);
    return { pid: running.pid, output: running.output, stop: async () => void (await running.stop()) };
  },

  async startRedis(more) {
    const folder = await tempFolder();
    return withFreePorts(1, async ([port = 0]) => {
      const args = ['--dir', folder, ...redisArguments(port, more)];
      let running = await startRedisServer(args);
      return {
        port,
        url: `redis://127.0.0.1:${port}`,
        get pid() {
          return running.pid;
        },
        stop: async () => void (await running.stop('SIGKILL')),
        start: async () => {
          running = await startRedisServer(args);
        },
        pause: async () => running.signal('SIGSTOP'),
        resume: async () => running.signal('SIGCONT'),
      };
    });
  },
};

async function startRedisServer(args: readonly string[]): Promise<RunningProcess> {
  const running = startProcess({ name: 'redis-server', command: toolPath('redis'), args });
  const ready = until('Redis is ready', () => running.stdout().includes('Ready to accept connections'));
  await beforeItEnds('redis-server', running, ready);
  return running;
}
