import { afterEach, beforeAll, beforeEach } from 'vitest';
import { expectHealthyAgent } from './agent-aftermath.ts';
import { type AgentWorld, type AgentWorldOptions, startAgentWorld } from './agent-world.ts';

/** Both ways to keep sessions. */
export const states = ['store', 'sealed'] as const;

/**
 * The worlds of a test file, by name: started before its tests, reset before each, and each that a test used looked at
 * after it (see agent-aftermath.ts). To be called at the top of the file; the answer finds a world.
 */
export function agentWorlds<Kind extends string>(
  options: Readonly<Record<Kind, AgentWorldOptions>>,
): (kind: Kind) => AgentWorld {
  const worlds = new Map<string, AgentWorld>();
  const used = new Set<AgentWorld>();

  beforeAll(async () => {
    await Promise.all(
      Object.entries<AgentWorldOptions>(options).map(async ([kind, each]) => {
        worlds.set(kind, await startAgentWorld(each));
      }),
    );
  });
  beforeEach(() => {
    for (const world of worlds.values()) world.reset();
    used.clear();
  });
  afterEach(async () => {
    for (const world of used) await expectHealthyAgent(world);
  });

  return (kind) => {
    const world = worlds.get(kind);
    if (world === undefined) throw new Error(`no world: ${kind}`);
    used.add(world);
    return world;
  };
}
