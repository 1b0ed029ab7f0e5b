import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { connectRedis } from './connection.ts';
import { createRedisDocuments } from './documents.ts';
import { createRedisKeys } from './keys.ts';
import { createRedisOnce } from './once.ts';
import type { RedisStoreOptions } from './options.ts';
import { createRedisChanges } from './session-changes.ts';
import { createRedisIndex } from './session-index.ts';
import { createRedisSessions } from './sessions.ts';

/**
 * The store that replicas share. Connects in the background: it comes up, fails and recovers with Redis, and
 * `isReachable` waits for the first connection. Throws only for a malformed URL.
 */
export function createRedisStore(
  options: RedisStoreOptions,
  ports: { readonly clock: Clock; readonly telemetry?: Telemetry | undefined },
): Store {
  const connection = connectRedis(options, ports);
  const keys = createRedisKeys(options.keyPrefix);
  const changes = createRedisChanges(connection, keys, ports.telemetry);
  return {
    sessions: createRedisSessions(connection, keys, ports.clock),
    changes,
    index: createRedisIndex(connection, keys, ports.clock),
    once: createRedisOnce(connection, keys, ports.clock),
    documents: createRedisDocuments(connection, keys, ports.clock),
    isReachable: () => connection.isReachable(),
    async close() {
      changes.close();
      await connection.close();
    },
  };
}
