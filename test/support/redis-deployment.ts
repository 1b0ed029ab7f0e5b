import { Redis } from 'ioredis';
import type { RedisTopology } from '../../src/adapters/ioredis/options.ts';
import type { KeyPair } from './certificates.ts';
import { atEnd } from './ends.ts';
import type { RedisHandle } from './environment.ts';

/** Redis of any topology, with all of its processes. */
export interface RedisDeployment {
  /** For the adapter itself. */
  readonly topology: RedisTopology;
  /** Members of `store` in sallyport.yaml that say where it is. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Clients of the nodes that hold keys now, to look and to tamper. They go with the test file. */
  masters(): Promise<readonly Redis[]>;
  /** Kills every process; the ports stay free for {@link RedisDeployment.start}. */
  stop(): Promise<void>;
  /** Everything up again on the same ports, with its data. */
  start(): Promise<void>;
  /** Every process stands still; the kernel goes on accepting connections for them. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** One in which a replica takes the place of a master that dies. */
export interface RedisWithFailover extends RedisDeployment {
  /** The process on each port that holds keys. */
  readonly nodes: ReadonlyMap<number, RedisHandle>;
  /** The master that serves a key now. */
  masterOf(key: string): Promise<RedisHandle>;
  /** Waits until a replica of each master has everything that its master has now. */
  replicated(): Promise<void>;
  /** Lets a replica take the place of the master that serves a key, while both are well. */
  switchMasterOf(key: string): Promise<void>;
  /** Waits until every process is up, in its place and knows of the others. */
  whole(): Promise<void>;
}

/** The deployment, which must be one with failover: the project of the test has seen to it. */
export function withFailover(deployment: RedisDeployment | undefined): RedisWithFailover {
  if (deployment === undefined || !('switchMasterOf' in deployment)) throw new Error('this store has no failover');
  return deployment as RedisWithFailover; // as the member says
}

/** What is special about a deployment. */
export interface RedisDeploymentOptions extends RedisSecurity {
  /** A process that is silent for so long is taken for dead. Default: 5,000, which a busy machine does not reach. */
  readonly deadAfterMs?: number;
}

export const defaultDeadAfterMs = 5000;

/** What keeps strangers out of a deployment. */
export interface RedisSecurity {
  /** TLS on every port, and nothing else; clients need a certificate of `ca`. Paths of files, and what is in them. */
  readonly tls?: {
    readonly files: { readonly ca: string; readonly cert: string; readonly key: string };
    readonly ca: string;
    readonly client: KeyPair;
  };
  /** Of the user `default`, which the tests themselves are. */
  readonly password?: string;
}

/** A Redis on its own. */
export function standalone(redis: RedisHandle): RedisDeployment {
  const client = clientOf(redis.port);
  return {
    topology: { kind: 'standalone', url: redis.url },
    settings: { url: redis.url },
    masters: async () => [client],
    stop: redis.stop,
    start: redis.start,
    pause: redis.pause,
    resume: redis.resume,
  };
}

/** A plain client that comes back by itself and goes with the test file. */
export function clientOf(port: number, { tls, password }: RedisSecurity = {}): Redis {
  const client = new Redis({
    port,
    host: '127.0.0.1',
    retryStrategy: () => 50,
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls: { ca: tls.ca, cert: tls.client.certificate, key: tls.client.privateKey } }),
  });
  client.on('error', () => undefined);
  atEnd(async () => client.disconnect());
  return client;
}

/** Arguments of redis-server that make it so, after those of the test, and the files that they name. */
export function secured(
  port: number,
  { tls, password }: RedisSecurity,
  more: readonly string[] = [],
): { readonly port: number; readonly args: readonly string[]; readonly reads: readonly string[] } {
  const words = [...more, ...(password === undefined ? [] : ['--requirepass', password])];
  if (tls === undefined) return { port, args: words, reads: [] };
  const { ca, cert, key } = tls.files;
  const files = ['--tls-ca-cert-file', ca, '--tls-cert-file', cert, '--tls-key-file', key];
  const use = ['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'yes', '--tls-replication', 'yes'];
  return { port, args: [...words, ...use, ...files], reads: [ca, cert, key] };
}

/** What a node says of its replication, by name. */
export async function replicationOf(client: Redis): Promise<ReadonlyMap<string, string>> {
  const lines = (await client.info('replication')).split('\r\n').filter((line) => line.includes(':'));
  return new Map(lines.map((line) => line.split(/:(.*)/) as [string, string])); // name:value, one a line
}

/** Whether some replica has everything that its master has now. */
export async function hasReplicated(master: Redis): Promise<boolean> {
  const replication = await replicationOf(master);
  const offsets = [...replication]
    .filter(([name, value]) => /^slave\d+$/.test(name) && value.includes('state=online'))
    .map(([, value]) => Number(/offset=(\d+)/.exec(value)?.[1] ?? -1));
  return Math.max(-1, ...offsets) >= Number(replication.get('master_repl_offset'));
}

/** Does something to every process, one after the other: many at once take the processors from each other. */
export async function toEach(nodes: Iterable<RedisHandle>, act: 'stop' | 'start' | 'pause' | 'resume'): Promise<void> {
  for (const node of nodes) await node[act]();
}
