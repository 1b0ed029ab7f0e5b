import { setTimeout as pause } from 'node:timers/promises';

export interface UntilOptions {
  /** Default 20,000: machines that run all tests at once are slow. */
  readonly deadlineMs?: number;
  /** Between two looks; default 20. */
  readonly everyMs?: number;
}

/**
 * Looks again and again until `look` yields something other than undefined and false, and resolves to it. A look
 * that throws counts as "not yet"; its error is the cause when the deadline comes first.
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  { deadlineMs = 20_000, everyMs = 20 }: UntilOptions = {},
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  let failure: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
    } catch (error) {
      failure = error;
    }
    if (performance.now() > deadline) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`, { cause: failure });
    await pause(everyMs);
  }
}
