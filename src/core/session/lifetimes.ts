import { between, type EpochSeconds, type Seconds, secondsOf } from '../time.ts';
import type { Session } from './session.ts';

/** A session with what the store keeps beside it. */
export interface StoredSession {
  readonly session: Session;
  readonly generation: number;
  readonly lastSeenAt: EpochSeconds;
}

/** Why a session that was found is as none. */
export type SessionEnd = 'absolute_lifetime' | 'idle_lifetime' | 'token_expired';

/** Whether a found session has ended, and why; undefined while it lives. */
export function sessionEnd(stored: StoredSession, now: EpochSeconds, idleLifetime: Seconds): SessionEnd | undefined {
  if (now >= stored.session.endsAt) return 'absolute_lifetime';
  if (between(stored.lastSeenAt, now) >= idleLifetime) return 'idle_lifetime';
  const { expiresAt } = stored.session.tokenSet;
  return expiresAt !== undefined && now >= expiresAt ? 'token_expired' : undefined;
}

/** Whether this use should be written to the store: at most one write in a tenth of the idle time or a minute. */
export function needsTouch(stored: StoredSession, now: EpochSeconds, idleLifetime: Seconds): boolean {
  const interval = secondsOf(Math.min(60, Math.max(1, Math.floor(idleLifetime / 10))));
  return between(stored.lastSeenAt, now) >= interval;
}
