import type { Pause } from '../ports/pause.ts';
import { type SessionRecords, StoreUnavailableError } from '../ports/store.ts';

/** How long a claim lasts without being renewed: what others wait when its holder dies, besides the takeover. */
export const leaseMs = 2000;

/** Three tries before it runs out. */
const renewEveryMs = 600;

/** A claim that is renewed in the background while its holder works. */
export interface HeldClaim {
  /** Whether we may still count on it. Asks the store where that is not certain; false when that does not answer. */
  isOurs(): Promise<boolean>;
  /** Ends it after a failure; see SessionRecords.release. Never throws: without a store it runs out by itself. */
  release(backOffMs: number): Promise<void>;
  /** Stops renewing. */
  letGo(): void;
}

/** `since`: when the claim was asked for, by {@link Pause.elapsed}: it may have been given at any time from then on. */
export function holdClaim(
  name: string,
  holder: string,
  since: number,
  { records, pause }: { readonly records: SessionRecords; readonly pause: Pause },
): HeldClaim {
  const state = { isHeld: true, since };

  async function renew(): Promise<boolean> {
    const askedAt = pause.elapsed();
    const isRenewed = await records.renewClaim(name, holder, leaseMs);
    if (isRenewed) state.since = askedAt;
    return isRenewed;
  }

  async function renewWhileHeld(): Promise<void> {
    for (;;) {
      await pause.pause(renewEveryMs);
      if (!state.isHeld) return;
      // One that failed may succeed the next time; one that somebody else has is lost, and the generation decides.
      await renew().catch(() => false);
    }
  }
  void renewWhileHeld();

  return {
    isOurs: async () => pause.elapsed() - state.since < leaseMs / 2 || (await renew().catch(ifStoreIsAway(false))),
    async release(backOffMs) {
      state.isHeld = false;
      await records.release(name, holder, backOffMs).catch(ifStoreIsAway(undefined));
    },
    letGo: () => {
      state.isHeld = false;
    },
  };
}

/** Yields `value` in place of what a store that is away cannot say. */
function ifStoreIsAway<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof StoreUnavailableError) return value;
    throw error;
  };
}
