import { readFileSync } from 'node:fs';
import { localBackend } from '../test/support/backend-local.ts';

/** Clock ticks of /proc/<pid>/stat in a second; 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** User and system time that these processes have used so far, in microseconds. Linux only. */
export function cpuMicros(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return (ticks.reduce((sum, each) => sum + each, 0) / ticksPerSecond) * 1e6;
}

/** Resident memory of a process, in MiB. */
export function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/** An Envoy with one worker, as a local process: its processor time is part of the result. */
export async function startMeasuredEnvoy(bootstrap: unknown): Promise<{ readonly pid: number }> {
  return await localBackend.startEnvoy(JSON.stringify(bootstrap));
}
