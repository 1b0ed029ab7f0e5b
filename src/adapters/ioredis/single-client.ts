import { Redis } from 'ioredis';
import { type RedisClient, ready } from './client.ts';
import { failureOf, sentinelFailureOf } from './failure.ts';
import { clientOptions, type RedisStoreOptions, type SingleTopology } from './options.ts';
import type { OutageReport } from './outage-report.ts';
import { withScripts } from './scripts.ts';

/** One connection: to a standalone Redis, or to the one that the sentinels call master at that moment. */
export function connectSingle(
  options: RedisStoreOptions & { readonly topology: SingleTopology },
  report: OutageReport,
): RedisClient {
  const redis = new Redis(clientOptions(options));
  let sentinelError: unknown;
  redis.on('sentinelError', (error) => {
    sentinelError = error;
  });
  // Without a listener ioredis prints errors to the console.
  redis.on('error', (error) => {
    report.failed(sentinelFailureOf(error, sentinelError) ?? failureOf(error));
    sentinelError = undefined;
  });
  redis.on('ready', () => report.recovered());
  return {
    commands: withScripts(redis),
    masters: () => [redis],
    async probe(signal) {
      await ready(redis, signal);
      await redis.ping();
    },
    failed: () => undefined,
    disconnect: () => redis.disconnect(),
  };
}
