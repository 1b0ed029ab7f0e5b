import type { EpochMilliseconds, EpochSeconds } from '../core/time.ts';

/** The one source of the current time. Never blocks. Tests hand in a fixed one. */
export interface Clock {
  now(): EpochSeconds;
  /** The same moment, more finely. */
  milliseconds(): EpochMilliseconds;
}
