import { freshnessOf } from '../oauth/token-freshness.ts';
import type { EpochMilliseconds, Seconds } from '../time.ts';
import type { Session } from './session.ts';
import { isStale, type RefreshReason } from './staleness.ts';

/** A request for which the access token may have to be replaced. */
export interface TokenUse {
  readonly now: EpochMilliseconds;
  /** When the request began whose access token was refused just now. */
  readonly rejected: { readonly requestedAt: EpochMilliseconds } | undefined;
  /** How long after a refused token was replaced the next refused one is not. */
  readonly cooldown: Seconds;
}

/** Why a session's access token should be replaced now; undefined where it should not, or without a refresh token cannot. */
export function dueRefresh(session: Session, { now, rejected, cooldown }: TokenUse): RefreshReason | undefined {
  if (session.tokenSet.refreshToken === undefined) return undefined;
  const freshness = freshnessOf(session.tokenSet, now);
  if (freshness === 'expired') return { kind: 'expired' };
  const rejection = rejected && ({ kind: 'rejected', ...rejected, cooldown } as const);
  if (rejection !== undefined && isStale(session, rejection, now)) return rejection;
  return freshness === 'near_end' ? { kind: 'near_end' } : undefined;
}
