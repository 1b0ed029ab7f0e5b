import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../support/until.ts';

/** How a Sallyport process is, with nothing to do and its garbage collected. */
export interface Vitals {
  readonly rssMiB: number;
  readonly heapMiB: number;
  /** Buffers outside of the heap. */
  readonly externalMiB: number;
  readonly descriptors: number;
  /** The median of how late its timers ran, over a moment without load. */
  readonly idleDelayMs: number;
}

interface Probed {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly delayMs: number;
}

/** How long a process is watched idling. */
const idleMs = 2000;

const mebibyte = 1024 * 1024;

/** Asks the probe of a process (see probe.ts), twice: what was before the first answer does not count. */
export async function vitalsOf(pid: number, probeFolder: string): Promise<Vitals> {
  await ask(pid, probeFolder);
  await pause(idleMs);
  const { rss, heapUsed, external, delayMs } = await ask(pid, probeFolder);
  return {
    rssMiB: rss / mebibyte,
    heapMiB: heapUsed / mebibyte,
    externalMiB: external / mebibyte,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    idleDelayMs: delayMs,
  };
}

async function ask(pid: number, probeFolder: string): Promise<Probed> {
  const file = join(probeFolder, `${pid}.json`);
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  return await until('the probe answers', () => JSON.parse(readFileSync(file, 'utf8')) as Probed); // probe.ts writes it
}

/** What may grow from the first measurement to the last; more is a failure. */
export interface Bound {
  readonly name: string;
  readonly unit: string;
  readonly of: (vitals: Vitals) => number;
  readonly limit: (first: number) => number;
}

/**
 * Room for what a warm process still learns (compiled code, connection pools); V8 gives resident memory back late. A leak
 * of a kilobyte for each request goes past the heap's bound within ten minutes.
 */
export const bounds: readonly Bound[] = [
  { name: 'heap after GC', unit: 'MiB', of: ({ heapMiB }) => heapMiB, limit: (first) => first * 1.15 + 6 },
  { name: 'external memory', unit: 'MiB', of: ({ externalMiB }) => externalMiB, limit: (first) => first * 1.25 + 8 },
  { name: 'RSS after GC', unit: 'MiB', of: ({ rssMiB }) => rssMiB, limit: (first) => first * 1.3 + 64 },
  { name: 'file descriptors', unit: '', of: ({ descriptors }) => descriptors, limit: (first) => first + 16 },
  { name: 'event loop, idle', unit: 'ms late', of: ({ idleDelayMs }) => idleDelayMs, limit: (first) => first + 20 },
];
