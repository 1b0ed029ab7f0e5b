import { beforeEach, describe, expect, it } from 'vitest';
import { type FailingStore, failingStore } from '../../test/support/failing-store.ts';
import { type ManualTime, manualTime } from '../../test/support/manual-time.ts';
import { createMemoryStore } from '../adapters/memory/memory-store.ts';
import { epochSecondsOf, secondsOf } from '../core/time.ts';
import { type SessionRecords, StoreUnavailableError } from '../ports/store.ts';
import { writeThrough } from './write-through.ts';

const mine = new Uint8Array([1, 2, 3]);
const replacement = { name: 'a', generation: 1, sealed: mine, keepsClaim: false };

describe('writeThrough', () => {
  let time: ManualTime;
  let store: FailingStore;

  beforeEach(async () => {
    time = manualTime();
    store = failingStore(createMemoryStore({ clock: time.clock }));
    const now = time.clock.now();
    await store.sessions.create('a', {
      sealed: new Uint8Array([0]),
      lastSeenAt: now,
      endsAt: epochSecondsOf(now + 1000),
      idleFor: secondsOf(1000),
      keyId: 'AAAAAA',
    });
  });

  const write = (records: SessionRecords = store.sessions) => writeThrough(replacement, { records, pause: time.pause });
  const sealed = async () => [...((await store.sessions.find('a'))?.sealed ?? [])];

  it('writes as soon as the store is back (F7)', async () => {
    store.setReachable(false);
    const written = write();
    await time.pass(60_000);
    store.setReachable(true);
    await time.pass(50);
    expect(await written).toBe(true);
    expect(await sealed()).toEqual([1, 2, 3]);
  });

  /** Each write is carried out, and nobody hears of the first. */
  function withoutFirstReply(afterwards: () => Promise<unknown> = async () => undefined): SessionRecords {
    let isFirst = true;
    return {
      ...store.sessions,
      async replace(...parts) {
        const isReplaced = await store.sessions.replace(...parts);
        if (!isFirst) return isReplaced;
        isFirst = false;
        await afterwards();
        throw new StoreUnavailableError('a session replacement');
      },
    };
  }

  it('recognises its own write of whose outcome it did not hear', async () => {
    const written = write(withoutFirstReply());
    await time.pass(50);
    expect(await written).toBe(true);
    expect(await store.sessions.find('a')).toMatchObject({ generation: 2 });
  });

  it('does not take the write of another for its own', async () => {
    const written = write(withoutFirstReply(() => store.sessions.replace('a', 2, new Uint8Array([9]))));
    await time.pass(50);
    expect(await written).toBe(false);
    expect(await sealed()).toEqual([9]);
  });

  it('brings nothing back that was ended (F11)', async () => {
    const written = write(withoutFirstReply(() => store.sessions.delete('a')));
    await time.pass(50);
    expect(await written).toBe(false);
    expect(await store.sessions.find('a')).toBeUndefined();
  });

  it('gives up after two minutes', async () => {
    store.setReachable(false);
    const written = expect(write()).rejects.toThrow(StoreUnavailableError);
    await time.pass(121_000);
    await written;
  });
});
