import { once } from 'node:events';
import { Redis } from 'ioredis';
import type { Clock } from '../../ports/clock.ts';
import { StoreUnavailableError } from '../../ports/store.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { failureOf, RedisFailure } from './failure.ts';
import { clientOptions, type RedisStoreOptions } from './options.ts';
import { createOutageReport } from './outage-report.ts';
import { type ScriptedRedis, withScripts } from './scripts.ts';

/** One connection that renews itself. */
export interface RedisConnection {
  /**
   * Carries out `commands` within the command time-out, or throws StoreUnavailableError.
   *
   * A write that timed out has an unknown outcome: Redis may have carried it out, or may do so later, when it wakes
   * and finds it in its socket buffer. Every write of this adapter is safe to repeat or to be left in doubt: it
   * creates under a random name, deletes, marks, or compares a generation first.
   */
  run<T>(operation: string, commands: (redis: ScriptedRedis) => Promise<T>): Promise<T>;
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
  const redis = withScripts(new Redis({ ...clientOptions(options), reconnectOnError: createReconnectRule() }));
  // Without a listener ioredis prints errors to the console.
  redis.on('error', (error) => report.failed(failureOf(error)));
  redis.on('ready', () => report.recovered());

  async function run<T>(operation: string, commands: (redis: ScriptedRedis) => Promise<T>): Promise<T> {
    try {
      return await within(timeoutMs, commands(redis));
    } catch (error) {
      const cause = failureOf(error);
      report.failed(cause);
      throw new StoreUnavailableError(operation, { cause });
    }
  }

  async function isReachable(): Promise<boolean> {
    try {
      await within(
        timeoutMs,
        ready(redis, AbortSignal.timeout(timeoutMs)).then(() => redis.ping()),
      );
      return true;
    } catch {
      return false;
    }
  }

  async function close(): Promise<void> {
    // Replies come in order: with this one, those of all earlier commands are here. No answer: just end it.
    if (redis.status === 'ready') await within(timeoutMs, redis.ping()).catch(() => undefined);
    redis.disconnect();
  }

  return { run, isReachable, close };
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

/** Waits for a connection that is being made; rejects at its next error and when `signal` aborts. */
async function ready(redis: Redis, signal: AbortSignal): Promise<void> {
  if (redis.status === 'ready') return;
  if (redis.status === 'end') throw new RedisFailure('DISCONNECTED');
  await once(redis, 'ready', { signal });
}

/**
 * Whether a reply means that another connection may lead to a better Redis: after a failover the old master answers
 * READONLY, a restarted or resynchronising one LOADING or MASTERDOWN. At most once a second, so that a replica that
 * stays one goes on to serve reads.
 */
function createReconnectRule(): (error: Error) => boolean {
  let last = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (!['READONLY', 'LOADING', 'MASTERDOWN'].includes(failureOf(error).code)) return false;
    const now = performance.now();
    if (now - last < 1000) return false;
    last = now;
    return true;
  };
}
