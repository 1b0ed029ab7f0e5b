import { setTimeout as pause } from 'node:timers/promises';
import type { Seconds } from '../core/time.ts';
import type { FilesRead } from './config/files-read.ts';
import { stateOfFile } from './config/read-file.ts';

export interface WatchOptions {
  /** Between two looks; asked before each. */
  readonly interval: () => Seconds;
  /** Files as they were read last; nothing is looked at while there is none. */
  readonly files: () => FilesRead;
  /** Whether to act as if something had changed. */
  readonly isDue: () => boolean;
  /** Called after a change has settled, and awaited: from then on `files` tells the new state. */
  readonly onChange: () => Promise<unknown>;
}

/** Files that change together, or that are still being written, are one change: so long nothing may move. */
const settleMilliseconds = 1000;
/** Something that never settles is a change all the same. */
const maxSettling = 10;

/**
 * Looks at files again and again, by their content: neither times nor inodes are believed, and links are followed
 * anew each time, as Kubernetes replaces files by moving a link (`..data`).
 */
export function watchFiles({ interval, files, isDue, onChange }: WatchOptions): { close(): void } {
  const stop = new AbortController();
  const watch = async () => {
    for (;;) {
      await pause(interval() * 1000, undefined, { signal: stop.signal, ref: false });
      const seen = await statesOf(files());
      if (isDue()) await onChange();
      else if (!hasChanged(files(), seen)) continue;
      // Somebody else may have had it reloaded meanwhile.
      if (hasChanged(files(), await settled(seen, files, stop.signal))) await onChange();
    }
  };
  watch().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return { close: () => stop.abort() };
}

type States = ReadonlyMap<string, string>;

async function settled(first: States, files: () => FilesRead, signal: AbortSignal): Promise<States> {
  let before = first;
  for (let looks = 0; looks < maxSettling; looks += 1) {
    await pause(settleMilliseconds, undefined, { signal, ref: false });
    const now = await statesOf(files());
    const hasSettled = [...now].every(([path, state]) => before.get(path) === state);
    before = now;
    if (hasSettled) break;
  }
  return before;
}

async function statesOf(files: FilesRead): Promise<States> {
  const states = [...files].map(async ([path, { maxBytes }]) => [path, await stateOfFile(path, maxBytes)] as const);
  return new Map(await Promise.all(states));
}

function hasChanged(files: FilesRead, seen: States): boolean {
  return [...files].some(([path, { state }]) => seen.get(path) !== state);
}
