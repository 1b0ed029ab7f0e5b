import { createMemoryStore } from '../../src/adapters/memory/memory-store.ts';
import { createIdNames } from '../../src/adapters/node-crypto/id-names.ts';
import type { KeyRing } from '../../src/adapters/node-crypto/key-ring.ts';
import { newKeyRing } from '../../src/adapters/node-crypto/new-key-ring.ts';
import { createSealer } from '../../src/adapters/node-crypto/sealer.ts';
import { systemPause } from '../../src/adapters/system/pause.ts';
import { systemRandom } from '../../src/adapters/system/random.ts';
import { secondsOf } from '../../src/core/time.ts';
import { createSessionCache } from '../../src/flows/session-cache.ts';
import type { SessionPorts } from '../../src/flows/sessions.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Pause } from '../../src/ports/pause.ts';
import type { Store } from '../../src/ports/store.ts';
import { type FailingStore, failingStore } from './failing-store.ts';
import { type FixedClock, fixedClock } from './fixed-clock.ts';

/** What keeping sessions needs, as the program puts it together: with a cache of its own, and no grace. */
export function sessionPorts(store: Store, ring: KeyRing, clock: Clock): SessionPorts {
  const sealer = createSealer(ring, systemRandom);
  const cache = createSessionCache(
    { maxSessions: 1000, outageGrace: secondsOf(0) },
    { records: store.sessions, changes: store.changes, sealer, clock, pause: pauseOf(clock) },
  );
  return { records: cache.records, cache, index: store.index, sealer, idNames: createIdNames(ring, systemRandom) };
}

/** Pauses that really pass, and time that passes when the clock is moved. */
export function pauseOf(clock: Clock): Pause {
  return { ...systemPause, elapsed: () => clock.milliseconds() };
}

/** Sessions in a memory store that can be cut off, on a clock that stands still. */
export interface StoredSessionsWorld {
  readonly clock: FixedClock;
  readonly ring: KeyRing;
  readonly store: FailingStore;
  readonly ports: SessionPorts;
  /** As another process would have them; with this key ring. */
  portsOf(ring: KeyRing): SessionPorts;
}

export function storedSessionsWorld(): StoredSessionsWorld {
  const clock = fixedClock();
  const ring = newKeyRing(systemRandom, clock.now());
  const store = failingStore(createMemoryStore({ clock }));
  const portsOf = (keys: KeyRing) => sessionPorts(store, keys, clock);
  return { clock, ring, store, ports: portsOf(ring), portsOf };
}
