import type { Redis } from 'ioredis';
import { epochSecondsOf } from '../../core/time.ts';
import { type SessionChange, type SessionChanges, staleAfterMs } from '../../ports/store.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import { type ChangeFeed, createChangeFeed } from './change-feed.ts';
import type { RedisConnection } from './connection.ts';
import { RedisFailure } from './failure.ts';
import type { RedisKeys } from './keys.ts';

export interface RedisChanges extends SessionChanges {
  close(): void;
}

const beatEveryMs = 200;

/**
 * Changes by pub/sub, which promises nothing: messages of a connection that breaks are gone. So each process sends
 * beats to each master and hears them where it hears changes (see change-feed.ts), and changes are current while the
 * latest of every master was sent less than {@link staleAfterMs} ago. A beat that is late, lost or cannot be sent, a
 * process that stood still: all make it false by themselves.
 *
 * Begins with the first subscription: whoever asks for no changes has no second connection.
 */
export function createRedisChanges(
  connection: RedisConnection,
  keys: RedisKeys,
  telemetry: Telemetry | undefined,
): RedisChanges {
  const listeners = new Set<(change: SessionChange) => void>();
  const feeds = new Map<Redis, ChangeFeed>();
  let timer: NodeJS.Timeout | undefined;
  let isComplete = false;
  /** By performance.now. Computed when a beat comes back, as it is read in every check. */
  let currentUntil = Number.NEGATIVE_INFINITY;
  let isRefusalReported = false;
  let isClosed = false;

  function tell(change: SessionChange): void {
    for (const listener of listeners) listener(change);
  }

  function weigh(): void {
    const provenAt = [...feeds.values()].map((feed) => feed.provenAt());
    currentUntil = isComplete ? Math.min(...provenAt) + staleAfterMs : Number.NEGATIVE_INFINITY;
  }

  /** Once for the life of the process: without the right everything works, only slower. */
  function refused(): void {
    if (isRefusalReported) return;
    isRefusalReported = true;
    const grant = `+publish +subscribe &${keys.changes.slice(0, -'changes'.length)}*`;
    const fields = {
      store: 'redis',
      reason: 'NOPERM',
      grant,
      effect: 'sessions are read from Redis for every request',
    };
    telemetry?.problem('store_channel_refused', fields, new RedisFailure('NOPERM'));
  }

  function openFeed(master: Redis): ChangeFeed {
    return createChangeFeed(master, keys, {
      heard: (message) => tell(changeOf(message)),
      weighed: weigh,
      missed: () => tell({ kind: 'unknown' }),
      refused,
    });
  }

  /** Follows the masters that there are now, and sends each a beat. */
  function beat(): void {
    const masters = connection.masters();
    for (const [master, feed] of feeds) {
      if (masters.includes(master)) continue;
      feed.close();
      feeds.delete(master);
      tell({ kind: 'unknown' });
    }
    // Not before it is ready: the first nodes that a cluster knows of are of any kind.
    for (const master of masters) {
      if (master.status !== 'ready' || feeds.has(master)) continue;
      feeds.set(master, openFeed(master));
      tell({ kind: 'unknown' });
    }
    isComplete = masters.length > 0 && masters.every((master) => feeds.has(master));
    for (const feed of feeds.values()) feed.beat();
    weigh();
  }

  return {
    subscribe(listener) {
      // A function of its own for each subscription: one ends without another of the same listener.
      const own = (change: SessionChange): void => listener(change);
      listeners.add(own);
      if (timer === undefined && !isClosed) {
        timer = setInterval(beat, beatEveryMs);
        timer.unref();
        beat();
      }
      return () => {
        listeners.delete(own);
      };
    },
    isCurrent: () => performance.now() < currentUntil,
    close() {
      isClosed = true;
      isComplete = false;
      clearInterval(timer);
      for (const feed of feeds.values()) feed.close();
      feeds.clear();
      weigh();
    },
  };
}

/** `<name> <generation> <lastSeenAt>`; what is none, a newer version may have said: anything may be different. */
function changeOf(message: string): SessionChange {
  const [, name, generation, lastSeenAt] = /^(.+) (\d{1,15}) (\d{1,15})$/s.exec(message) ?? [];
  if (name === undefined) return { kind: 'unknown' };
  return {
    kind: 'changed',
    name,
    generation: Number(generation),
    lastSeenAt: epochSecondsOf(Number(lastSeenAt)),
  };
}
