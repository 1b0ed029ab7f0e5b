import type { Redis } from 'ioredis';
import { StoreUnavailableError } from '../../ports/store.ts';
import type { RedisConnection } from './connection.ts';
import { RedisFailure } from './failure.ts';

/** What one step of a scan looks at: a third of a millisecond in which Redis serves nobody else. */
const keysPerStep = '1000';

/**
 * Keys that match a glob pattern, from every master; some may come twice. A cursor means something to one Redis and
 * its life: when a connection is lost or another node becomes master the scan cannot be complete, and throws.
 */
export async function* scanKeys(connection: RedisConnection, pattern: string): AsyncIterable<string> {
  const masters = connection.masters();
  const lost = new AbortController();
  const onClose = (): void => lost.abort();
  for (const master of masters) master.once('close', onClose);
  const check = (): void => {
    const now = connection.masters();
    const isSame = now.length === masters.length && now.every((master) => masters.includes(master));
    if (!isSame || lost.signal.aborted || masters.length === 0) {
      throw new StoreUnavailableError('a scan', { cause: new RedisFailure('DISCONNECTED') });
    }
  };
  try {
    for (const master of masters) yield* scanNode(master, pattern, connection, check);
    check();
  } finally {
    for (const master of masters) master.off('close', onClose);
  }
}

async function* scanNode(
  node: Redis,
  pattern: string,
  connection: RedisConnection,
  check: () => void,
): AsyncIterable<string> {
  let cursor = '0';
  do {
    check();
    const at = cursor;
    const [next, keys] = await connection.run('a scan', () => node.scan(at, 'MATCH', pattern, 'COUNT', keysPerStep));
    yield* keys;
    cursor = next;
  } while (cursor !== '0');
}
