import type { StartedTestContainer } from 'testcontainers';
import { atEnd } from './ends.ts';
import type { Backend, RedisHandle } from './environment.ts';
import { freePort } from './ports.ts';

/** The versions that the local binaries have. */
const envoyImage = 'envoyproxy/envoy:distroless-v1.40.0';
const redisImage = 'redis:7.0';

/** Official images through testcontainers, on the host's network: the ports are those of the configuration. */
export const dockerBackend: Backend = {
  name: 'docker',

  async startEnvoy(bootstrapYaml) {
    const { GenericContainer, Wait } = await import('testcontainers');
    const container = await new GenericContainer(envoyImage)
      .withNetworkMode('host')
      .withCopyContentToContainer([{ content: bootstrapYaml, target: '/etc/envoy/envoy.yaml' }])
      .withCommand([
        '--config-path',
        '/etc/envoy/envoy.yaml',
        '--concurrency',
        '1',
        '--disable-hot-restart',
        '--log-level',
        'info',
      ])
      .withWaitStrategy(Wait.forLogMessage(/all dependencies initialized. starting workers/))
      .start();
    const stop = endOnce(container);
    const lines: string[] = [];
    (await container.logs()).on('data', (line: Buffer | string) => lines.push(line.toString()));
    return { output: () => lines.join(''), stop };
  },

  async startRedis() {
    const port = await freePort();
    let container = await startRedisContainer(port);
    let stop = endOnce(container);
    const handle: RedisHandle = {
      port,
      url: `redis://127.0.0.1:${port}`,
      stop: () => stop(),
      start: async () => {
        container = await startRedisContainer(port);
        stop = endOnce(container);
      },
      pause: () => inEngine(container, 'pause'),
      resume: () => inEngine(container, 'unpause'),
    };
    return handle;
  },
};

async function startRedisContainer(port: number): Promise<StartedTestContainer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  return await new GenericContainer(redisImage)
    .withNetworkMode('host')
    .withCommand(['redis-server', '--port', String(port), '--bind', '127.0.0.1', '--save', ''])
    .withWaitStrategy(Wait.forLogMessage('Ready to accept connections'))
    .start();
}

function endOnce(container: StartedTestContainer): () => Promise<void> {
  const end = async () => {
    forget();
    await container.stop({ timeout: 0 });
  };
  const forget = atEnd(end);
  return end;
}

async function inEngine(container: StartedTestContainer, action: 'pause' | 'unpause'): Promise<void> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  const { container: containers } = await getContainerRuntimeClient();
  await containers.getById(container.getId())[action]();
}
