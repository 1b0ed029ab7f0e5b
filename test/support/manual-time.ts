import type { Pause } from '../../src/ports/pause.ts';
import { type FixedClock, fixedClock } from './fixed-clock.ts';

/** A clock and the timers that go with it; time passes when a test says so. */
export interface ManualTime {
  readonly clock: FixedClock;
  readonly pause: Pause;
  /** Lets so many milliseconds pass: every pause that ends in them ends at its moment, in order. */
  pass(milliseconds: number): Promise<void>;
}

export function manualTime(): ManualTime {
  const clock = fixedClock();
  const waiting = new Set<{ readonly dueAt: number; readonly end: () => void }>();
  let now = 0;

  function moveTo(moment: number): void {
    clock.advance((moment - now) / 1000);
    now = moment;
  }

  return {
    clock,
    pause: {
      elapsed: () => now,
      pause: (milliseconds) =>
        new Promise((resolve) => {
          const entry = {
            dueAt: now + milliseconds,
            end: () => {
              waiting.delete(entry);
              resolve();
            },
          };
          waiting.add(entry);
        }),
    },
    async pass(milliseconds) {
      const end = now + milliseconds;
      await settle();
      for (;;) {
        const [next] = [...waiting].filter(({ dueAt }) => dueAt <= end).sort((a, b) => a.dueAt - b.dueAt);
        if (next === undefined) break;
        moveTo(next.dueAt);
        next.end();
        await settle();
      }
      moveTo(end);
      await settle();
    },
  };
}

/** What can go on without time goes on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}
