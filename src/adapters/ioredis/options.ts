import { isIP } from 'node:net';
import type { RedisOptions } from 'ioredis';
import type { Secret } from '../../core/secret.ts';

/** A standalone Redis. Sentinel and Cluster need other connections, not another key layout. */
export interface RedisStoreOptions {
  /** `redis://host[:port][/database]`, or `rediss://` for TLS with the machine's certificate authorities. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: Secret<string> | undefined;
  /** Begins every key, with one colon after it. */
  readonly keyPrefix: string;
  /** The longest that one operation takes, in milliseconds. */
  readonly commandTimeoutMs: number;
}

/** For TCP and TLS to be there. */
const connectTimeoutMs = 1000;

const longestBackOffMs = 500;

// The constructor of ioredis gives replyMapping, which we leave alone, a type of its own.
type ClientOptions = Omit<RedisOptions, 'replyMapping'>;

/** Fail fast, hide nothing, come back by itself. Throws for a URL that is none: the configuration checks it before. */
export function clientOptions(options: RedisStoreOptions): ClientOptions {
  const { username, password, commandTimeoutMs } = options;
  return {
    ...addressOf(options.url),
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
    // CLIENT SETINFO: one right less that an ACL has to give.
    disableClientInfo: true,
    // A command that cannot be sent now fails now: nothing is queued, resent or tried again behind the caller's back.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // Measured with 3 kB sessions: more CPU and half the throughput at 4 concurrent reads, no gain at 32. It would
    // also hold commands back behind a batch that is not answered yet.
    enableAutoPipelining: false,
    retryStrategy: (attempt) => backOff(attempt, Math.random()),
    // How often a Redis that is loading its data is asked whether it has finished.
    maxLoadingRetryTime: 250,
  };
}

/** Milliseconds before connection attempt `attempt` (from 1); `jitter` in [0, 1) keeps replicas out of step. */
function backOff(attempt: number, jitter: number): number {
  const ceiling = Math.min(50 * 2 ** Math.min(attempt - 1, 10), longestBackOffMs);
  return Math.ceil(ceiling * (0.5 + jitter / 2));
}

/** Not left to ioredis: it takes any of its options from the query of a URL. */
function addressOf(text: string): ClientOptions {
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
  return {
    host,
    port: url.port === '' ? 6379 : Number(url.port),
    db: Number(url.pathname.slice(1)),
    // RFC 6066 §3: no address literals in SNI.
    ...(url.protocol === 'rediss:' ? { tls: isIP(host) === 0 ? { servername: host } : {} } : {}),
  };
}
