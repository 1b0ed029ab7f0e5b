import { createDerivedKeys } from '../../src/adapters/node-crypto/derived-keys.ts';
import { createIdNames } from '../../src/adapters/node-crypto/id-names.ts';
import { newKeyRing } from '../../src/adapters/node-crypto/new-key-ring.ts';
import { createSealer } from '../../src/adapters/node-crypto/sealer.ts';
import { systemRandom } from '../../src/adapters/system/random.ts';
import type { ModeServices } from '../../src/modes/mode.ts';
import type { Store } from '../../src/ports/store.ts';
import { renderer } from './rendered.ts';

/** What a mode is built with: real cryptography on a fresh key ring, no provider and no issuer unless told otherwise. */
export function modeServices({
  store,
  ...parts
}: Pick<ModeServices, 'origins' | 'clock' | 'telemetry'> &
  Partial<Omit<ModeServices, 'store' | 'sessions'>> & { readonly store: Store }): ModeServices {
  const ring = newKeyRing(systemRandom, parts.clock.now());
  const sealer = createSealer(ring, systemRandom);
  const idNames = createIdNames(ring, systemRandom);
  return {
    random: systemRandom,
    renderer,
    sealer,
    store,
    sessions: { records: store.sessions, index: store.index, sealer, idNames },
    derivedKeys: createDerivedKeys(ring),
    providers: new Map(),
    createIssuerEngine: () => {
      throw new Error('this test has no issuer');
    },
    ...parts,
  };
}
