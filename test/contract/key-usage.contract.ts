import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EpochSeconds, epochSecondsOf, secondsOf } from '../../src/core/time.ts';
import { headLength, type NewSessionRecord, type Store } from '../../src/ports/store.ts';
import { type FixedClock, fixedClock } from '../support/fixed-clock.ts';

/** What stores say of the keys that they need, for any adapter. `open` yields an empty store before each test. */
export function describeKeyUsage(adapter: string, open: (clock: FixedClock) => Promise<Store>): void {
  describe(`what keys are needed, by the store contract on ${adapter}`, () => {
    let store: Store;
    let clock: FixedClock;

    const inSeconds = (seconds: number): EpochSeconds => epochSecondsOf(clock.now() + seconds);
    const session = (changes: Partial<NewSessionRecord> = {}): NewSessionRecord => ({
      sealed: beginning('sealed'),
      lastSeenAt: clock.now(),
      endsAt: inSeconds(1000),
      idleFor: secondsOf(100),
      keyId: 'AAAAAA',
      ...changes,
    });
    const document = (value: string, endsAt: EpochSeconds | undefined) => ({
      ...{ value: beginning(value), endsAt },
      ...{ group: undefined, alias: undefined },
    });

    beforeEach(async () => {
      clock = fixedClock(Date.now() / 1000);
      store = await open(clock);
    });
    afterEach(() => store.close());

    it('yields nothing of an empty store', async () => {
      expect(await sessionsOf(store)).toEqual([]);
      expect(await documentsOf(store)).toEqual([]);
    });

    it('says of each session which key named it, how its seal begins, and its absolute end', async () => {
      await store.sessions.create('a', session({ keyId: 'AAAAAA' }));
      await store.sessions.create('b', session({ keyId: 'BBBBBB', endsAt: inSeconds(50) }));
      await store.documents.put({ kind: 'code', id: 'one' }, document('else', inSeconds(60)));
      expect(await sessionsOf(store)).toEqual([
        { keyId: 'AAAAAA', sealed: headOf('sealed'), endsAt: inSeconds(1000) },
        { keyId: 'BBBBBB', sealed: headOf('sealed'), endsAt: inSeconds(50) },
      ]);
    });

    it('keeps the key of the name when a session is written again, with the seal of now (S11)', async () => {
      await store.sessions.create('a', session());
      await store.sessions.replace('a', 1, beginning('second'));
      await store.sessions.touch('a', inSeconds(10));
      expect(await sessionsOf(store)).toEqual([{ keyId: 'AAAAAA', sealed: headOf('second'), endsAt: inSeconds(1000) }]);
    });

    it('leaves out what has ended', async () => {
      await store.sessions.create('idle', session());
      await store.sessions.create('absolute', session({ endsAt: inSeconds(50) }));
      await store.sessions.create('deleted', session({ idleFor: secondsOf(500) }));
      await store.sessions.delete('deleted');
      await store.documents.put({ kind: 'code', id: 'one' }, document('one', inSeconds(100)));
      clock.advance(100);
      expect(await sessionsOf(store)).toEqual([]);
      expect(await documentsOf(store)).toEqual([]);
    });

    it('takes a value that is shorter as it is', async () => {
      await store.sessions.create('a', session({ sealed: Uint8Array.of(1) }));
      expect((await sessionsOf(store)).map(({ sealed }) => sealed)).toEqual(['01']);
    });

    it('says of each document how its seal begins, and its end, if it has one', async () => {
      await store.documents.put({ kind: 'code', id: 'one' }, document('one', inSeconds(60)));
      await store.documents.put({ kind: 'client', id: 'two' }, document('two', undefined));
      await store.sessions.create('a', session());
      expect(await documentsOf(store)).toEqual([
        { sealed: headOf('one'), endsAt: inSeconds(60) },
        { sealed: headOf('two'), endsAt: undefined },
      ]);
    });

    it('misses none of a thousand', async () => {
      const keyIds = Array.from({ length: 1000 }, (_, index) => `k${String(index).padStart(5, '0')}`);
      await Promise.all(keyIds.map((keyId) => store.sessions.create(`name-${keyId}`, session({ keyId }))));
      expect([...new Set((await sessionsOf(store)).map(({ keyId }) => keyId))]).toEqual(keyIds);
    });
  });
}

async function sessionsOf({ sessions }: Store) {
  const heads = [];
  for await (const head of sessions.heads()) heads.push({ ...head, sealed: hex(head.sealed) });
  return heads.toSorted((one, other) => compare(one.keyId ?? '', other.keyId ?? ''));
}

async function documentsOf({ documents }: Store) {
  const heads = [];
  for await (const head of documents.heads()) heads.push({ ...head, sealed: hex(head.sealed) });
  return heads.toSorted((one, other) => (one.endsAt ?? Infinity) - (other.endsAt ?? Infinity));
}

/** Bytes that are no text, and more of them than a head has. */
function beginning(word: string): Uint8Array {
  return Buffer.concat([Buffer.of(0x01, 0xff, 0x00, 0xc3), Buffer.from(word), Buffer.alloc(3000, 0x80)]);
}

function headOf(word: string): string {
  return hex(beginning(word).subarray(0, headLength));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
