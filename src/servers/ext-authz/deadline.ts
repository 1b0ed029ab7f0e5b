import type { Seconds } from '../../core/time.ts';

/** The work was still going on when its time was over. */
export class DeadlineExceededError extends Error {
  constructor(limit: Seconds) {
    super(`no decision within ${limit} s`);
    this.name = 'DeadlineExceededError';
  }
}

/** The outcome of `work`, or a {@link DeadlineExceededError} after `limit`. What `work` does later is ignored. */
export function withDeadline<T>(work: Promise<T>, limit: Seconds): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DeadlineExceededError(limit)), limit * 1000);
    const settle = (done: () => void) => {
      clearTimeout(timer);
      done();
    };
    work.then(
      (value) => settle(() => resolve(value)),
      (error: Error) => settle(() => reject(error)),
    );
  });
}
