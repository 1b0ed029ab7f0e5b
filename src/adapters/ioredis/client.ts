import { once } from 'node:events';
import type { Cluster, Redis } from 'ioredis';
import { RedisFailure } from './failure.ts';
import type { ScriptedRedis } from './scripts.ts';

/** ioredis on one topology: connections that renew themselves. What differs between the topologies is in here. */
export interface RedisClient {
  readonly commands: ScriptedRedis;
  /** Connections to the nodes that hold the keys. */
  masters(): readonly Redis[];
  /** Waits for connections that are being made and asks whether keys are served; rejects when they are not. */
  probe(signal: AbortSignal): Promise<void>;
  /** Hears of each operation that failed. */
  failed(failure: RedisFailure): void;
  disconnect(): void;
}

/** Waits for a connection that is being made; rejects at its next error and when `signal` aborts. */
export async function ready(client: Redis | Cluster, signal: AbortSignal): Promise<void> {
  if (client.status === 'ready') return;
  if (client.status === 'end') throw new RedisFailure('DISCONNECTED');
  await once(client, 'ready', { signal });
}
