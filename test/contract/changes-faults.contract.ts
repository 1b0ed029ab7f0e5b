import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Store, staleAfterMs } from '../../src/ports/store.ts';
import { until } from '../support/until.ts';
import { changesOf, newSession, type TwoStores } from './changes.contract.ts';

/** Redis of some topology, to be disturbed. */
export interface DisturbedRedis {
  /** With a short command time-out, so that a connection is given up while Redis stands still. */
  open(commandTimeoutMs: number): Promise<TwoStores>;
  /** Every process stands still. */
  pause(): Promise<void> | void;
  resume(): Promise<void> | void;
  /** Closes the connections of a kind on every master, from the side of Redis. */
  cut(type: 'pubsub' | 'normal'): Promise<void>;
  /** Lets a replica take the place of a master; absent where there is none. */
  readonly switchMaster?: (() => Promise<void>) | undefined;
}

// For two busy processors.
const slackMs = 500;

/** What src/ports/store.ts says about changes when Redis or the way to it fails, for any topology. */
export function describeChangesFaults(topology: string, redis: DisturbedRedis): void {
  describe(`changes of sessions through faults of ${topology}`, () => {
    let store: Store;
    let other: Store;
    let heard: ReadonlySet<string>;
    let unknowns: number;

    beforeEach(async () => {
      ({ store, other } = await redis.open(500));
      unknowns = 0;
      heard = changesOf(store);
      store.changes.subscribe((change) => {
        if (change.kind === 'unknown') unknowns += 1;
      });
      await current();
    });
    afterEach(async () => {
      await redis.resume();
      await Promise.all([store.close(), other.close()]);
    });

    const current = (): Promise<boolean> => until('changes are current', () => store.changes.isCurrent());

    it('are not current before somebody listens, nor after the end', async () => {
      expect(other.changes.isCurrent()).toBe(false);
      await store.close();
      expect(store.changes.isCurrent()).toBe(false);
    });

    it('are not current soon after Redis stands still, and are again when it goes on', async () => {
      const unknownsBefore = unknowns;
      await redis.pause();
      const pausedAt = performance.now();
      await until('they are not current', () => !store.changes.isCurrent(), { everyMs: 5 });
      expect(performance.now() - pausedAt).toBeLessThan(staleAfterMs + slackMs);
      await until('the connections are given up', () => unknowns > unknownsBefore);
      expect(store.changes.isCurrent()).toBe(false);
      const unknownsWithout = unknowns;
      await redis.resume();
      await current();
      // What happened between the two connections, nobody has heard.
      expect(unknowns).toBeGreaterThan(unknownsWithout);
    });

    it('are not current when this process itself stood still', () => {
      const startedAt = performance.now();
      while (performance.now() - startedAt < staleAfterMs);
      expect(store.changes.isCurrent()).toBe(false);
    });

    it.each(['pubsub', 'normal'] as const)('go unheard only together with a word of it (cut: %s)', async (type) => {
      for (let n = 0; n < 5; n += 1) {
        await current();
        const before = unknowns;
        const name = `${type} ${n}`;
        await until('it is created', () => other.sessions.create(name, newSession()));
        await redis.cut(type);
        await until('it is deleted', () => other.sessions.delete(name));
        const deletedAt = performance.now();
        await until(
          'it was told, or that something was not, or they are not current',
          () =>
            [...heard].some((change) => change.startsWith(`${name} 0 `)) ||
            unknowns > before ||
            !store.changes.isCurrent(),
          { everyMs: 2 },
        );
        expect(performance.now() - deletedAt).toBeLessThan(staleAfterMs + slackMs);
        await current();
        expect([...heard].some((change) => change.startsWith(`${name} 0 `)) || unknowns > before).toBe(true);
      }
    });

    const { switchMaster } = redis;
    if (switchMaster === undefined) return;

    it('go unheard only together with a word of it (failover)', async () => {
      const names = Array.from({ length: 300 }, (_, n) => `failover ${n}`);
      for (const name of names) await other.sessions.create(name, newSession());
      const unknownAt: number[] = [];
      store.changes.subscribe((change) => {
        if (change.kind === 'unknown') unknownAt.push(performance.now());
      });
      const deletedAt = new Map<string, number>();
      const switching = switchMaster();
      const waiting = [...names];
      await until(
        'all are deleted',
        async () => {
          const name = waiting.shift();
          if (name === undefined) return true;
          deletedAt.set(name, performance.now());
          if (!(await other.sessions.delete(name).catch(() => false))) deletedAt.delete(name);
          return false;
        },
        { everyMs: 5 },
      );
      await switching;
      await current();
      const isTold = (name: string): boolean => [...heard].some((change) => change.startsWith(`${name} 0 `));
      for (const [name, at] of deletedAt) {
        await until(`${name} was told`, () => isTold(name) || unknownAt.some((moment) => moment > at));
      }
      expect(deletedAt.size).toBeGreaterThan(100);
      await other.sessions.create('afterwards', newSession());
      await until('it is deleted', () => other.sessions.delete('afterwards'));
      await until('changes are told again', () => isTold('afterwards'));
    });
  });
}
