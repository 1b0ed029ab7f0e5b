import { epochMillisecondsOf, epochSecondsOf } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => epochSecondsOf(Date.now() / 1000),
  milliseconds: () => epochMillisecondsOf(Date.now()),
};
