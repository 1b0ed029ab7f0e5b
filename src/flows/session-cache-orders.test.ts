import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cacheWorld } from '../../test/support/session-cache-world.ts';

describe('whatever happens in whatever order', () => {
  type Step =
    | 'replace'
    | 'delete'
    | 'own_delete'
    | 'tell'
    | 'lose'
    | 'restore'
    | 'find'
    | 'hold'
    | 'release'
    | 'pass'
    | 'stall'
    | 'resume';
  const steps: readonly Step[] = [
    'replace',
    'delete',
    'own_delete',
    'tell',
    'tell',
    'lose',
    'restore',
    'find',
    'find',
    'find',
    'hold',
    'release',
    'pass',
    'stall',
    'resume',
  ];

  it('nobody gets a session that was changed before he asked, once that was told or while nothing is heard', async () => {
    const step = fc.record({ step: fc.constantFrom(...steps), name: fc.constantFrom('a', 'b') });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (script) => {
        const { store, cache, clock, sealed, begin } = cacheWorld({ maxSessions: 2 });
        for (const name of ['a', 'b']) await begin(name);
        const generations = new Map([
          ['a', 1],
          ['b', 1],
        ]); // Infinity: gone
        const told = new Map(generations);
        const queue: (readonly [string, number])[] = [];
        const answers: Promise<void>[] = [];
        const state = { isLost: false };
        let release = async (): Promise<void> => undefined;
        const change = (name: string, generation: number) => {
          generations.set(name, generation);
          if (!state.isLost) queue.push([name, generation]);
        };
        const know = (all: Iterable<readonly [string, number]>) => {
          for (const [name, generation] of all) told.set(name, Math.max(generation, told.get(name) ?? 0));
        };
        for (const { step: kind, name } of script) {
          const generation = generations.get(name) ?? 0;
          switch (kind) {
            case 'replace':
              if (await store.elsewhere.replace(name, generation, sealed(name))) change(name, generation + 1);
              break;
            case 'delete':
              if (await store.elsewhere.delete(name)) change(name, Number.POSITIVE_INFINITY);
              break;
            case 'own_delete':
              if (await cache.records.delete(name)) change(name, Number.POSITIVE_INFINITY);
              know([[name, generations.get(name) ?? 0]]);
              break;
            case 'tell':
              if (store.tell()) know(queue.splice(0, 1));
              break;
            case 'lose':
              store.loseNews();
              queue.length = 0;
              state.isLost = true;
              break;
            case 'restore':
              store.restoreNews();
              state.isLost = false;
              know(generations);
              break;
            case 'stall':
            case 'resume':
              if (!state.isLost) store.stall(kind === 'stall');
              break;
            case 'find': {
              const least = (store.changes.isCurrent() ? told : generations).get(name) ?? 0;
              const answer = cache.find(name).then((found) => {
                if (found !== undefined) expect(found.generation).toBeGreaterThanOrEqual(least);
              });
              answers.push(answer);
              break;
            }
            case 'hold':
              await release();
              release = store.holdReads();
              break;
            case 'release':
              await release();
              break;
            case 'pass':
              clock.advance(4);
          }
          await new Promise(setImmediate);
        }
        await release();
        await Promise.all(answers);
      }),
      { numRuns: 300 },
    );
  });
});
