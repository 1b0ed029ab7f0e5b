import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Backend, envoyArguments } from './environment.ts';
import { beforeItEnds, startProcess } from './process.ts';
import { startRedisServerOn } from './redis-server.ts';
import { tempFolder } from './temp-folder.ts';
import { toolPath } from './tools.ts';
import { until } from './until.ts';

/** The binaries that the set-up installed. */
export const localBackend = {
  name: 'local',

  async startEnvoy(bootstrapYaml) {
    const config = join(await tempFolder(), 'envoy.yaml');
    await writeFile(config, bootstrapYaml);
    const running = startProcess({ name: 'envoy', command: toolPath('envoy'), args: envoyArguments(config) });
    const serves = until('Envoy serves', () => running.output().includes('starting workers'));
    await beforeItEnds('envoy', running, serves);
    return { pid: running.pid, output: running.output, stop: async () => void (await running.stop()) };
  },

  async startRedisNode(options) {
    const server = await startRedisServerOn(options);
    return {
      port: server.port,
      url: server.url,
      get pid() {
        return server.pid;
      },
      stop: server.stop,
      start: () => server.start(),
      pause: async () => server.pause(),
      resume: async () => server.resume(),
    };
  },
} satisfies Backend;
