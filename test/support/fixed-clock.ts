import { type EpochSeconds, epochMillisecondsOf, epochSecondsOf } from '../../src/core/time.ts';
import type { Clock } from '../../src/ports/clock.ts';

/** A clock that stands still until a test moves it. */
export interface FixedClock extends Clock {
  /** Moves it by seconds, or parts of them; backwards too. */
  advance(seconds: number): void;
}

/** Starts at 2026-01-01T00:00:00Z, or where told (seconds since the epoch). */
export function fixedClock(start = 1_767_225_600): FixedClock {
  let now = start;
  return {
    now: (): EpochSeconds => epochSecondsOf(now),
    milliseconds: () => epochMillisecondsOf(now * 1000),
    advance: (seconds) => {
      now += seconds;
    },
  };
}
