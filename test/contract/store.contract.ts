// More than 300 lines: the whole contract of a store, which every adapter runs.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EpochSeconds, epochSecondsOf, secondsOf } from '../../src/core/time.ts';
import type { FoundDocument, NewSessionRecord, Store } from '../../src/ports/store.ts';
import { type FixedClock, fixedClock } from '../support/fixed-clock.ts';
import { describeKeyUsage } from './key-usage.contract.ts';

/** The obligations of src/ports/store.ts, for any adapter. `open` yields an empty store before each test. */
export function describeStore(adapter: string, open: (clock: FixedClock) => Promise<Store>): void {
  describeKeyUsage(adapter, open);
  describe(`the store contract on ${adapter}`, () => {
    let store: Store;
    let clock: FixedClock;

    const inSeconds = (seconds: number): EpochSeconds => epochSecondsOf(clock.now() + seconds);
    const session = (changes: Partial<NewSessionRecord> = {}): NewSessionRecord => ({
      sealed: bytes('sealed'),
      lastSeenAt: clock.now(),
      endsAt: inSeconds(1000),
      idleFor: secondsOf(100),
      keyId: 'AAAAAA',
      ...changes,
    });
    const document = (changes = {}) => ({
      value: bytes('value'),
      endsAt: inSeconds(100),
      group: undefined,
      alias: undefined,
      ...changes,
    });

    beforeEach(async () => {
      // At the machine's time, as Redis has a clock of its own.
      clock = fixedClock(Date.now() / 1000);
      store = await open(clock);
    });
    afterEach(() => store.close());

    it('says that it is reachable', async () => {
      expect(await store.isReachable()).toBe(true);
    });

    describe('sessions', () => {
      it('finds nothing under a name that was never created', async () => {
        expect(await store.sessions.find('absent')).toBeUndefined();
      });

      it('finds what was created, byte for byte, as generation 1', async () => {
        const sealed = Uint8Array.from({ length: 5000 }, (_, index) => (index * 31) & 0xff);
        expect(await store.sessions.create('a', session({ sealed }))).toBe(true);
        const found = await store.sessions.find('a');
        expect(Buffer.from(found?.sealed ?? [])).toEqual(Buffer.from(sealed));
        expect(found).toMatchObject({ generation: 1, lastSeenAt: clock.now() });
      });

      it('overwrites nothing', async () => {
        await store.sessions.create('a', session());
        expect(await store.sessions.create('a', session({ sealed: bytes('other') }))).toBe(false);
        expect(text((await store.sessions.find('a'))?.sealed)).toBe('sealed');
      });

      it('creates a name once among 100 at the same time', async () => {
        const outcomes = await Promise.all(range(100).map(() => store.sessions.create('a', session())));
        expect(outcomes.filter((created) => created)).toHaveLength(1);
      });

      it('replaces the generation that was read, and counts', async () => {
        await store.sessions.create('a', session());
        expect(await store.sessions.replace('a', 1, bytes('second'))).toBe(true);
        expect(await store.sessions.replace('a', 2, bytes('third'))).toBe(true);
        const found = await store.sessions.find('a');
        expect(found?.generation).toBe(3);
        expect(text(found?.sealed)).toBe('third');
      });

      it('replaces no other generation', async () => {
        await store.sessions.create('a', session());
        await store.sessions.replace('a', 1, bytes('second'));
        for (const generation of [0, 1, 3]) {
          expect(await store.sessions.replace('a', generation, bytes('stale'))).toBe(false);
        }
        expect(text((await store.sessions.find('a'))?.sealed)).toBe('second');
      });

      it('lets one of 100 writers of the same generation through (F1)', async () => {
        await store.sessions.create('a', session());
        const outcomes = await Promise.all(range(100).map((n) => store.sessions.replace('a', 1, bytes(`writer ${n}`))));
        expect(outcomes.filter((replaced) => replaced)).toHaveLength(1);
        expect((await store.sessions.find('a'))?.generation).toBe(2);
      });

      it('ends a session at its absolute end, however active it is', async () => {
        await store.sessions.create('a', session({ endsAt: inSeconds(150) }));
        clock.advance(90);
        await store.sessions.touch('a', clock.now());
        clock.advance(59);
        expect(await store.sessions.find('a')).toBeDefined();
        clock.advance(1);
        expect(await store.sessions.find('a')).toBeUndefined();
      });

      it('ends a session when it was idle for its time', async () => {
        await store.sessions.create('a', session());
        clock.advance(99);
        expect(await store.sessions.find('a')).toBeDefined();
        clock.advance(1);
        expect(await store.sessions.find('a')).toBeUndefined();
      });

      it('moves the idle end with a touch, and nothing else', async () => {
        await store.sessions.create('a', session());
        clock.advance(60);
        await store.sessions.touch('a', clock.now());
        clock.advance(99);
        const found = await store.sessions.find('a');
        expect(found).toMatchObject({ generation: 1, lastSeenAt: clock.now() - 99 });
        expect(text(found?.sealed)).toBe('sealed');
        clock.advance(1);
        expect(await store.sessions.find('a')).toBeUndefined();
      });

      it('never moves last-seen backwards', async () => {
        await store.sessions.create('a', session());
        const created = clock.now();
        await store.sessions.touch('a', epochSecondsOf(created - 50));
        expect((await store.sessions.find('a'))?.lastSeenAt).toBe(created);
      });

      it('does not extend a session by replacing it', async () => {
        await store.sessions.create('a', session());
        clock.advance(50);
        expect(await store.sessions.replace('a', 1, bytes('second'))).toBe(true);
        clock.advance(50);
        expect(await store.sessions.find('a')).toBeUndefined();
      });

      it('says whether a deletion found a record', async () => {
        await store.sessions.create('a', session());
        expect(await store.sessions.delete('a')).toBe(true);
        expect(await store.sessions.delete('a')).toBe(false);
        expect(await store.sessions.find('a')).toBeUndefined();
      });

      it('says to one of 100 deletions that it found the record', async () => {
        await store.sessions.create('a', session());
        const outcomes = await Promise.all(range(100).map(() => store.sessions.delete('a')));
        expect(outcomes.filter((deleted) => deleted)).toHaveLength(1);
      });

      it('brings nothing back that was deleted: a logout wins (F11)', async () => {
        await store.sessions.create('a', session());
        await store.sessions.delete('a');
        expect(await store.sessions.replace('a', 1, bytes('late'))).toBe(false);
        await store.sessions.touch('a', inSeconds(10));
        expect(await store.sessions.find('a')).toBeUndefined();
      });

      it('lets the logout win against writers at the same time (F11)', async () => {
        await store.sessions.create('a', session());
        await Promise.all([
          ...range(30).map((n) => store.sessions.replace('a', n, bytes('late'))),
          store.sessions.delete('a'),
          ...range(30).map((n) => store.sessions.touch('a', inSeconds(n))),
          ...range(30).map((n) => store.sessions.replace('a', n, bytes('late'))),
        ]);
        expect(await store.sessions.find('a')).toBeUndefined();
      });

      it('brings nothing back that has ended', async () => {
        await store.sessions.create('a', session());
        clock.advance(100);
        expect(await store.sessions.replace('a', 1, bytes('late'))).toBe(false);
        await store.sessions.touch('a', clock.now());
        expect(await store.sessions.find('a')).toBeUndefined();
        expect(await store.sessions.delete('a')).toBe(false);
      });

      it('gives the name of a session that has ended away again', async () => {
        await store.sessions.create('a', session());
        await store.sessions.replace('a', 1, bytes('second'));
        clock.advance(100);
        expect(await store.sessions.create('a', session({ sealed: bytes('next') }))).toBe(true);
        const found = await store.sessions.find('a');
        expect(found?.generation).toBe(1);
        expect(text(found?.sealed)).toBe('next');
      });

      it('shows nobody a session that had ended before it was created', async () => {
        await store.sessions.create('a', session({ endsAt: clock.now() }));
        await store.sessions.create('b', session({ endsAt: inSeconds(-5) }));
        expect(await store.sessions.find('a')).toBeUndefined();
        expect(await store.sessions.find('b')).toBeUndefined();
      });

      it('keeps sessions apart', async () => {
        await Promise.all(
          range(20).map((n) => store.sessions.create(`s${n}`, session({ sealed: bytes(`sealed ${n}`) }))),
        );
        await store.sessions.delete('s7');
        const found = await Promise.all(range(20).map((n) => store.sessions.find(`s${n}`)));
        expect(found.map((record) => text(record?.sealed))).toEqual(
          range(20).map((n) => (n === 7 ? undefined : `sealed ${n}`)),
        );
      });
    });

    describe('names of sessions', () => {
      it('are those of all sessions that live', async () => {
        const names = range(30).map((n) => `s${n}`);
        await Promise.all(names.map((name) => store.sessions.create(name, session())));
        await store.sessions.delete('s7');
        expect(await namesIn(store)).toEqual(names.filter((name) => name !== 's7').toSorted());
      });

      it('are none in an empty store, whatever else is in it', async () => {
        await store.once.take('s:state', inSeconds(60));
        await store.index.add('s:group', 'a', inSeconds(60));
        expect(await namesIn(store)).toEqual([]);
      });

      it('come all of 3,000, while others come and go', async () => {
        const names = range(3000).map((n) => `stays${n}`);
        await Promise.all(names.map((name) => store.sessions.create(name, session())));
        const found = new Set<string>();
        let step = 0;
        for await (const name of store.sessions.names()) {
          found.add(name);
          if (step % 10 === 0) await store.sessions.create(`comes${step}`, session());
          if (step % 10 === 5) await store.sessions.delete(`comes${step - 5}`);
          step += 1;
        }
        expect(names.filter((name) => !found.has(name))).toEqual([]);
      });
    });

    describe('the index of sessions', () => {
      it('lists a group in the order of adding, whatever the ends', async () => {
        await store.index.add('user', 'first', inSeconds(500));
        await store.index.add('user', 'second', inSeconds(10));
        await store.index.add('user', 'third', inSeconds(1000));
        await store.index.add('other', 'fourth', inSeconds(10));
        expect(await store.index.list('user')).toEqual(['first', 'second', 'third']);
        expect(await store.index.list('other')).toEqual(['fourth']);
        expect(await store.index.list('absent')).toEqual([]);
      });

      it('lists each of 300 names that were added at once', async () => {
        const names = range(300).map((n) => `s${n}`);
        await Promise.all(names.map((name) => store.index.add('user', name, inSeconds(100))));
        expect((await store.index.list('user')).toSorted()).toEqual(names.toSorted());
      });

      it('keeps the place of a name that is added again, and takes its new end', async () => {
        await store.index.add('user', 'first', inSeconds(10));
        await store.index.add('user', 'second', inSeconds(100));
        await store.index.add('user', 'first', inSeconds(100));
        expect(await store.index.list('user')).toEqual(['first', 'second']);
        clock.advance(50);
        expect(await store.index.list('user')).toEqual(['first', 'second']);
      });

      it('forgets a name at its end, and keeps the others', async () => {
        await store.index.add('user', 'short', inSeconds(10));
        await store.index.add('user', 'long', inSeconds(1000));
        clock.advance(9);
        expect(await store.index.list('user')).toEqual(['short', 'long']);
        clock.advance(1);
        expect(await store.index.list('user')).toEqual(['long']);
        await store.index.add('user', 'later', inSeconds(10));
        clock.advance(20);
        expect(await store.index.list('user')).toEqual(['long']);
      });

      it('takes no name whose end has come', async () => {
        await store.index.add('user', 'ended', clock.now());
        expect(await store.index.list('user')).toEqual([]);
        await store.index.add('user', 'live', inSeconds(10));
        await store.index.add('user', 'ended', inSeconds(-10));
        await store.index.add('user', 'live', inSeconds(-10));
        expect(await store.index.list('user')).toEqual([]);
      });

      it('removes names, once or twice, and adds one again as the newest', async () => {
        await store.index.add('user', 'first', inSeconds(100));
        await store.index.add('user', 'second', inSeconds(100));
        await store.index.remove('user', ['first', 'unknown']);
        await store.index.remove('user', ['first']);
        await store.index.remove('user', []);
        await store.index.remove('absent', ['first']);
        expect(await store.index.list('user')).toEqual(['second']);
        await store.index.add('user', 'first', inSeconds(100));
        expect(await store.index.list('user')).toEqual(['second', 'first']);
        await store.index.remove('user', ['first', 'second']);
        expect(await store.index.list('user')).toEqual([]);
      });

      it('keeps groups apart, whatever characters they have', async () => {
        const groups = ['a', 'a:b', '{a}', 'a}', '%7Ba%7D', 'é', '__proto__', ' '];
        await Promise.all(groups.map((group, n) => store.index.add(group, `s${n}`, inSeconds(60))));
        for (const [n, group] of groups.entries()) expect(await store.index.list(group)).toEqual([`s${n}`]);
      });
    });

    describe('once markers', () => {
      it('gives true to exactly one of 100 at the same time (L3)', async () => {
        const outcomes = await Promise.all(range(100).map(() => store.once.take('state', inSeconds(60))));
        expect(outcomes.filter((first) => first)).toHaveLength(1);
      });

      it('gives false to everybody after the first until the end', async () => {
        expect(await store.once.take('state', inSeconds(60))).toBe(true);
        expect(await store.once.take('state', inSeconds(600))).toBe(false);
        clock.advance(59);
        expect(await store.once.take('state', inSeconds(60))).toBe(false);
      });

      it('gives true to nobody for a thing that has ended', async () => {
        expect(await store.once.take('state', clock.now())).toBe(false);
        expect(await store.once.take('state', inSeconds(-1))).toBe(false);
      });

      it('keeps names apart, whatever characters they have', async () => {
        const names = [
          'a',
          'A',
          'a:b',
          '{a}',
          'a}',
          '{a',
          '%7Ba%7D',
          'é',
          '\u0000',
          ' a',
          '__proto__',
          'x'.repeat(5000),
        ];
        for (const name of names) expect(await store.once.take(name, inSeconds(60))).toBe(true);
        for (const name of names) expect(await store.once.take(name, inSeconds(60))).toBe(false);
      });
    });

    describe('documents', () => {
      const key = { kind: 'code', id: 'one' };
      const plain = (found: FoundDocument | undefined) => found && { ...found, value: text(found.value) };

      it('finds what was put, under its kind and id alone', async () => {
        await store.documents.put(key, document());
        expect(plain(await store.documents.find(key))).toEqual({ id: 'one', value: 'value', consumedAt: undefined });
        expect(await store.documents.find({ kind: 'grant', id: 'one' })).toBeUndefined();
        expect(await store.documents.find({ kind: 'code', id: 'two' })).toBeUndefined();
      });

      it('joins kind and id in one way only', async () => {
        await store.documents.put({ kind: 'a:b', id: 'c' }, document());
        expect(await store.documents.find({ kind: 'a', id: 'b:c' })).toBeUndefined();
        expect(await store.documents.find({ kind: 'a%3Ab', id: 'c' })).toBeUndefined();
        expect(await store.documents.find({ kind: 'a:b', id: 'c' })).toBeDefined();
      });

      it('puts a second document in place of the first', async () => {
        await store.documents.put(key, document());
        await store.documents.put(key, document({ value: bytes('second') }));
        expect(text((await store.documents.find(key))?.value)).toBe('second');
      });

      it('ends a document at its end', async () => {
        await store.documents.put(key, document({ alias: 'other' }));
        clock.advance(99);
        expect(await store.documents.find(key)).toBeDefined();
        clock.advance(1);
        expect(await store.documents.find(key)).toBeUndefined();
        expect(await store.documents.findByAlias('code', 'other')).toBeUndefined();
        expect(await store.documents.consume(key, clock.now())).toBe(false);
      });

      it('keeps a document without an end', async () => {
        await store.documents.put(key, document({ endsAt: undefined, group: 'g', alias: 'other' }));
        clock.advance(10 * 365 * 86_400);
        expect(await store.documents.find(key)).toBeDefined();
        expect(await store.documents.findByAlias('code', 'other')).toBeDefined();
        expect(await store.documents.consume(key, clock.now())).toBe(true);
        await store.documents.deleteGroup('g');
        expect(await store.documents.find(key)).toBeUndefined();
      });

      it('shows nobody a document that had ended before it was put', async () => {
        await store.documents.put(key, document());
        await store.documents.put(key, document({ endsAt: clock.now() }));
        expect(await store.documents.find(key)).toBeUndefined();
      });

      it('finds a document by its alias, within its kind', async () => {
        await store.documents.put(key, document({ alias: 'user-code' }));
        expect(plain(await store.documents.findByAlias('code', 'user-code'))?.id).toBe('one');
        expect(await store.documents.findByAlias('grant', 'user-code')).toBeUndefined();
        expect(await store.documents.findByAlias('code', 'one')).toBeUndefined();
      });

      it('finds nothing by an alias that the document no longer has', async () => {
        await store.documents.put(key, document({ alias: 'first' }));
        await store.documents.put(key, document({ alias: 'second' }));
        expect(await store.documents.findByAlias('code', 'first')).toBeUndefined();
        expect(await store.documents.findByAlias('code', 'second')).toBeDefined();
        await store.documents.delete(key);
        expect(await store.documents.findByAlias('code', 'second')).toBeUndefined();
      });

      it('is consumed by exactly one of 100 at the same time, and says when (X4)', async () => {
        await store.documents.put(key, document());
        const at = inSeconds(5);
        const outcomes = await Promise.all(range(100).map(() => store.documents.consume(key, at)));
        expect(outcomes.filter((consumed) => consumed)).toHaveLength(1);
        expect((await store.documents.find(key))?.consumedAt).toBe(at);
      });

      it('stays consumed when it is put again (X4)', async () => {
        await store.documents.put(key, document());
        await store.documents.consume(key, clock.now());
        await store.documents.put(key, document({ value: bytes('late') }));
        expect((await store.documents.find(key))?.consumedAt).toBe(clock.now());
        expect(await store.documents.consume(key, clock.now())).toBe(false);
      });

      it('consumes nothing that is not there, and brings nothing back by it', async () => {
        expect(await store.documents.consume(key, clock.now())).toBe(false);
        await store.documents.put(key, document());
        await store.documents.delete(key);
        expect(await store.documents.consume(key, clock.now())).toBe(false);
        expect(await store.documents.find(key)).toBeUndefined();
      });

      it('deletes a group whole and nothing besides (X4)', async () => {
        const members = range(1200).map((n) => ({ kind: n % 2 === 0 ? 'code' : 'access-token', id: `m${n}` }));
        await Promise.all(
          members.map((member) => store.documents.put(member, document({ group: 'grant 1', alias: member.id }))),
        );
        await store.documents.put({ kind: 'code', id: 'else' }, document({ group: 'grant 2' }));
        await store.documents.put({ kind: 'code', id: 'alone' }, document());
        await store.documents.deleteGroup('grant 1');
        const left = await Promise.all(members.map((member) => store.documents.find(member)));
        expect(left.filter((found) => found !== undefined)).toEqual([]);
        expect(await store.documents.findByAlias('code', 'm0')).toBeUndefined();
        expect(await store.documents.find({ kind: 'code', id: 'else' })).toBeDefined();
        expect(await store.documents.find({ kind: 'code', id: 'alone' })).toBeDefined();
      });

      it('deletes an absent group, and the same group twice', async () => {
        await store.documents.deleteGroup('absent');
        await store.documents.put(key, document({ group: 'g' }));
        await store.documents.deleteGroup('g');
        await store.documents.deleteGroup('g');
        expect(await store.documents.find(key)).toBeUndefined();
      });

      it('takes new documents into a group that was deleted', async () => {
        await store.documents.put(key, document({ group: 'g' }));
        await store.documents.deleteGroup('g');
        await store.documents.put({ kind: 'code', id: 'two' }, document({ group: 'g' }));
        expect(await store.documents.find({ kind: 'code', id: 'two' })).toBeDefined();
        await store.documents.deleteGroup('g');
        expect(await store.documents.find({ kind: 'code', id: 'two' })).toBeUndefined();
      });

      it('leaves a document alone that has moved to another group', async () => {
        await store.documents.put(key, document({ group: 'old' }));
        await store.documents.put(key, document({ group: 'new' }));
        await store.documents.deleteGroup('old');
        expect(await store.documents.find(key)).toBeDefined();
        await store.documents.deleteGroup('new');
        expect(await store.documents.find(key)).toBeUndefined();
      });

      it('finds a member that outlives the others when its group is deleted', async () => {
        await store.documents.put({ kind: 'token', id: 'short' }, document({ group: 'g', endsAt: inSeconds(10) }));
        await store.documents.put({ kind: 'token', id: 'long' }, document({ group: 'g', endsAt: inSeconds(5000) }));
        clock.advance(4000);
        await store.documents.put({ kind: 'token', id: 'other' }, document({ group: 'g', endsAt: inSeconds(10) }));
        await store.documents.deleteGroup('g');
        expect(await store.documents.find({ kind: 'token', id: 'long' })).toBeUndefined();
      });

      it('leaves no document outside its group when puts and a deletion meet', async () => {
        const members = range(50).map((n) => ({ kind: 'token', id: `m${n}` }));
        const puts = members.map((member) => store.documents.put(member, document({ group: 'g' })));
        await Promise.all([...puts, store.documents.deleteGroup('g'), store.documents.deleteGroup('g')]);
        await store.documents.deleteGroup('g');
        const left = await Promise.all(members.map((member) => store.documents.find(member)));
        expect(left.filter((found) => found !== undefined)).toEqual([]);
      });
    });
  });
}

/** All names, sorted, each once. */
async function namesIn(store: Store): Promise<readonly string[]> {
  const names = new Set<string>();
  for await (const name of store.sessions.names()) names.add(name);
  return [...names].toSorted();
}

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => index);
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function text(value: Uint8Array | undefined): string | undefined {
  return value && new TextDecoder().decode(value);
}
