import type { Redis } from 'ioredis';
import type { Clock } from '../../ports/clock.ts';
import { StoreUnavailableError } from '../../ports/store.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { RedisClient } from './client.ts';
import { connectCluster } from './cluster-client.ts';
import { failureOf, RedisFailure } from './failure.ts';
import type { RedisStoreOptions } from './options.ts';
import { createOutageReport, type OutageReport } from './outage-report.ts';
import type { ScriptedRedis } from './scripts.ts';
import { connectSingle } from './single-client.ts';

/** A connection to Redis, or to all masters of a cluster, that renews itself. */
export interface RedisConnection {
  /**
   * Carries out `commands` within the command time-out, or throws StoreUnavailableError.
   *
   * A write that timed out has an unknown outcome: Redis may have carried it out, or may do so later, when it wakes
   * and finds it in its socket buffer. Every write of this adapter is safe to repeat or to be left in doubt: it
   * creates under a random name, deletes, marks, or compares a generation first.
   */
  run<T>(operation: string, commands: (redis: ScriptedRedis) => Promise<T>): Promise<T>;
  /** Connections to the nodes that hold the keys. */
  masters(): readonly Redis[];
  /** Waits for a connection that is being made, up to the command time-out. */
  isReachable(): Promise<boolean>;
  close(): Promise<void>;
}

/** Connects in the background; never throws or rejects because Redis is down. */
export function connectRedis(
  options: RedisStoreOptions,
  ports: { readonly clock: Clock; readonly telemetry?: Telemetry | undefined },
): RedisConnection {
  const { commandTimeoutMs: timeoutMs } = options;
  const report = createOutageReport(ports);
  const client = clientOf(options, report);

  async function run<T>(operation: string, commands: (redis: ScriptedRedis) => Promise<T>): Promise<T> {
    try {
      return await within(timeoutMs, commands(client.commands));
    } catch (error) {
      const cause = failureOf(error);
      report.failed(cause);
      client.failed(cause);
      throw new StoreUnavailableError(operation, { cause });
    }
  }

  async function isReachable(): Promise<boolean> {
    try {
      await within(timeoutMs, client.probe(AbortSignal.timeout(timeoutMs)));
      return true;
    } catch {
      return false;
    }
  }

  async function close(): Promise<void> {
    // Replies come in order: with these, those of all earlier commands are here. No answer: just end it.
    const connected = client.masters().filter(({ status }) => status === 'ready');
    await Promise.allSettled(connected.map((master) => within(timeoutMs, master.ping())));
    client.disconnect();
  }

  return { run, masters: client.masters, isReachable, close };
}

function clientOf({ topology, ...options }: RedisStoreOptions, report: OutageReport): RedisClient {
  return topology.kind === 'cluster'
    ? connectCluster({ ...options, topology }, report)
    : connectSingle({ ...options, topology }, report);
}

/** Settles with `work`, or fails after `milliseconds`; what `work` does later is then ignored. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RedisFailure('TIMEOUT')), milliseconds);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
