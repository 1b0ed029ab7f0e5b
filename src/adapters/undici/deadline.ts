import type { Seconds } from '../../core/time.ts';

/** What bounds one request in time: until it is sent, and then anew until its whole answer is there. */
export interface Deadline {
  /** Aborted with a TimeoutError when one of both has passed. */
  readonly signal: AbortSignal;
  /** To be called when the request is about to be written. False: it is too late for that. */
  sending(): boolean;
  /** There is an answer, or will be none. */
  end(): void;
}

/**
 * Begins to count. A request that waits for a connection while others have them all would be cut off in the middle
 * otherwise, when it has been sent: what came of it would be lost.
 */
export function startDeadline(untilSent: Seconds, untilAnswered: Seconds): Deadline {
  const controller = new AbortController();
  const abort = (message: string): void => controller.abort(new DOMException(message, 'TimeoutError'));
  const begunAt = performance.now();
  const giveUp = (): void => abort(`no connection within ${untilSent} s: nothing was sent`);
  let timer = after(untilSent, giveUp);
  return {
    signal: controller.signal,
    sending() {
      // A process that was stopped may come here before its timers.
      if (performance.now() - begunAt >= untilSent * 1000) giveUp();
      clearTimeout(timer);
      if (controller.signal.aborted) return false;
      timer = after(untilAnswered, () => abort(`no answer within ${untilAnswered} s`));
      return true;
    },
    end() {
      clearTimeout(timer);
    },
  };
}

/** As AbortSignal.timeout, it keeps no process from its end. */
function after(time: Seconds, callback: () => void): NodeJS.Timeout {
  return setTimeout(callback, time * 1000).unref();
}
