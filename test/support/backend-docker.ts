// Written for machines with a Docker engine; where there is none, only its types are checked.
import { readFile } from 'node:fs/promises';
import type { StartedTestContainer } from 'testcontainers';
import { atEnd } from './ends.ts';
import { type Backend, envoyArguments } from './environment.ts';
import { readyLine } from './redis-server.ts';
import { until } from './until.ts';

/** As scripts/lib/envoy.js installs it. */
const envoyImage = 'envoyproxy/envoy:v1.40.0';
/** As compose.yaml has it. */
const redisImage = 'redis:7.4';

/** Official images through testcontainers, on the host's network: the ports are those of the configuration. */
export const dockerBackend: Backend = {
  name: 'docker',

  async startEnvoy(bootstrapYaml) {
    const file = '/etc/envoy/envoy.yaml';
    const files = [{ content: bootstrapYaml, target: file }];
    const { container, output } = await startContainer(envoyImage, envoyArguments(file), files, 'starting workers');
    return { pid: undefined, output, stop: async () => void (await container.stop()) };
  },

  async startRedisNode({ port, args, file, reads = [], isSentinel = false }) {
    // A folder that the server may write to, as it rewrites the file.
    const target = '/data/redis.conf';
    const written = file === undefined ? [] : [{ content: file, target, mode: 0o666 }];
    const copied = await Promise.all(
      reads.map(async (path) => ({ content: await readFile(path, 'utf8'), target: path, mode: 0o644 })),
    );
    const fixed = ['--port', String(port), '--bind', '127.0.0.1', ...(isSentinel ? ['--sentinel'] : ['--save', ''])];
    const command = ['redis-server', ...written.map((each) => each.target), ...fixed, ...args];
    const readyText = readyLine(isSentinel);
    const { container, output } = await startContainer(redisImage, command, [...written, ...copied], readyText);
    const { getContainerRuntimeClient } = await import('testcontainers');
    const engine = (await getContainerRuntimeClient()).container.getById(container.getId());
    return {
      port,
      url: `redis://127.0.0.1:${port}`,
      pid: undefined,
      stop: async () => void (await engine.kill()),
      start: async () => {
        const before = output().length;
        await engine.start();
        await until('Redis is ready', () => output().slice(before).includes(readyText));
      },
      pause: async () => void (await engine.pause()),
      resume: async () => void (await engine.unpause()),
    };
  },
};

async function startContainer(
  image: string,
  command: string[],
  files: { readonly content: string; readonly target: string; readonly mode?: number }[],
  readyText: string,
): Promise<{ readonly container: StartedTestContainer; readonly output: () => string }> {
  const { GenericContainer, Wait } = await import('testcontainers');
  let written = '';
  const container = await new GenericContainer(image)
    .withNetworkMode('host')
    .withCopyContentToContainer(files)
    .withCommand(command)
    .withLogConsumer((log) => {
      log.on('data', (chunk: Buffer | string) => {
        written += chunk.toString();
      });
    })
    .withWaitStrategy(Wait.forLogMessage(readyText))
    .start();
  atEnd(async () => void (await container.stop({ timeout: 0 })));
  return { container, output: () => written };
}
