import { withFreePorts } from './ports.ts';

/** Which programs the tests run against: official container images, or binaries of this machine. */
export interface Backend {
  readonly name: 'docker' | 'local';
  startEnvoy(bootstrapYaml: string): Promise<EnvoyHandle>;
  startRedisNode(options: RedisNodeOptions): Promise<RedisHandle>;
}

/** One redis-server, which may be a sentinel or a node of a cluster. */
export interface RedisNodeOptions {
  readonly port: number;
  readonly args: readonly string[];
  /** Text of a configuration file that it may rewrite: what is in `args` cannot change. */
  readonly file?: string;
  /** Files of this machine that `args` name. */
  readonly reads?: readonly string[];
  readonly isSentinel?: boolean;
}

export interface EnvoyHandle {
  /** For measurements; undefined in a container. */
  readonly pid: number | undefined;
  /** What it wrote so far. */
  output(): string;
  stop(): Promise<void>;
}

/**
 * How every backend starts Envoy. One worker: one connection to the check, as in a sidecar. No hot restart: many run
 * side by side.
 */
export function envoyArguments(configFile: string): string[] {
  const one = ['--concurrency', '1', '--disable-hot-restart'];
  return ['--config-path', configFile, ...one, '--log-level', 'info', '--file-flush-interval-msec', '50'];
}

/**
 * How every backend starts redis-server: the kernel has each command for the append-only file before it is answered, so
 * that a kill loses nothing. It need not reach the disk, for which a dozen of them would wait.
 */
export const durably = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'no'] as const;

/** A Redis that faults can be done to. It keeps its data through a kill. */
export interface RedisHandle {
  readonly port: number;
  readonly url: string;
  /** For measurements; undefined in a container. */
  readonly pid: number | undefined;
  /** It dies at once; the port stays free for {@link RedisHandle.start}. */
  stop(): Promise<void>;
  /** Up again on the same port, with its data. */
  start(): Promise<void>;
  /** It stands still; the kernel goes on accepting connections for it. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** Starts an Envoy with one worker; the ports are those of its configuration. Rejects with what it says against that. */
export async function startEnvoy(bootstrapYaml: string): Promise<EnvoyHandle> {
  return (await backend()).startEnvoy(bootstrapYaml);
}

/** Starts a Redis on a free port of 127.0.0.1. `args`: more arguments of redis-server. It may rewrite its settings. */
export async function startRedis(args: readonly string[] = []): Promise<RedisHandle> {
  return await withFreePorts(1, ([port = 0]) => startRedisNode({ port, args: [...durably, ...args], file: '' }));
}

/** Starts a redis-server on a port that the caller chose; rejects when somebody else has it. */
export async function startRedisNode(options: RedisNodeOptions): Promise<RedisHandle> {
  return (await backend()).startRedisNode(options);
}

let chosen: Promise<Backend> | undefined;

/** By TEST_BACKEND (`docker`, `local`, `auto`); `auto` takes Docker where an engine answers. Said once a worker. */
function backend(): Promise<Backend> {
  chosen ??= choose(process.env['TEST_BACKEND'] ?? 'auto').then((backend) => {
    process.stderr.write(`test backend: ${backend.name}\n`);
    return backend;
  });
  return chosen;
}

async function choose(wanted: string): Promise<Backend> {
  if (wanted !== 'local' && wanted !== 'docker' && wanted !== 'auto') {
    throw new Error(`TEST_BACKEND is docker, local or auto, not ${wanted}`);
  }
  const useDocker = wanted === 'docker' || (wanted === 'auto' && (await dockerAnswers()));
  return useDocker
    ? (await import('./backend-docker.ts')).dockerBackend
    : (await import('./backend-local.ts')).localBackend;
}

async function dockerAnswers(): Promise<boolean> {
  // Imported here: it takes a while, and does not load below Node 24.
  const { getContainerRuntimeClient } = await import('testcontainers');
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
}
