import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { ClusterOptions, RedisOptions } from 'ioredis';
import type { Secret } from '../../core/secret.ts';
import { createReconnectRule } from './reconnect-rule.ts';

/** A Redis of any topology; docs/store.md has an example of each. */
export interface RedisStoreOptions {
  readonly topology: RedisTopology;
  readonly username?: string | undefined;
  readonly password?: Secret<string> | undefined;
  /** For Sentinel and Cluster: TLS where it is there. For a URL: more about the TLS that `rediss:` asks for. */
  readonly tls?: RedisTls | undefined;
  /** Begins every key, with one colon after it. */
  readonly keyPrefix: string;
  /** The longest that one operation takes, in milliseconds. */
  readonly commandTimeoutMs: number;
}

export type RedisTopology =
  /** `redis://host[:port][/database]`, or `rediss://` for TLS. */
  | { readonly kind: 'standalone'; readonly url: string }
  | {
      readonly kind: 'sentinel';
      /** The name that the sentinels know the master by. */
      readonly master: string;
      /** The sentinels. */
      readonly nodes: readonly RedisNode[];
      readonly username?: string | undefined;
      readonly password?: Secret<string> | undefined;
      /** Whether the sentinels speak TLS, with the same certificates as Redis. */
      readonly tls: boolean;
      readonly database: number;
    }
  /** `nodes`: some of the cluster, which know the others. */
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisNode[] };

interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** PEM texts. */
export interface RedisTls {
  /** In place of the machine's certificate authorities. */
  readonly ca?: string | undefined;
  /** Of the client, for a Redis that asks for one. */
  readonly certificate?: string | undefined;
  readonly privateKey?: Secret<string> | undefined;
  /** The name that every certificate must carry, in place of the host that is connected to. */
  readonly serverName?: string | undefined;
}

/** For TCP and TLS to be there. */
const connectTimeoutMs = 1000;

const longestBackOffMs = 500;

// The constructor of ioredis gives replyMapping, which we leave alone, a type of its own.
type ClientOptions = Omit<RedisOptions, 'replyMapping'>;
type ClusterClientOptions = Omit<ClusterOptions, 'redisOptions'> & { readonly redisOptions: ClientOptions };

/**
 * For one connection, to a Redis or to the master that sentinels name. Fail fast, hide nothing, come back by itself.
 * Throws for a URL that is none: the configuration checks it before.
 */
export function clientOptions(options: RedisStoreOptions & { readonly topology: SingleTopology }): ClientOptions {
  const { topology } = options;
  return {
    ...nodeOptions(options),
    ...(topology.kind === 'standalone' ? addressOf(topology.url, options.tls) : sentinelsOf(topology, options)),
    // A command that cannot be sent now fails now: nothing is queued, resent or tried again behind the caller's back.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: backOff,
  };
}

/** What is not a cluster: at any time one connection, to one master. */
export type SingleTopology = Exclude<RedisTopology, { readonly kind: 'cluster' }>;

/** For connections to all nodes of a cluster, with the same behaviour. */
export function clusterOptions(options: RedisStoreOptions): ClusterClientOptions {
  return {
    redisOptions: { ...nodeOptions(options), ...(options.tls === undefined ? {} : { tls: tlsOf(options.tls) }) },
    enableOfflineQueue: false,
    // Of a failover or of missing nodes the caller hears at once; see cluster-client.ts for what is done about it.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    // A slot that has moved is asked for where it is now: the first reply was no execution.
    maxRedirections: 4,
    // A replica may be behind: somebody who has logged out would be let in.
    scaleReads: 'master',
    slotsRefreshTimeout: options.commandTimeoutMs,
    slotsRefreshInterval: 10_000,
    // When the last node is gone, from the configured ones again; single nodes are found again by the slots.
    clusterRetryStrategy: backOff,
    clusterNodeRetryStrategy: null,
    // Names stay names: certificates are for them.
    dnsLookup: (host, found) => found(null, host),
  };
}

/** What holds for a connection to any node. */
function nodeOptions({ username, password, commandTimeoutMs }: RedisStoreOptions): ClientOptions {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: password.reveal() }),
    connectTimeout: connectTimeoutMs,
    // Bounds the handshake; operations have a deadline of their own, see connection.ts.
    commandTimeout: commandTimeoutMs,
    // No byte for this long while a command waits: the connection is half open or Redis stands still. Only a new
    // connection tells, and until it is there commands fail at once instead of each waiting for its time-out.
    socketTimeout: 2 * commandTimeoutMs,
    // A stopped Redis never answers our FIN: do not wait for it.
    disconnectTimeout: 50,
    keepAlive: 10_000,
    reconnectOnError: createReconnectRule(),
    // CLIENT SETINFO: one right less that an ACL has to give.
    disableClientInfo: true,
    autoResendUnfulfilledCommands: false,
    // Measured with 3 kB sessions: more CPU and half the throughput at 4 concurrent reads, no gain at 32. It would
    // also hold commands back behind a batch that is not answered yet.
    enableAutoPipelining: false,
    // How often a Redis that is loading its data is asked whether it has finished.
    maxLoadingRetryTime: 250,
  };
}

/** Milliseconds before connection attempt `attempt` (from 1); replicas are kept out of step. */
export function backOff(attempt: number): number {
  const ceiling = Math.min(50 * 2 ** Math.min(attempt - 1, 10), longestBackOffMs);
  return Math.ceil(ceiling * (0.5 + Math.random() / 2));
}

function sentinelsOf(
  topology: RedisTopology & { readonly kind: 'sentinel' },
  { tls, commandTimeoutMs }: RedisStoreOptions,
): ClientOptions {
  const { master, nodes, username, password, database } = topology;
  const secured = tls === undefined ? {} : { tls: tlsOf(tls), enableTLSForSentinelMode: true };
  return {
    name: master,
    sentinels: nodes.map(({ host, port }) => ({ host, port })),
    db: database,
    ...secured,
    ...(topology.tls ? { sentinelTLS: tlsOf(tls ?? {}) } : {}),
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password.reveal() }),
    sentinelCommandTimeout: commandTimeoutMs,
    sentinelRetryStrategy: backOff,
    // Those that are configured and no others: a sentinel may name others by addresses that lead nowhere from here.
    updateSentinels: false,
  };
}

/** Not left to ioredis: it takes any of its options from the query of a URL. */
function addressOf(text: string, tls: RedisTls | undefined): ClientOptions {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') {
    throw new Error('store.url: expected redis://host[:port][/database] or rediss://host[:port][/database]');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || !/^\/?\d{0,4}$/.test(url.pathname)) {
    throw new Error(
      'store.url: expected host, port and database only; user name and password have settings of their own',
    );
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // RFC 6066 §3: no address literals in SNI.
  const serverName = tls?.serverName ?? (isIP(host) === 0 ? host : undefined);
  return {
    host,
    port: url.port === '' ? 6379 : Number(url.port),
    db: Number(url.pathname.slice(1)),
    ...(url.protocol === 'rediss:' ? { tls: tlsOf({ ...tls, serverName }) } : {}),
  };
}

function tlsOf({ ca, certificate, privateKey, serverName }: RedisTls): ConnectionOptions {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(privateKey === undefined ? {} : { key: privateKey.reveal() }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}
