import type { Redis } from 'ioredis';
import { durably, type RedisHandle, startRedisNode } from './environment.ts';
import { withFreePorts } from './ports.ts';
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

/** The name that the sentinels know the master by. */
const sentinelMaster = 'main';

/** A master, two replicas and three sentinels, which name another master when one dies. */
export interface RedisSentinel extends RedisWithFailover {
  readonly sentinels: readonly RedisHandle[];
}

/** Starts one on free ports of 127.0.0.1 and waits until the sentinels know everybody. */
export async function startRedisSentinel(options: RedisDeploymentOptions = {}): Promise<RedisSentinel> {
  return await withFreePorts(6, async (ports) => {
    const [master = 0, ...replicas] = ports.slice(0, 3);
    const nodes = new Map<number, RedisHandle>();
    for (const port of [master, ...replicas]) {
      // In the file, which the sentinels have rewritten when roles change.
      const lines = [
        `masterauth ${options.password ?? '""'}`,
        ...(port === master ? [] : [`replicaof 127.0.0.1 ${master}`]),
      ];
      const started = secured(port, options, [...durably, '--repl-diskless-sync-delay', '0']);
      nodes.set(port, await startRedisNode({ ...started, file: `${lines.join('\n')}\n` }));
    }
    const clients = new Map([...nodes.keys()].map((port) => [port, clientOf(port, options)]));
    await until('the replicas follow', async () => await hasTwoReplicas(clients.get(master)));

    const sentinels: RedisHandle[] = [];
    for (const port of ports.slice(3)) sentinels.push(await startSentinel(port, master, options));
    const watchers = sentinels.map(({ port }) => clientOf(port, options));
    const masterNow = async (): Promise<RedisHandle> => {
      const [, port] = (await anyOf(watchers).call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', sentinelMaster)) as [
        string,
        string,
      ]; // host and port
      const node = nodes.get(Number(port));
      if (node === undefined) throw new Error(`the sentinels speak of an unknown master on ${port}`);
      return node;
    };
    const masterClient = async (): Promise<Redis> => {
      const client = clients.get((await masterNow()).port);
      if (client === undefined) throw new Error('a node without a client');
      return client;
    };
    /** The sentinels agree on a master that two replicas follow, and take nobody for dead. */
    const whole = async (): Promise<void> => {
      await until('every process is up', () =>
        [...clients.values(), ...watchers].every(({ status }) => status === 'ready'),
      );
      // A master that comes back late: the sentinels would see to it as well, after eight seconds.
      const { port } = await masterNow();
      for (const [each, client] of clients) {
        if (each !== port && (await replicationOf(client)).get('role') === 'master')
          await client.replicaof('127.0.0.1', port);
      }
      await until('the sentinels know everybody', async () => {
        const known = await Promise.all(watchers.map(knownTo));
        return known.every(({ flags, replicas: others, peers }) => flags === 'master' && others === 2 && peers === 2);
      });
      await until('the replicas follow', async () => await hasTwoReplicas(await masterClient()));
    };
    await whole();

    const everything = [...nodes.values(), ...sentinels];
    const addresses = sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
    return {
      topology: {
        kind: 'sentinel',
        master: sentinelMaster,
        nodes: addresses,
        tls: options.tls !== undefined,
        database: 0,
      },
      settings: {
        sentinel: { master: sentinelMaster, nodes: addresses.map(({ host, port }) => `${host}:${port}`) },
      },
      nodes,
      sentinels,
      masters: async () => [await masterClient()],
      masterOf: masterNow,
      async replicated() {
        const client = await masterClient();
        await until('a replica has everything', () => hasReplicated(client));
      },
      async switchMasterOf() {
        const before = (await masterNow()).port;
        await anyOf(watchers).call('SENTINEL', 'FAILOVER', sentinelMaster);
        await until('another is master', async () => (await masterNow()).port !== before);
      },
      whole,
      stop: () => toEach(everything, 'stop'),
      start: () => toEach(everything, 'start'),
      pause: () => toEach(everything, 'pause'),
      resume: () => toEach(everything, 'resume'),
    };
  });
}

async function startSentinel(port: number, master: number, options: RedisDeploymentOptions): Promise<RedisHandle> {
  const { password, deadAfterMs = defaultDeadAfterMs } = options;
  const name = sentinelMaster;
  const lines = [
    `sentinel monitor ${name} 127.0.0.1 ${master} 2`,
    `sentinel down-after-milliseconds ${name} ${deadAfterMs}`,
    `sentinel failover-timeout ${name} 6000`,
    ...(password === undefined ? [] : [`sentinel auth-pass ${name} ${password}`, `sentinel sentinel-pass ${password}`]),
  ];
  return await startRedisNode({ ...secured(port, options), file: `${lines.join('\n')}\n`, isSentinel: true });
}

/** One that is connected. */
function anyOf(clients: readonly Redis[]): Redis {
  const client = clients.find(({ status }) => status === 'ready');
  if (client === undefined) throw new Error('no sentinel is up');
  return client;
}

/** What a sentinel knows of the master: how it is, its replicas, the other sentinels. */
async function knownTo(watcher: Redis) {
  const flat = (await watcher.call('SENTINEL', 'MASTER', sentinelMaster)) as readonly string[]; // name, value, name, value
  const of = (name: string) => flat[flat.indexOf(name) + 1];
  return { flags: of('flags'), replicas: Number(of('num-slaves')), peers: Number(of('num-other-sentinels')) };
}

async function hasTwoReplicas(master: Redis | undefined): Promise<boolean> {
  const info = await master?.info('replication');
  return info?.match(/state=online/g)?.length === 2;
}
