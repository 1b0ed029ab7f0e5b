import type { EpochSeconds } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { OnceMarkers } from '../../ports/store.ts';
import { createExpiringMap } from './expiring-map.ts';

/** Once markers in this process. */
export function createMemoryOnce(clock: Clock, maxMarkers: number): OnceMarkers {
  const markers = createExpiringMap<{ readonly endsAt: EpochSeconds }>(maxMarkers, ({ endsAt }) => endsAt);
  return {
    async take(name, endsAt) {
      const now = clock.now();
      // What has ended is not usable, and a marker for it would not stay.
      if (now >= endsAt || markers.get(name, now) !== undefined) return false;
      markers.set(name, { endsAt }, now);
      return true;
    },
  };
}
