import { createMemoryOnce } from '../../src/adapters/memory/once.ts';
import { createDerivedKeys } from '../../src/adapters/node-crypto/derived-keys.ts';
import { newKeyRing } from '../../src/adapters/node-crypto/new-key-ring.ts';
import { createSharedKeySealer } from '../../src/adapters/node-crypto/shared-key-sealer.ts';
import { systemRandom } from '../../src/adapters/system/random.ts';
import { createSealedRefresher, createSealedRefreshMemory } from '../../src/flows/refresh-sealed.ts';
import { createRefresher } from '../../src/flows/refresh-sessions.ts';
import type { ModeServices } from '../../src/modes/mode.ts';
import type { Store } from '../../src/ports/store.ts';
import { renderer } from './rendered.ts';
import { pauseOf, sessionPorts } from './session-ports.ts';

/** What a mode is built with: real cryptography on a fresh key ring, no provider and no issuer unless told otherwise. */
export function modeServices({
  store,
  ...parts
}: Pick<ModeServices, 'origins' | 'clock' | 'telemetry'> &
  Partial<Omit<ModeServices, 'store' | 'sessions'>> & { readonly store: Store }): ModeServices {
  const ring = newKeyRing(systemRandom, parts.clock.now());
  const sessions = sessionPorts(store, ring, parts.clock);
  const { sealer } = sessions;
  const ports = { providers: new Map(), pause: pauseOf(parts.clock), random: systemRandom, ...parts };
  return {
    renderer,
    sealer,
    store,
    sessions,
    onceHere: createMemoryOnce(parts.clock, 1000),
    createSharedKeySealer: (key) => createSharedKeySealer(key, systemRandom),
    refresher: createRefresher({ ...sessions, changes: store.changes, ...ports }),
    refreshSealed: createSealedRefresher({ memory: createSealedRefreshMemory(ports.pause), ...ports }),
    derivedKeys: createDerivedKeys(ring),
    createIssuerEngine: () => {
      throw new Error('this test has no issuer');
    },
    ...ports,
  };
}
