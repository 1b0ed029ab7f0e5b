import type { StoredSession } from '../core/session/lifetimes.ts';
import type { RefreshReason } from '../core/session/staleness.ts';
import type { RefreshUnavailable } from './refresh-outcome.ts';

/** What became of a session whose token should be replaced. */
export type RefreshOutcome =
  /** The reason no longer holds: these tokens can be sent. */
  | { readonly kind: 'refreshed'; readonly stored: StoredSession }
  /** There is no session any more: the grant is over, or somebody ended it. */
  | { readonly kind: 'ended' }
  | RefreshUnavailable;

/**
 * Replaces tokens of stored sessions: once for however many ask, over all processes with one store.
 */
export interface Refresher {
  /**
   * Waits until the reason no longer holds for the session `name`. What it began goes on when nobody waits any more.
   * Throws StoreUnavailableError.
   */
  refresh(name: string, reason: RefreshReason): Promise<RefreshOutcome>;
  /** Begins nothing new and waits for what is under way: a rotated token that is not written is lost. */
  close(): Promise<void>;
}
