import { startDockerEnvoy, startDockerRedis } from './environment-docker.ts';
import { startLocalEnvoy, startLocalRedis } from './environment-local.ts';

/** Which programs the tests run against: official container images, or binaries of this machine. */
export type Backend = 'docker' | 'local';

/** A server that faults can be done to. It keeps its port through all of them. */
export interface FaultyServer {
  readonly port: number;
  /** What it wrote to its log so far. */
  output(): Promise<string>;
  /** It stands still; the kernel goes on accepting connections for it. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
  /** After {@link FaultyServer.stop}: up again on the same port, with the data that it wrote down. */
  start(): Promise<void>;
}

export interface RedisServer extends FaultyServer {
  readonly url: string;
}

export interface RedisOptions {
  /** More arguments of redis-server. */
  readonly args?: readonly string[];
  readonly port: number;
}

export interface EnvoyOptions {
  /** The configuration file's text. */
  readonly config: string;
  /** A port that it listens on: it is ready when that takes connections. */
  readonly port: number;
}

/**
 * Starts a Redis that writes every command to its append-only file before it answers. Rejects with `address in use`
 * when somebody has the port.
 */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const server = (await backend()) === 'docker' ? await startDockerRedis(options) : await startLocalRedis(options);
  return { ...server, url: `redis://127.0.0.1:${options.port}` };
}

/** Starts an Envoy with one worker. Rejects with what it says when it refuses its configuration. */
export async function startEnvoy(options: EnvoyOptions): Promise<FaultyServer> {
  return (await backend()) === 'docker' ? startDockerEnvoy(options) : startLocalEnvoy(options);
}

let chosen: Promise<Backend> | undefined;

/** By TEST_BACKEND (`docker`, `local`, `auto`); `auto` takes Docker where an engine answers. Printed once a worker. */
export function backend(): Promise<Backend> {
  chosen ??= chooseBackend(process.env['TEST_BACKEND'] ?? 'auto').then((name) => {
    process.stderr.write(`test backend: ${name}\n`);
    return name;
  });
  return chosen;
}

async function chooseBackend(wanted: string): Promise<Backend> {
  if (wanted === 'local' || wanted === 'docker') return wanted;
  if (wanted !== 'auto') throw new Error(`TEST_BACKEND is docker, local or auto, not ${wanted}`);
  const { getContainerRuntimeClient } = await import('testcontainers');
  return getContainerRuntimeClient().then(
    () => 'docker',
    () => 'local',
  );
}
