import { beforeEach, describe, expect, it } from 'vitest';
import { fixedClock } from '../../test/support/fixed-clock.ts';
import { tokenSetAt } from '../../test/support/session.ts';
import { cacheWorld } from '../../test/support/session-cache-world.ts';
import type { Session } from '../core/session/session.ts';
import { epochSecondsOf } from '../core/time.ts';
import { StoreUnavailableError } from '../ports/store.ts';

let world: ReturnType<typeof cacheWorld>;
beforeEach(async () => {
  world = cacheWorld();
  await world.begin('a');
});

describe('a session that was read', () => {
  it('is served without the store, as it was', async () => {
    const read = await world.cache.find('a');
    expect(read).toMatchObject({ name: 'a', generation: 1, session: { subject: 'alice' } });
    expect(await world.cache.find('a')).toEqual(read);
    expect(world.store.reads).toEqual(['a']);
  });

  it('is read again after ten seconds, whatever was told', async () => {
    await world.look();
    world.clock.advance(10);
    expect(await world.look()).toEqual([1, 0]);
    world.clock.advance(0.001);
    expect(await world.look()).toEqual([1, 1]);
    expect(await world.look()).toEqual([1, 0]);
  });

  it('is read each time while nothing is heard, and served again when nothing was missed', async () => {
    await world.look();
    world.store.stall(true);
    for (let looks = 0; looks < 3; looks += 1) expect(await world.look()).toEqual([1, 1]);
    world.store.stall(false);
    expect(await world.look()).toEqual([1, 0]);
  });

  it('is read each time while changes are not heard, and once more when they are again', async () => {
    await world.look();
    world.store.loseNews();
    for (let looks = 0; looks < 3; looks += 1) expect(await world.look()).toEqual([1, 1]);
    world.store.restoreNews();
    expect(await world.look()).toEqual([1, 1]);
    expect(await world.look()).toEqual([1, 0]);
  });

  it('is none as soon as its end is told (S2), and that is asked each time', async () => {
    await world.look();
    await world.store.elsewhere.delete('a');
    expect(await world.look()).toEqual([1, 0]);
    world.tellAll();
    expect(await world.look()).toEqual([undefined, 1]);
    expect(await world.look()).toEqual([undefined, 1]);
  });

  it('that ended unheard is none when changes are heard again', async () => {
    await world.look();
    world.store.loseNews();
    await world.store.elsewhere.delete('a');
    world.store.restoreNews();
    expect(await world.look()).toEqual([undefined, 1]);
  });

  it('is read again when another generation is told, and not for a touch', async () => {
    await world.look();
    await world.store.elsewhere.replace('a', 1, world.sealed('a'));
    world.tellAll();
    expect(await world.look()).toEqual([2, 1]);

    world.clock.advance(5);
    await world.store.elsewhere.touch('a', world.clock.now());
    world.tellAll();
    expect(await world.look()).toEqual([2, 0]);
    expect(await world.cache.find('a')).toMatchObject({ lastSeenAt: world.clock.now() });
  });

  it('gives way to one that was used later, and none is kept where none may be', async () => {
    const small = cacheWorld({ maxSessions: 2 });
    for (const name of ['a', 'b', 'c']) await small.begin(name);
    for (const name of ['a', 'b', 'a', 'c']) await small.look(name);
    expect([await small.look('a'), await small.look('c'), await small.look('b')]).toEqual([
      [1, 0],
      [1, 0],
      [1, 1],
    ]);
    const none = cacheWorld({ maxSessions: 0 });
    await none.begin('a');
    for (let looks = 0; looks < 2; looks += 1) expect(await none.look()).toEqual([1, 1]);
  });

  it('is not told of any more after the end of the cache, and read each time', async () => {
    expect(world.store.listeners).toBe(1);
    await world.look();
    world.cache.close();
    expect(world.store.listeners).toBe(0);
    for (let looks = 0; looks < 2; looks += 1) expect(await world.look()).toEqual([1, 1]);
  });
});

describe('a read that is under way', () => {
  it('serves all who ask meanwhile', async () => {
    const release = world.store.holdReads();
    const asked = Array.from({ length: 20 }, () => world.cache.find('a'));
    await release();
    expect((await Promise.all(asked)).map((found) => found?.generation)).toEqual(Array(20).fill(1));
    expect(world.store.reads).toEqual(['a']);
  });

  it.each([
    ['the change of its session', (): unknown => world.store.elsewhere.delete('a'), 1],
    ['that changes were missed', (): unknown => world.store.restoreNews(), 1],
    ['a deletion of our own', (): unknown => world.cache.records.delete('a'), 1],
  ])('when %s is heard serves only those who asked before, and is not kept', async (_, change, reads) => {
    const release = world.store.holdReads();
    const before = world.cache.find('a');
    await change();
    world.tellAll();
    const after = world.cache.find('a');
    await release();
    await Promise.all([before, after]);
    expect(world.store.reads).toEqual(['a', 'a']);
    const now = (await world.store.elsewhere.find('a'))?.generation;
    expect(await world.look()).toEqual([now, now === undefined ? reads : 0]);
  });

  it('is not kept when two changes are heard while it lasts, the first of which it has seen', async () => {
    const release = world.store.holdReads();
    await world.store.elsewhere.replace('a', 1, world.sealed('a'));
    const asked = world.cache.find('a');
    world.tellAll();
    await world.store.elsewhere.delete('a');
    world.tellAll();
    await release();
    await asked;
    expect(await world.look()).toEqual([undefined, 1]);
  });

  it('serves nobody else while changes are not heard', async () => {
    world.store.loseNews();
    const release = world.store.holdReads();
    const asked = [world.cache.find('a'), world.cache.find('a')];
    await release();
    await Promise.all(asked);
    expect(world.store.reads).toEqual(['a', 'a']);
  });
});

