// Not provable on a machine without a Docker engine: kept to what testcontainers documents.
import type { StartedTestContainer } from 'testcontainers';
import { atEnd } from './ends.ts';
import type { EnvoyOptions, FaultyServer, RedisOptions } from './environment.ts';
import { takesConnections } from './environment-local.ts';
import { until } from './until.ts';

const images = { redis: 'redis:7.4', envoy: 'envoyproxy/envoy:v1.40.0' };

export async function startDockerRedis({ port, args = [] }: RedisOptions): Promise<FaultyServer> {
  const settings = ['redis-server', '--bind', '127.0.0.1', '--port', String(port), '--save', ''];
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always'];
  return faultyContainer(port, images.redis, [...settings, ...durable, ...args], []);
}

export async function startDockerEnvoy({ config, port }: EnvoyOptions): Promise<FaultyServer> {
  const file = '/etc/envoy/envoy.yaml';
  const command = [
    'envoy',
    '--config-path',
    file,
    '--log-level',
    'warning',
    '--concurrency',
    '1',
    '--disable-hot-restart',
  ];
  return faultyContainer(port, images.envoy, command, [{ content: config, target: file }]);
}

/** On the host's network, as everything listens on loopback and ports are chosen by us. */
async function faultyContainer(
  port: number,
  image: string,
  command: string[],
  files: { content: string; target: string }[],
): Promise<FaultyServer> {
  // Imported here: the package does not load where only Node 20 is.
  const { GenericContainer, getContainerRuntimeClient } = await import('testcontainers');
  const container: StartedTestContainer = await new GenericContainer(image)
    .withNetworkMode('host')
    .withCommand(command)
    .withCopyContentToContainer(files)
    .start();
  atEnd(async () => void (await container.stop()));
  const { container: containers } = await getContainerRuntimeClient();
  const engine = containers.getById(container.getId());
  const ready = async () => void (await until(`${image} takes connections on ${port}`, () => takesConnections(port)));
  await ready();
  return {
    port,
    output: async () => {
      const log = await container.logs();
      let text = '';
      const finished = new Promise((resolve) => {
        log.on('data', (chunk: Buffer | string) => {
          text += chunk;
        });
        log.on('end', resolve);
      });
      await Promise.race([finished, new Promise((resolve) => setTimeout(resolve, 500))]); // a running one has no end
      log.destroy();
      return text;
    },
    pause: async () => void (await engine.pause()),
    resume: async () => void (await engine.unpause()),
    stop: async () => void (await engine.stop({ t: 5 })),
    start: async () => {
      await engine.start();
      await ready();
    },
  };
}
