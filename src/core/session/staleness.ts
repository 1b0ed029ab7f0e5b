import { freshnessOf } from '../oauth/token-freshness.ts';
import { between, type EpochMilliseconds, type Seconds, secondOf } from '../time.ts';
import type { Session } from './session.ts';

/** Why a session's access token should be replaced. */
export type RefreshReason =
  /** It will end soon: in the background. */
  | { readonly kind: 'near_end' }
  | { readonly kind: 'expired' }
  /** A resource server refused it, in answer to a request that began at `requestedAt`. */
  | { readonly kind: 'rejected'; readonly requestedAt: EpochMilliseconds; readonly cooldown: Seconds };

/** Whether the reason holds for what is there now: somebody else may have replaced the token meanwhile. */
export function isStale({ tokenSet, healedAt }: Session, reason: RefreshReason, now: EpochMilliseconds): boolean {
  const freshness = freshnessOf(tokenSet, now);
  switch (reason.kind) {
    case 'near_end':
      return freshness !== 'fresh';
    case 'expired':
      return freshness === 'expired';
    case 'rejected': {
      // What came after the request began is another token than the one that was refused. And where new tokens are
      // refused as well, more of them help nobody.
      const isTheOne = tokenSet.obtainedAt < reason.requestedAt;
      const isCool = healedAt === undefined || between(healedAt, secondOf(now)) >= reason.cooldown;
      return freshness === 'expired' || (isTheOne && isCool);
    }
  }
}
