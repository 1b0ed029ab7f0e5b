import type { DerivedKeys } from '../../ports/sealer.ts';
import { expand } from './derive-keys.ts';
import type { KeyRing } from './key-ring.ts';

// A salt of its own, so that no label, whatever it says, can yield a key of the sealer or of the id names.
const salt = 'sallyport derived keys';

/** Keys for libraries with their own cryptography. Derived anew at each call: call it once, at start-up. */
export function createDerivedKeys(ring: KeyRing): DerivedKeys {
  return {
    derive: (label) => ring.keys.map(({ secret }) => expand(secret.reveal(), salt, label)),
  };
}
