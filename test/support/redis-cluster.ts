import type { Redis } from 'ioredis';
import { durably, type RedisHandle, startRedisNode } from './environment.ts';
import { freePort } from './ports.ts';
import {
  clientOf,
  defaultDeadAfterMs,
  hasReplicated,
  type RedisDeploymentOptions,
  type RedisWithFailover,
  replicationOf,
  secured,
  toEach,
} from './redis-deployment.ts';
import { until } from './until.ts';

const slots = 16_384;
const shards = 3;

/** Starts three masters with a replica each, on free ports of 127.0.0.1, and waits until they are a cluster. */
export async function startRedisCluster(options: RedisDeploymentOptions = {}): Promise<RedisWithFailover> {
  const nodes = new Map<number, RedisHandle>();
  while (nodes.size < 2 * shards) {
    const port = await freeClusterPort();
    const node = await startNode(port, options);
    if (node !== undefined) nodes.set(port, node);
  }
  const ports = [...nodes.keys()];
  const clients = new Map(ports.map((port) => [port, clientOf(port, options)]));
  const clientAt = (port: number): Redis => {
    const client = clients.get(port);
    if (client === undefined) throw new Error(`no node of the cluster is on ${port}`);
    return client;
  };
  await join(ports.map(clientAt));

  /** A node that is up; the nodes that are stopped are known by that their clients are not connected. */
  const someClient = (): Redis => {
    const client = [...clients.values()].find(({ status }) => status === 'ready');
    if (client === undefined) throw new Error('no node of the cluster is up');
    return client;
  };
  const mastersNow = async () => (await nodesOf(someClient())).filter(isServing);
  const everything = [...nodes.values()];
  const ownerOf = async (key: string): Promise<ClusterNode> => {
    const slot = await someClient().cluster('KEYSLOT', key);
    const owner = (await mastersNow()).find(({ ranges }) => ranges.some(([low, high]) => low <= slot && slot <= high));
    if (owner === undefined) throw new Error(`nobody serves slot ${slot}`);
    return owner;
  };
  return {
    topology: { kind: 'cluster', nodes: ports.map((port) => ({ host: '127.0.0.1', port })) },
    settings: { cluster: { nodes: ports.map((port) => `127.0.0.1:${port}`) } },
    nodes,
    masters: async () => (await mastersNow()).map(({ port }) => clientAt(port)),
    async masterOf(key) {
      const { port } = await ownerOf(key);
      const node = nodes.get(port);
      if (node === undefined) throw new Error(`no node of the cluster is on ${port}`);
      return node;
    },
    async switchMasterOf(key) {
      const before = await ownerOf(key);
      const replica = (await nodesOf(someClient())).find(({ master }) => master === before.id);
      await clientAt(replica?.port ?? 0).cluster('FAILOVER');
      await until('another is master', async () => (await ownerOf(key)).port !== before.port);
    },
    async replicated() {
      for (const { port } of await mastersNow()) {
        await until('a replica has everything', () => hasReplicated(clientAt(port)));
      }
    },
    whole: () => whole([...clients.values()]),
    stop: () => toEach(everything, 'stop'),
    start: () => toEach(everything, 'start'),
    pause: () => toEach(everything, 'pause'),
    resume: () => toEach(everything, 'resume'),
  };
}

/** Undefined when somebody else has taken one of the two ports in between. */
async function startNode(port: number, options: RedisDeploymentOptions): Promise<RedisHandle | undefined> {
  const cluster = [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    String(options.deadAfterMs ?? defaultDeadAfterMs),
    '--repl-diskless-sync-delay',
    '0',
    // A replica on a busy machine may have been without its master for long; it is to take over all the same, and to
    // stay with the master that it was given.
    '--cluster-replica-validity-factor',
    '0',
    '--cluster-allow-replica-migration',
    'no',
  ];
  const others = [
    ...(options.tls === undefined ? [] : ['--tls-cluster', 'yes']),
    ...(options.password === undefined ? [] : ['--masterauth', options.password]),
  ];
  try {
    return await startRedisNode(secured(port, options, [...durably, ...cluster, ...others]));
  } catch (error) {
    if (/[Aa]ddress (already )?in use/.test(String(error))) return undefined;
    throw error;
  }
}

/** A port whose bus port, 10,000 higher, is free as well: before Redis 7 it is always that one. */
async function freeClusterPort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port <= 55_535) return port;
  }
}

/** Makes one cluster of single nodes: the first half are masters, the others their replicas. */
async function join(clients: readonly Redis[]): Promise<void> {
  const [first] = clients;
  const ids = await Promise.all(clients.map((client) => client.cluster('MYID')));
  for (const [index, client] of clients.slice(0, shards).entries()) {
    const from = Math.floor((index * slots) / shards);
    const to = Math.floor(((index + 1) * slots) / shards);
    await client.cluster('ADDSLOTS', ...Array.from({ length: to - from }, (_, offset) => from + offset));
    await client.cluster('SET-CONFIG-EPOCH', index + 1);
  }
  for (const client of clients) await first?.cluster('MEET', '127.0.0.1', client.options.port ?? 0);
  await until('the nodes know each other', async () => {
    const known = await Promise.all(clients.map(nodesOf));
    return known.every(
      (nodes) => nodes.length === clients.length && nodes.every(({ flags }) => !flags.includes('handshake')),
    );
  });
  for (const [index, client] of clients.slice(shards).entries()) await client.cluster('REPLICATE', ids[index] ?? '');
  await whole(clients);
}

/** Waits until all nodes agree that each of three masters has a replica that follows it. */
async function whole(clients: readonly Redis[]): Promise<void> {
  await until('the cluster is whole', async () => {
    const states = await Promise.all(clients.map((client) => client.cluster('INFO')));
    const views = await Promise.all(clients.map(nodesOf));
    const roles = await Promise.all(clients.map(replicationOf));
    return (
      states.every((state) => state.includes('cluster_state:ok')) &&
      views.every((view) => view.filter(isServing).length === shards && view.filter(isReplica).length === shards) &&
      roles.every((role) => role.get('connected_slaves') === '1' || role.get('master_link_status') === 'up')
    );
  });
}

interface ClusterNode {
  readonly id: string;
  /** Id of the master of a replica. */
  readonly master: string;
  readonly port: number;
  readonly flags: readonly string[];
  /** First and last slots. */
  readonly ranges: readonly (readonly [number, number])[];
}

const isServing = ({ flags, ranges }: ClusterNode): boolean =>
  flags.includes('master') && !flags.includes('fail') && ranges.length > 0;
const isReplica = ({ flags }: ClusterNode): boolean => flags.includes('slave') && !flags.includes('fail');

/** The cluster as one node sees it: `id host:port@bus flags master ping pong epoch link slot slot-slot …`. */
async function nodesOf(client: Redis): Promise<readonly ClusterNode[]> {
  const text = await client.cluster('NODES');
  return String(text)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [id = '', address = '', flags = '', master = '', ...rest] = line.split(' ');
      const ranges = rest
        .slice(4)
        .filter((range) => /^\d+(-\d+)?$/.test(range))
        .map((range) => {
          const [low, high] = range.split('-').map(Number);
          return [low ?? 0, high ?? low ?? 0] as const;
        });
      return { id, master, port: Number(/:(\d+)/.exec(address)?.[1]), flags: flags.split(','), ranges };
    });
}
