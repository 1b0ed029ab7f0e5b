import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backend, RedisHandle } from './environment.ts';
import { freePort } from './ports.ts';
import { beforeItEnds, type RunningProcess, startProcess } from './process.ts';
import { tempFolder } from './temp-folder.ts';
import { toolPath } from './tools.ts';
import { until } from './until.ts';

/** The binaries that the set-up installed. */
export const localBackend: Backend = {
  name: 'local',

  async startEnvoy(bootstrapYaml) {
    const folder = await tempFolder();
    const config = join(folder, 'envoy.yaml');
    await writeFile(config, bootstrapYaml);
    const running = startProcess({
      name: 'envoy',
      command: toolPath('envoy'),
      // One worker: one connection to the check, as in a sidecar. No hot restart: many run side by side.
      args: ['--config-path', config, '--concurrency', '1', '--disable-hot-restart', '--log-level', 'info'],
    });
    await beforeItEnds(
      'envoy',
      running,
      until('Envoy serves', () => /starting main dispatch loop|all clusters initialized/.test(running.output())),
    );
    await beforeItEnds(
      'envoy',
      running,
      until('Envoy listens', () => /all dependencies initialized. starting workers/.test(running.output())),
    );
    return { output: running.output, stop: async () => void (await running.stop()) };
  },

  async startRedis() {
    const port = await freePort();
    let running = await startRedisServer(port);
    const handle: RedisHandle = {
      port,
      url: `redis://127.0.0.1:${port}`,
      stop: async () => void (await running.stop('SIGKILL')),
      start: async () => {
        running = await startRedisServer(port);
      },
      pause: async () => running.signal('SIGSTOP'),
      resume: async () => running.signal('SIGCONT'),
    };
    return handle;
  },
};

async function startRedisServer(port: number): Promise<RunningProcess> {
  const folder = await tempFolder();
  const running = startProcess({
    name: 'redis-server',
    command: toolPath('redis'),
    args: ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
  });
  await beforeItEnds(
    'redis-server',
    running,
    until('Redis is ready', () => running.stdout().includes('Ready to accept connections')),
  );
  return running;
}
