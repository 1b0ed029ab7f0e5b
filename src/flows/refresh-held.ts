import { freshnessOf } from '../core/oauth/token-freshness.ts';
import type { TokenSet } from '../core/oauth/token-set.ts';
import type { EpochMilliseconds } from '../core/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { RefreshUnavailable } from './refresh-outcome.ts';

/** A request that waits for other tokens. `Known`: what its mode knows of its session. */
export interface HeldRequest<Known> {
  /** Waits for them; the Set-Cookie values are for the answer, whatever it is. */
  refresh(): Promise<
    | { readonly kind: 'refreshed'; readonly known: Known; readonly setCookies: readonly string[] }
    | { readonly kind: 'ended' }
    | RefreshUnavailable
  >;
  /** What the request leads to now. */
  find(): Promise<Known>;
  /** What is known of a session whose grant is over. */
  readonly ended: Known;
  /** Undefined where there is no session. */
  tokenSetOf(known: Known): TokenSet | undefined;
}

/** How a request goes on that was held. */
export type HeldRefresh<Known> =
  /** All is decided again: the tokens may have come with other claims, and the session may have ended meanwhile. */
  | {
      readonly kind: 'decide_again';
      readonly known: Known;
      readonly now: EpochMilliseconds;
      readonly setCookies: readonly string[];
    }
  /** 503: the session lives, and its token has ended and cannot be replaced right now. */
  | RefreshUnavailable;

/** Holds a request until there are other tokens, or none to be had. Throws StoreUnavailableError. */
export async function refreshHeld<Known>(held: HeldRequest<Known>, clock: Clock): Promise<HeldRefresh<Known>> {
  const outcome = await held.refresh();
  switch (outcome.kind) {
    case 'refreshed':
      return { kind: 'decide_again', known: outcome.known, now: clock.milliseconds(), setCookies: outcome.setCookies };
    case 'ended':
      return { kind: 'decide_again', known: held.ended, now: clock.milliseconds(), setCookies: [] };
    case 'unavailable': {
      // It took a while, in which somebody may have logged out.
      const known = await held.find();
      const now = clock.milliseconds();
      const tokenSet = held.tokenSetOf(known);
      const isOver = tokenSet !== undefined && freshnessOf(tokenSet, now) === 'expired';
      // A token that has not ended goes to the workload once more, whose 401 says more than we could.
      return isOver ? outcome : { kind: 'decide_again', known, now, setCookies: [] };
    }
  }
}
