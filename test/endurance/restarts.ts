import { setTimeout as pause } from 'node:timers/promises';
import type { Ledger } from '../soak/ledger.ts';
import type { SallyportProcess } from '../support/sallyport.ts';
import type { World } from '../support/world.ts';
import type { Kills } from './kills.ts';
import type { Refreshes } from './refreshes.ts';

export type RestartSignal = 'term' | 'kill';

interface RestartOptions {
  readonly world: World;
  readonly ledger: Ledger;
  readonly refreshes: Refreshes;
  readonly kills: Kills;
  readonly signal: RestartSignal;
  readonly everyMs: number;
  /** Ends it. */
  readonly end: AbortSignal;
}

/** Ends one replica after the other and starts it again, as Kubernetes would; yields all that ever ran. */
export async function keepRestarting(options: RestartOptions): Promise<readonly SallyportProcess[]> {
  const { world, ledger, everyMs, end } = options;
  const all = [...world.replicas];
  // The first in the middle of its time, so that a run of n minutes has n.
  await during(everyMs / 2, end);
  for (let count = 0; !end.aborted; count += 1) {
    const next = performance.now() + everyMs;
    const index = count % world.replicas.length;
    ledger.enter(`restart ${count + 1}, of replica ${index}`);
    await stop(index, options);
    all.push(await world.restart(index));
    options.refreshes.restored(index);
    ledger.count('restart');
    await during(next - performance.now(), end);
  }
  return all;
}

async function stop(index: number, { world, ledger, refreshes, kills, signal }: RestartOptions): Promise<void> {
  const replica = world.replicas[index];
  if (replica === undefined) throw new Error(`there is no replica ${index}`);
  if (signal === 'kill') {
    process.kill(replica.pid, 'SIGKILL');
    kills.note(refreshes.cut(index));
    await replica.stop('SIGKILL');
    kills.noteEnd();
    return;
  }
  const { code, signal: by } = await replica.stop('SIGTERM');
  if (code !== 0) ledger.violation('a replica that did not end in good order', `replica ${index}: ${by ?? code}`);
}

/** Waits, or until the end. */
async function during(milliseconds: number, end: AbortSignal): Promise<void> {
  await pause(Math.max(0, milliseconds), undefined, { signal: end }).catch(() => undefined);
}
