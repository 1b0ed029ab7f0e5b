import type { Pause } from '../ports/pause.ts';
import type { SessionChanges } from '../ports/store.ts';

/** Waits for what others do with a session. */
export interface ChangeWaiter {
  /** Until something was told of the session, or so many milliseconds have passed: nobody tells of everything. */
  wait(name: string, milliseconds: number): Promise<void>;
  close(): void;
}

export function createChangeWaiter(changes: SessionChanges, { pause }: Pick<Pause, 'pause'>): ChangeWaiter {
  /** One for a name: a process has one flight for a session. */
  const waiting = new Map<string, () => void>();
  const close = changes.subscribe((change) => {
    if (change.kind === 'changed') waiting.get(change.name)?.();
  });
  return {
    async wait(name, milliseconds) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(name, resolve);
      await Promise.race([promise, pause(milliseconds)]);
      if (waiting.get(name) === resolve) waiting.delete(name);
    },
    close,
  };
}