describe('what this process changes itself', () => {
  const changes = [
    ['a deletion', () => world.cache.records.delete('a')],
    ['a deletion of its generation', () => world.cache.records.deleteGeneration('a', 1)],
    ['a replacement', () => world.cache.records.replace('a', 1, world.sealed('a'))],
  ] as const;

  it.each(changes)('%s is seen at once, before anything is heard', async (_, change) => {
    await world.look();
    expect(await change()).toBe(true);
    const now = (await world.store.elsewhere.find('a'))?.generation;
    expect(await world.look()).toEqual([now, 1]);
  });

  it.each(changes)('%s whose outcome is not known is not served as it was', async (_, change) => {
    await world.look();
    world.store.failNext('carried_out');
    await expect(change()).rejects.toBeInstanceOf(StoreUnavailableError);
    const now = (await world.store.elsewhere.find('a'))?.generation;
    expect(now).not.toBe(1);
    expect(await world.look()).toEqual([now, 1]);
  });

  it('is not undone by a read that began before it and ended in it', async () => {
    const release = world.store.holdReads();
    const before = world.cache.find('a');
    const deleted = world.cache.records.delete('a');
    const meanwhile = world.cache.find('a');
    await release();
    await Promise.all([before, deleted, meanwhile]);
    expect(await world.look()).toEqual([undefined, 1]);
  });

  it('a touch is seen at once; one that failed is not', async () => {
    await world.look();
    const begun = world.clock.now();
    world.clock.advance(5);
    const touched = world.cache.records.touch('a', world.clock.now());
    expect(await world.cache.find('a')).toMatchObject({ lastSeenAt: world.clock.now() });
    await touched;
    world.clock.advance(1);
    world.store.failNext('not_carried_out');
    await expect(world.cache.records.touch('a', world.clock.now())).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await world.cache.find('a')).toMatchObject({ lastSeenAt: epochSecondsOf(begun + 5) });
    await world.cache.records.touch('nobody', world.clock.now());
    expect(world.store.reads).toEqual(['a']);
  });
});

describe('while the store does not answer', () => {
  async function inOutage(outageGrace: number, parts: Partial<Session> = {}) {
    const spared = cacheWorld({ outageGrace });
    await spared.begin('a', parts);
    await spared.look();
    return {
      ...spared,
      goAway: () => spared.store.loseNews({ reachable: false }),
      look: () => spared.look().then(([generation]) => generation ?? 'none', outcomeOf),
    };
  }
  const outcomeOf = (error: unknown) => (error instanceof StoreUnavailableError ? 'unavailable' : error);

  it('nothing is served without a grace, be it kept or not', async () => {
    const { goAway, look } = await inOutage(0);
    goAway();
    expect(await look()).toBe('unavailable');
  });

  it('a session is served until its last reading is as old as the grace, and again when the store is back', async () => {
    const { clock, store, goAway, look } = await inOutage(60);
    clock.advance(9);
    expect(await look()).toBe(1);
    goAway();
    clock.advance(50);
    expect(await look()).toBe(1);
    clock.advance(1);
    expect(await look()).toBe('unavailable');
    store.restoreNews();
    expect(await look()).toBe(1);
  });

  it.each([
    [
      'whose token has expired',
      { tokenSet: tokenSetAt(fixedClock().now(), { expiresAt: epochSecondsOf(1_767_225_620) }) },
    ],
    ['that has ended', { endsAt: epochSecondsOf(1_767_225_620) }],
  ])('a session %s is not', async (_, parts) => {
    const { clock, goAway, look } = await inOutage(60, parts);
    goAway();
    clock.advance(19);
    expect(await look()).toBe(1);
    clock.advance(1);
    expect(await look()).toBe('unavailable');
  });

  it('a session whose token has no known end is', async () => {
    const { goAway, look } = await inOutage(60, {
      tokenSet: tokenSetAt(fixedClock().now(), { expiresAt: undefined }),
    });
    goAway();
    expect(await look()).toBe(1);
  });

  it.each([
    ['of whose end was heard', (): unknown => undefined],
    ['that could not be ended here for certain', ({ cache }: typeof world): unknown => cache.records.delete('a')],
  ])('a session %s is not served again', async (_, end) => {
    const { store, cache, clock, sealed, tellAll, goAway, look } = await inOutage(60);
    await store.elsewhere.delete('a');
    tellAll();
    goAway();
    await Promise.resolve(end({ store, cache, clock, sealed, tellAll } as typeof world)).catch(() => undefined);
    expect(await look()).toBe('unavailable');
  });

  it('a session that was seen to be none is not served again', async () => {
    const { store, goAway, look } = await inOutage(60);
    store.loseNews();
    await store.elsewhere.delete('a');
    expect(await look()).toBe('none');
    goAway();
    expect(await look()).toBe('unavailable');
  });

  it('what is no outage is no reason for grace', async () => {
    const failing = cacheWorld({ outageGrace: 60 });
    await failing.begin('a');
    await failing.look();
    failing.clock.advance(11);
    failing.store.records.find = () => Promise.reject(new TypeError('a mistake of ours'));
    await expect(failing.cache.find('a')).rejects.toBeInstanceOf(TypeError);
  });
});
