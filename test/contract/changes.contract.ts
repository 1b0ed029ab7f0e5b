import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { epochSecondsOf, secondsOf } from '../../src/core/time.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { type NewSessionRecord, type SessionChange, type Store, staleAfterMs } from '../../src/ports/store.ts';
import { until } from '../support/until.ts';

/** The same records, twice: as two processes have them. For the store of one process both are one. */
export interface TwoStores {
  readonly store: Store;
  readonly other: Store;
}

// For two busy processors.
const slackMs = 500;

/** What src/ports/store.ts says about changes, for any adapter. */
export function describeChanges(adapter: string, open: (clock: Clock) => Promise<TwoStores>): void {
  describe(`changes of sessions on ${adapter}`, () => {
    let store: Store;
    let other: Store;

    beforeEach(async () => {
      ({ store, other } = await open(systemClock));
    });
    afterEach(() => Promise.all([store.close(), other.close()]));

    it('are told to each process, with what is there now', async () => {
      const stores = [store, other];
      const heard = stores.map((one) => changesOf(one));
      for (const one of stores) await until('changes are current', () => one.changes.isCurrent());
      const record = newSession();
      for (const name of ['replaced', 'touched', 'deleted', 'over']) await store.sessions.create(name, record);
      await store.sessions.replace('replaced', 1, Buffer.from('second'));
      await store.sessions.touch('touched', epochSecondsOf(record.lastSeenAt + 7));
      await store.sessions.delete('deleted');
      await store.sessions.deleteGeneration('over', 1);
      for (const changes of heard) {
        await until('all was told', () => changes.size >= 4);
        expect([...changes].toSorted()).toEqual([
          `deleted 0 ${record.lastSeenAt}`,
          `over 0 ${record.lastSeenAt}`,
          `replaced 2 ${record.lastSeenAt}`,
          `touched 1 ${record.lastSeenAt + 7}`,
        ]);
      }
    });

    it('are none where nothing was changed, and claims are none', async () => {
      const heard = changesOf(other);
      await until('changes are current', () => other.changes.isCurrent());
      await store.sessions.create('a', newSession());
      await store.sessions.claim('a', 1, 'holder', 1000);
      await store.sessions.renewClaim('a', 'holder', 1000);
      await store.sessions.release('a', 'holder', 1000);
      await store.sessions.replace('a', 7, Buffer.from('late'));
      await store.sessions.touch('a', epochSecondsOf(0));
      await store.sessions.deleteGeneration('a', 7);
      await store.sessions.delete('absent');
      await store.sessions.create('last', newSession());
      await store.sessions.delete('last');
      await until('the last one was told', () => heard.size > 0);
      expect([...heard].map((change) => change.split(' ')[0])).toEqual(['last']);
    });

    it('are told within a second, or are said not to be current', async () => {
      const heard = changesOf(other);
      await until('changes are current', () => other.changes.isCurrent());
      for (let n = 0; n < 20; n += 1) {
        await store.sessions.create(`s${n}`, newSession());
        await store.sessions.delete(`s${n}`);
        const deletedAt = performance.now();
        await until(
          'it was told or is not current',
          () => [...heard].some((change) => change.startsWith(`s${n} 0 `)) || !other.changes.isCurrent(),
          { everyMs: 2 },
        );
        expect(performance.now() - deletedAt).toBeLessThan(staleAfterMs + slackMs);
      }
    });

    it('are told to each listener until it ends its subscription', async () => {
      const told: string[] = [];
      const listener = (who: string) => (change: SessionChange) => {
        if (change.kind === 'changed') told.push(`${who} ${change.name}`);
      };
      const endFirst = store.changes.subscribe(listener('first'));
      store.changes.subscribe(listener('second'));
      await until('changes are current', () => store.changes.isCurrent());
      const change = async (name: string): Promise<void> => {
        await store.sessions.create(name, newSession());
        await store.sessions.delete(name);
        await until('it was told', () => told.includes(`second ${name}`));
      };
      await change('a');
      endFirst();
      endFirst();
      await change('b');
      expect(new Set(told)).toEqual(new Set(['first a', 'second a', 'second b']));
    });
  });
}

/** The changes that a store tells, as text; a cluster tells each as often as it has masters. */
export function changesOf(store: Store): ReadonlySet<string> {
  const heard = new Set<string>();
  store.changes.subscribe((change) => {
    if (change.kind === 'changed') heard.add(`${change.name} ${change.generation} ${change.lastSeenAt}`);
  });
  return heard;
}

export function newSession(): NewSessionRecord {
  return {
    sealed: Buffer.from('sealed'),
    lastSeenAt: systemClock.now(),
    endsAt: epochSecondsOf(systemClock.now() + 1000),
    idleFor: secondsOf(100),
    keyId: 'key',
  };
}
