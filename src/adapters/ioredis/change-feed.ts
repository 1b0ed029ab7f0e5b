import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { failureOf } from './failure.ts';
import type { RedisKeys } from './keys.ts';
import { backOff } from './options.ts';

/** What one master publishes of changes, and the proof that it still arrives. */
export interface ChangeFeed {
  /**
   * When the newest beat that came back had been sent, by performance.now: everything that was published before has
   * come too. Minus infinity when none has come back since the subscription began.
   */
  provenAt(): number;
  /** Sends a beat. Never throws or waits; to be called again and again. */
  beat(): void;
  close(): void;
}

export interface FeedListener {
  heard(message: string): void;
  /** {@link ChangeFeed.provenAt} is another. */
  weighed(): void;
  /** Something may have been published that was not heard. */
  missed(): void;
  /** Redis does not let this user publish or subscribe. */
  refused(): void;
}

/** Beats on their way to a Redis that does not answer, at most. */
const mostUnanswered = 5;
/** With beats published and not heard for so long, the subscription is dead without anybody being told. */
const renewedAfterMs = 2000;
/** Milliseconds after which Redis is asked again for what it has refused: its rules can be changed while it runs. */
const askedAgainAfterMs = 5000;

/**
 * Subscribes at a master, on a connection of its own. Beats go the way of the changes: published through the data
 * connection, on a channel that nobody else has and that no earlier subscription had, and back over the subscription.
 * Redis keeps the order, so a beat that comes back says that whatever was published before it was sent has come.
 *
 * In a cluster there is one for each master. One for all would do, as nodes forward what is published, but they do so
 * without any promise: a beat could come through after a change was lost.
 */
export function createChangeFeed(master: Redis, keys: RedisKeys, listener: FeedListener): ChangeFeed {
  const subscriber = master.duplicate({
    lazyConnect: false,
    readOnly: false,
    enableOfflineQueue: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    retryStrategy: backOff,
  });
  /** The channel of this subscription's beats; undefined while there is no subscription. */
  let beats: string | undefined;
  let provenAt = Number.NEGATIVE_INFINITY;
  let unanswered = 0;
  let missingSince: number | undefined;
  let askedAgainAt: number | undefined;

  async function subscribe(): Promise<void> {
    const channel = keys.beats(randomUUID());
    try {
      await subscriber.subscribe(keys.changes, channel);
    } catch (error) {
      if (!isRefusal(error)) renew();
      return;
    }
    beats = channel;
    // What was published until now, and since the last subscription, nobody has heard.
    listener.missed();
    send(channel, performance.now());
  }

  function end(): void {
    if (beats === undefined) return;
    beats = undefined;
    provenAt = Number.NEGATIVE_INFINITY;
    missingSince = undefined;
    listener.weighed();
    listener.missed();
  }

  /** Another connection; until it is there nothing is proven. */
  function renew(): void {
    end();
    if (subscriber.status === 'ready' || subscriber.status === 'connect') subscriber.disconnect(true);
  }

  function isRefusal(error: unknown): boolean {
    if (failureOf(error).code !== 'NOPERM') return false;
    askedAgainAt = performance.now() + askedAgainAfterMs;
    listener.refused();
    return true;
  }

  function send(channel: string, sentAt: number): void {
    if (master.status !== 'ready' || unanswered >= mostUnanswered) return;
    unanswered += 1;
    const answered = (): void => {
      unanswered -= 1;
      if (channel === beats && sentAt > provenAt) missingSince ??= performance.now();
    };
    master.publish(channel, String(sentAt)).then(answered, (error: unknown) => {
      unanswered -= 1;
      // Anything else is told by the operations that fail, and by what does not come back.
      isRefusal(error);
    });
  }

  function prove(sentAt: number): void {
    missingSince = undefined;
    if (!(sentAt > provenAt && sentAt <= performance.now())) return;
    provenAt = sentAt;
    listener.weighed();
  }

  // Without a listener ioredis prints errors to the console; the data connection reports what is wrong with Redis.
  subscriber.on('error', () => undefined);
  subscriber.on('ready', () => void subscribe());
  subscriber.on('close', end);
  subscriber.on('message', (channel: string, message: string) => {
    if (channel === keys.changes) listener.heard(message);
    else if (channel === beats) prove(Number(message));
  });
  // The data connection may come back to another master; so does this one then.
  master.on('close', renew);

  return {
    provenAt: () => provenAt,
    beat() {
      const now = performance.now();
      if (askedAgainAt !== undefined && now < askedAgainAt) return;
      const wasRefused = askedAgainAt !== undefined;
      askedAgainAt = undefined;
      if (missingSince !== undefined && now - missingSince > renewedAfterMs) renew();
      else if (beats !== undefined) send(beats, now);
      else if (wasRefused && subscriber.status === 'ready') void subscribe();
    },
    close() {
      master.off('close', renew);
      subscriber.disconnect();
    },
  };
}
