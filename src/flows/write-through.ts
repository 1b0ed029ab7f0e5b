import type { Pause } from '../ports/pause.ts';
import { type SessionRecords, StoreUnavailableError } from '../ports/store.ts';

/** A replacement of a session's sealed value. */
export interface Replacement {
  readonly name: string;
  readonly generation: number;
  readonly sealed: Uint8Array;
  readonly keepsClaim: boolean;
}

/** Between two tries, and how long there are any. A store that is away longer than that has other troubles. */
const retryMs = 50;
const longestMs = 120_000;

/**
 * Replaces a value that nobody could make again, and so does not give up while the store is away. True when it is in the
 * store; false when the session ended or was replaced by somebody else. Throws StoreUnavailableError at the end of its
 * patience.
 */
export async function writeThrough(
  { name, generation, sealed, keepsClaim }: Replacement,
  { records, pause }: { readonly records: SessionRecords; readonly pause: Pause },
): Promise<boolean> {
  const startedAt = pause.elapsed();
  let isInDoubt = false;
  for (;;) {
    try {
      if (await records.replace(name, generation, sealed, { keepsClaim })) return true;
      // An earlier try, of which we heard nothing, may have been carried out.
      return isInDoubt && isSame((await records.find(name))?.sealed, sealed);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || pause.elapsed() - startedAt > longestMs) throw error;
      isInDoubt = true;
      await pause.pause(retryMs);
    }
  }
}

function isSame(found: Uint8Array | undefined, written: Uint8Array): boolean {
  return found !== undefined && Buffer.compare(found, written) === 0;
}
