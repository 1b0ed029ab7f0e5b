import type { EpochSeconds } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SessionIndex } from '../../ports/store.ts';
import { createExpiringMap } from './expiring-map.ts';

/** One group. `ends`: ends by name, in the order in which names were added. */
interface Group {
  readonly ends: Map<string, EpochSeconds>;
  /** The latest end that a member ever had. */
  readonly endsAt: number;
  /** With so many members the ended ones are looked for. */
  readonly sweptAt: number;
}

const smallGroup = 16;

/** Groups of session names in this process. */
export function createMemoryIndex(clock: Clock, maxGroups: number): SessionIndex {
  const groups = createExpiringMap<Group>(maxGroups, ({ endsAt }) => endsAt);
  return {
    async add(name, member, endsAt) {
      const now = clock.now();
      const group = groups.get(name, now) ?? { ends: new Map(), endsAt, sweptAt: smallGroup };
      group.ends.set(member, endsAt);
      const sweptAt = group.ends.size < group.sweptAt ? group.sweptAt : sweep(group, now);
      groups.set(name, { ends: group.ends, endsAt: Math.max(endsAt, group.endsAt), sweptAt }, now);
    },
    async list(name) {
      const now = clock.now();
      return [...(groups.get(name, now)?.ends ?? [])].filter(([, end]) => now < end).map(([member]) => member);
    },
    async remove(name, members) {
      const now = clock.now();
      const group = groups.get(name, now);
      for (const member of members) group?.ends.delete(member);
      if (group?.ends.size === 0) groups.delete(name, now);
    },
  };
}

/** Drops the ended members; the size at which to do so again, so that an addition costs the same in any group. */
function sweep({ ends }: Group, now: EpochSeconds): number {
  for (const [member, end] of ends) if (now >= end) ends.delete(member);
  return Math.max(smallGroup, 2 * ends.size);
}
