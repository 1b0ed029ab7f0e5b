import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { epochSecondsOf, secondsOf } from '../../src/core/time.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Claim, NewSessionRecord, Store } from '../../src/ports/store.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { until } from '../support/until.ts';

/** What src/ports/store.ts says about claims, for any adapter; at the machine's time, as claims go by the store's. */
export function describeClaims(adapter: string, open: (clock: Clock) => Promise<Store>): void {
  describe(`claims on sessions on ${adapter}`, () => {
    let store: Store;

    const claimed = (failures = 0): Claim => ({ kind: 'claimed', failures });
    const claim = (holder: string, milliseconds = 60_000, generation = 1): Promise<Claim> =>
      store.sessions.claim('a', generation, holder, milliseconds);
    const replace = (generation: number, keepsClaim = false): Promise<boolean> =>
      store.sessions.replace('a', generation, Buffer.from('next'), { keepsClaim });
    /** Asks until the answer is no `held` any more. */
    const claimedAtLast = (holder: string): Promise<Claim> =>
      until('the claim is free', async () => {
        const answer = await claim(holder);
        return answer.kind !== 'held' && answer;
      });
    /** Lets the claim of `first` run out and `second` take it. */
    const takenOver = async (first: string, second: string): Promise<void> => {
      expect(await claim(first, 1)).toEqual(claimed());
      expect(await claimedAtLast(second)).toEqual(claimed());
    };

    beforeEach(async () => {
      store = await open(systemClock);
      await store.sessions.create('a', session(systemClock));
    });
    afterEach(() => store.close());

    it('let one of 100 claimers through, and tell the others that it is held (F1)', async () => {
      const answers = await Promise.all(range(100).map((n) => claim(`holder ${n}`)));
      expect(answers.filter(({ kind }) => kind === 'claimed')).toEqual([claimed()]);
      expect(answers.filter(({ kind }) => kind === 'held')).toHaveLength(99);
    });

    it('may be made again by their holder', async () => {
      expect(await claim('one')).toEqual(claimed());
      expect(await claim('one')).toEqual(claimed());
      expect(await claim('two')).toEqual({ kind: 'held' });
    });

    it('may be made again by their holder after they ran out', async () => {
      await claim('one', 1);
      await until('it ran out', async () => (await claim('one', 1)).kind === 'claimed');
      expect(await claim('one')).toEqual(claimed());
    });

    it('are not passed on before half a second after somebody came for one that had run out (F5)', async () => {
      const startedAt = performance.now();
      await takenOver('one', 'two');
      expect(performance.now() - startedAt).toBeGreaterThan(490);
      expect(await claim('one')).toEqual({ kind: 'held' });
    });

    it('are passed on to one of many who wait (F5)', async () => {
      await claim('gone', 1);
      const winners: string[] = [];
      await until('somebody has it', async () => {
        const names = range(20).map((n) => `waiter ${n}`);
        const answers = await Promise.all(names.map((name) => claim(name)));
        winners.push(...names.filter((_, index) => answers[index]?.kind === 'claimed'));
        return winners.length > 0;
      });
      expect(winners).toHaveLength(1);
    });

    it('are taken back by a holder that was held up, while another waits to take over (F3)', async () => {
      await claim('slow', 1);
      expect(await claim('next')).toEqual({ kind: 'held' });
      expect(await claim('next')).toEqual({ kind: 'held' });
      expect(await store.sessions.renewClaim('a', 'slow', 60_000)).toBe(true);
      const until700 = performance.now() + 700;
      await until('the half second is over', async () => {
        expect(await claim('next')).toEqual({ kind: 'held' });
        return performance.now() > until700;
      });
      expect(await store.sessions.renewClaim('a', 'slow', 60_000)).toBe(true);
    });

    it('are renewed by their holder only, and not after another has taken them', async () => {
      await claim('one');
      expect(await store.sessions.renewClaim('a', 'two', 60_000)).toBe(false);
      expect(await store.sessions.renewClaim('a', 'one', 1)).toBe(true);
      expect(await claimedAtLast('two')).toEqual(claimed());
      expect(await store.sessions.renewClaim('a', 'one', 60_000)).toBe(false);
      expect(await claim('three')).toEqual({ kind: 'held' });
    });

    it('fence nothing: a holder that lost its own still writes what it got, by the generation (F5)', async () => {
      await takenOver('slow', 'next');
      expect(await replace(1)).toBe(true);
      expect(await replace(1)).toBe(false);
      expect(await claim('next')).toEqual({ kind: 'replaced' });
      expect(await claim('next', 60_000, 2)).toEqual(claimed());
    });

    it('end when the record is replaced', async () => {
      await claim('one');
      await replace(1);
      expect(await claim('one')).toEqual({ kind: 'replaced' });
      expect(await store.sessions.renewClaim('a', 'one', 60_000)).toBe(false);
      expect(await claim('two', 60_000, 2)).toEqual(claimed());
    });

    it('stay with a replacement that keeps them', async () => {
      await claim('one');
      expect(await replace(1, true)).toBe(true);
      expect(await claim('two', 60_000, 2)).toEqual({ kind: 'held' });
      expect(await store.sessions.renewClaim('a', 'one', 60_000)).toBe(true);
      expect(await replace(2)).toBe(true);
      expect(await claim('two', 60_000, 3)).toEqual(claimed());
    });

    it('are nobody’s after a release with a back-off, until it is over (F10)', async () => {
      await claim('one');
      await store.sessions.release('a', 'one', 300);
      for (const holder of ['one', 'two']) {
        expect(await claim(holder)).toEqual({
          kind: 'backing_off',
          milliseconds: expect.toSatisfy((left: number) => left > 0 && left <= 300),
        });
      }
      expect(await store.sessions.renewClaim('a', 'one', 60_000)).toBe(false);
      const after = await until('it is over', async () => {
        const answer = await claim('two');
        return answer.kind !== 'backing_off' && answer;
      });
      expect(after).toEqual(claimed(1));
    });

    it('count the failures since the last replacement', async () => {
      for (const failures of range(3)) {
        expect(
          await until('the back-off is over', async () => {
            const answer = await claim('one');
            return answer.kind !== 'backing_off' && answer;
          }),
        ).toEqual(claimed(failures));
        await store.sessions.release('a', 'one', 1);
      }
      expect(await replace(1, true)).toBe(true);
      await until('the back-off is over', async () => (await claim('one', 60_000, 2)).kind === 'claimed');
      expect(await claim('one', 60_000, 2)).toEqual(claimed(3));
      await replace(2);
      expect(await claim('one', 60_000, 3)).toEqual(claimed(0));
    });

    it('are free at once after a release without a back-off, which counts no failure', async () => {
      await claim('one');
      await store.sessions.release('a', 'one', 0);
      expect(await claim('two')).toEqual(claimed(0));
    });

    it('are not released by others', async () => {
      await claim('one');
      await store.sessions.release('a', 'two', 0);
      await store.sessions.release('a', 'two', 60_000);
      expect(await claim('three')).toEqual({ kind: 'held' });
      expect(await store.sessions.renewClaim('a', 'one', 60_000)).toBe(true);
    });

    it('are for the generation that is there', async () => {
      expect(await claim('one', 60_000, 2)).toEqual({ kind: 'replaced' });
      expect(await store.sessions.claim('absent', 1, 'one', 60_000)).toEqual({ kind: 'replaced' });
    });

    it('bring nothing back that was deleted: a logout wins (F11)', async () => {
      await claim('one');
      await store.sessions.delete('a');
      expect(await claim('one')).toEqual({ kind: 'replaced' });
      expect(await store.sessions.renewClaim('a', 'one', 60_000)).toBe(false);
      await store.sessions.release('a', 'one', 60_000);
      expect(await replace(1, true)).toBe(false);
      expect(await store.sessions.find('a')).toBeUndefined();
      expect(await store.sessions.create('a', session(systemClock))).toBe(true);
      expect(await claim('two')).toEqual(claimed(0));
    });

    it('neither prolong a session nor outlive it', async () => {
      const clock = fixedClock(Date.now() / 1000);
      const other = await open(clock);
      await other.sessions.create('b', session(clock));
      clock.advance(99);
      expect(await other.sessions.claim('b', 1, 'one', 60_000)).toEqual(claimed());
      expect(await other.sessions.renewClaim('b', 'one', 60_000)).toBe(true);
      clock.advance(1);
      expect(await other.sessions.find('b')).toBeUndefined();
      expect(await other.sessions.claim('b', 1, 'one', 60_000)).toEqual({ kind: 'replaced' });
      expect(await other.sessions.renewClaim('b', 'one', 60_000)).toBe(false);
      expect(await other.sessions.create('b', session(clock))).toBe(true);
      expect(await other.sessions.claim('b', 1, 'two', 60_000)).toEqual(claimed());
      await other.close();
    });

    it('leave the session as it is', async () => {
      const before = await store.sessions.find('a');
      await claim('one');
      await store.sessions.renewClaim('a', 'one', 60_000);
      await store.sessions.release('a', 'one', 60_000);
      const after = await store.sessions.find('a');
      expect(after?.generation).toBe(before?.generation);
      expect(after?.lastSeenAt).toBe(before?.lastSeenAt);
      expect(Buffer.from(after?.sealed ?? [])).toEqual(Buffer.from('sealed'));
    });
  });

  describe(`the deletion of one generation on ${adapter}`, () => {
    let store: Store;

    beforeEach(async () => {
      store = await open(systemClock);
      await store.sessions.create('a', session(systemClock));
    });
    afterEach(() => store.close());

    it('spares every other: a grant that is over ends no session that has a new one', async () => {
      await store.sessions.replace('a', 1, Buffer.from('second'));
      for (const generation of [0, 1, 3]) expect(await store.sessions.deleteGeneration('a', generation)).toBe(false);
      expect((await store.sessions.find('a'))?.generation).toBe(2);
      expect(await store.sessions.deleteGeneration('a', 2)).toBe(true);
      expect(await store.sessions.find('a')).toBeUndefined();
      expect(await store.sessions.deleteGeneration('a', 2)).toBe(false);
    });

    it('and a replacement of it: one of them wins', async () => {
      const [deleted, replaced] = await Promise.all([
        store.sessions.deleteGeneration('a', 1),
        store.sessions.replace('a', 1, Buffer.from('second')),
      ]);
      expect([deleted, replaced].filter((done) => done)).toHaveLength(1);
      expect((await store.sessions.find('a'))?.generation).toBe(deleted ? undefined : 2);
    });

    it('finds nothing in a session that has ended', async () => {
      const clock = fixedClock(Date.now() / 1000);
      const other = await open(clock);
      await other.sessions.create('b', session(clock));
      clock.advance(100);
      expect(await other.sessions.deleteGeneration('b', 1)).toBe(false);
      await other.close();
    });
  });
}

function session(clock: Clock): NewSessionRecord {
  return {
    sealed: Buffer.from('sealed'),
    lastSeenAt: clock.now(),
    endsAt: epochSecondsOf(clock.now() + 1000),
    idleFor: secondsOf(100),
    keyId: 'key',
  };
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
