import { readFile } from 'node:fs/promises';
import { metricOf } from './metrics.ts';
import type { World } from './world.ts';

/** Resident memory of the processes of a world, in bytes, by a name for it. Envoy's is missing in a container. */
export async function residentMemory(world: World): Promise<ReadonlyMap<string, number>> {
  const memory = new Map<string, number>();
  for (const [index, replica] of world.replicas.entries()) {
    memory.set(`replica ${index}`, await metricOf(replica, 'process_resident_memory_bytes'));
  }
  const { pid } = world.envoy;
  if (pid !== undefined) {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
    memory.set('Envoy', Number(kilobytes) * 1024);
  }
  for (const [name, bytes] of memory) if (!(bytes > 0)) throw new Error(`the memory of ${name} is not known`);
  return memory;
}

/** By how much the memory of each process has grown since, in MiB, where it was more than `limit` MiB. */
export async function grownBeyond(
  limit: number,
  before: ReadonlyMap<string, number>,
  world: World,
): Promise<readonly string[]> {
  return [...(await residentMemory(world))]
    .map(([name, bytes]) => [name, Math.round((bytes - (before.get(name) ?? 0)) / 1_048_576)] as const)
    .filter(([, grown]) => grown > limit)
    .map(([name, grown]) => `${name}: ${grown} MiB`);
}
