import { setTimeout as wait } from 'node:timers/promises';
import type { Pause } from '../../ports/pause.ts';

/** The machine's timers. */
export const systemPause: Pause = {
  pause: (milliseconds) => wait(milliseconds, undefined, { ref: false }),
  elapsed: () => performance.now(),
};
