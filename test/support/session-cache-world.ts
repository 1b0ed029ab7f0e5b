import { newKeyRing } from '../../src/adapters/node-crypto/new-key-ring.ts';
import { createSealer } from '../../src/adapters/node-crypto/sealer.ts';
import { systemRandom } from '../../src/adapters/system/random.ts';
import type { Session } from '../../src/core/session/session.ts';
import { encodeSession } from '../../src/core/session/session-codec.ts';
import { secondsOf } from '../../src/core/time.ts';
import { createSessionCache } from '../../src/flows/session-cache.ts';
import { fixedClock } from './fixed-clock.ts';
import { sessionAt } from './session.ts';
import { pauseOf } from './session-ports.ts';
import { toldStore } from './told-store.ts';

const ring = newKeyRing(systemRandom, fixedClock().now());
const sealer = createSealer(ring, systemRandom);

/** A cache on a store that other processes change too. */
export function cacheWorld({ maxSessions = 100, outageGrace = 0 } = {}) {
  const clock = fixedClock();
  const store = toldStore(clock);
  const cache = createSessionCache(
    { maxSessions, outageGrace: secondsOf(outageGrace) },
    { records: store.records, changes: store.changes, sealer, clock, pause: pauseOf(clock) },
  );
  const sealed = (name: string, parts: Partial<Session> = {}) =>
    sealer.sealBytes('session', encodeSession(sessionAt(clock.now(), parts)), name);
  const tellAll = () => {
    while (store.tell());
  };
  return {
    clock,
    store,
    cache,
    sealed,
    tellAll,
    /** A session that another process made and this one has heard of. */
    async begin(name: string, parts: Partial<Session> = {}): Promise<void> {
      const { endsAt } = sessionAt(clock.now(), parts);
      const times = { lastSeenAt: clock.now(), endsAt, idleFor: secondsOf(36_000), keyId: 'AAAAAA' };
      await store.elsewhere.create(name, { sealed: sealed(name, parts), ...times });
      tellAll();
    },
    /** The generation that is served, and how often the store was read for it. */
    async look(name = 'a'): Promise<readonly [generation: number | undefined, reads: number]> {
      const before = store.reads.length;
      const found = await cache.find(name);
      return [found?.generation, store.reads.length - before];
    },
  };
}
