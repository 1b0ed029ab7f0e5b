import { between, type EpochSeconds, type Seconds, secondsOf } from '../time.ts';
import type { Session } from './session.ts';

/** A session with what is kept beside it. */
export interface FoundSession {
  readonly session: Session;
  readonly lastSeenAt: EpochSeconds;
  /** Under which the store keeps it: an HMAC of its id, which opens nothing. Undefined: only a browser has it. */
  readonly name: string | undefined;
}

/** A session as the store has it. */
export interface StoredSession extends FoundSession {
  readonly name: string;
  /** Counts what was written, from 1. */
  readonly generation: number;
}

/** Why a session that was found is as none. */
export type SessionEnd = 'absolute_lifetime' | 'idle_lifetime';

/** Whether a found session has ended, and why; undefined while it lives. */
export function sessionEnd(found: FoundSession, now: EpochSeconds, idleLifetime: Seconds): SessionEnd | undefined {
  if (now >= found.session.endsAt) return 'absolute_lifetime';
  return between(found.lastSeenAt, now) >= idleLifetime ? 'idle_lifetime' : undefined;
}

/** Whether this use should be written to the store: at most one write in a tenth of the idle time or a minute. */
export function needsTouch(found: FoundSession, now: EpochSeconds, idleLifetime: Seconds): boolean {
  const interval = secondsOf(Math.min(60, Math.max(1, Math.floor(idleLifetime / 10))));
  return between(found.lastSeenAt, now) >= interval;
}
