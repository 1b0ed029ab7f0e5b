import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRedisStore } from '../../src/adapters/ioredis/redis-store.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { type EpochSeconds, epochSecondsOf, secondsOf } from '../../src/core/time.ts';
import type { Store } from '../../src/ports/store.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

const options = { keyPrefix: 'sallyport', commandTimeoutMs: 2000 };

describe('what the Redis store leaves in Redis (docs/store.md)', () => {
  let server: RedisServer;
  let admin: Redis;
  let store: Store;

  beforeAll(async () => {
    server = await startRedisServer();
    admin = server.admin();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    await admin.flushall();
    store = createRedisStore({ topology: { kind: 'standalone', url: server.url }, ...options }, { clock: systemClock });
    await store.isReachable();
  });
  afterEach(() => store.close());

  const inSeconds = (seconds: number): EpochSeconds => epochSecondsOf(systemClock.now() + seconds);
  const session = (endsIn: number, idleFor: number) => ({
    sealed: Buffer.from('sealed'),
    lastSeenAt: systemClock.now(),
    endsAt: inSeconds(endsIn),
    idleFor: secondsOf(idleFor),
    keyId: 'AAAAAA',
  });

  it('keeps a session in one hash whose tag is its name', async () => {
    const record = session(600, 300);
    await store.sessions.create('a', record);
    await store.sessions.replace('a', 1, Buffer.from('second'));
    expect(await admin.keys('*')).toEqual(['sallyport:s:{a}']);
    expect(await admin.hgetall('sallyport:s:{a}')).toEqual({
      v: 'second',
      g: '2',
      t: String(record.lastSeenAt),
      e: String(record.endsAt),
      i: '300',
      n: 'AAAAAA',
    });
  });

  it('keeps a claim in the hash of its session, without moving its end, and drops it with the next value', async () => {
    await store.sessions.create('a', session(600, 300));
    const key = 'sallyport:s:{a}';
    const claimFields = async (): Promise<readonly (string | null)[]> => await admin.hmget(key, 'h', 'f', 'k');
    const left = async (): Promise<number> => Number(await admin.hget(key, 'u')) - Date.now();

    await store.sessions.claim('a', 1, 'one', 5000);
    expect(await claimFields()).toEqual(['one', null, null]);
    expect(await left()).toSatisfy(within(2000, 5000));
    await store.sessions.renewClaim('a', 'one', 1);
    await vi.waitFor(async () => expect(await left()).toBeLessThan(0), { interval: 2 });
    await store.sessions.claim('a', 1, 'two', 5000);
    expect(await claimFields()).toEqual(['one', null, '1']);
    await store.sessions.renewClaim('a', 'one', 5000);
    expect(await claimFields()).toEqual(['one', null, null]);
    await store.sessions.release('a', 'one', 5000);
    expect(await claimFields()).toEqual(['', '1', null]);
    expect((await admin.pttl(key)) / 1000).toSatisfy(within(297, 300));
    await store.sessions.replace('a', 1, Buffer.from('second'));
    expect(await claimFields()).toEqual([null, null, null]);
    expect(await admin.hexists(key, 'u')).toBe(0);
  });

  it('publishes changes on one channel, in the form that docs/store.md shows', async () => {
    const listening = admin.duplicate();
    const heard: string[] = [];
    listening.on('message', (_channel, message: string) => heard.push(message));
    await listening.subscribe('sallyport:changes');
    const record = session(600, 300);
    await store.sessions.create('a', record);
    await store.sessions.replace('a', 1, Buffer.from('second'));
    await store.sessions.touch('a', inSeconds(50));
    await store.sessions.delete('a');
    await vi.waitFor(() => expect(heard).toHaveLength(3));
    const [, seen = ''] = heard.map((message) => message.split(' ')[2]);
    expect(heard).toEqual([`a 2 ${record.lastSeenAt}`, `a 2 ${seen}`, `a 0 ${seen}`]);
    expect(Number(seen)).toBeGreaterThan(record.lastSeenAt);
    listening.disconnect();
  });

  it('gives a session the nearer of its two ends, and moves the idle one with a touch', async () => {
    await store.sessions.create('idle', session(600, 300));
    await store.sessions.create('absolute', session(100, 300));
    const ttl = async (name: string): Promise<number> => (await admin.pttl(`sallyport:s:{${name}}`)) / 1000;
    expect(await ttl('idle')).toSatisfy(within(297, 300));
    expect(await ttl('absolute')).toSatisfy(within(97, 100));
    for (const name of ['idle', 'absolute']) {
      await store.sessions.touch(name, inSeconds(50));
      await store.sessions.replace(name, 1, Buffer.from('second'));
    }
    expect(await ttl('idle')).toSatisfy(within(347, 350));
    expect(await ttl('absolute')).toSatisfy(within(97, 100));
  });

  it('gives every key an end', async () => {
    await store.sessions.create('a', session(600, 300));
    await store.once.take('state', inSeconds(60));
    await store.documents.put(
      { kind: 'code', id: 'one' },
      { value: Buffer.from('v'), endsAt: inSeconds(60), group: 'grant', alias: 'other' },
    );
    await store.documents.put(
      { kind: 'client', id: 'two' },
      { value: Buffer.from('v'), endsAt: undefined, group: 'endless', alias: undefined },
    );
    await store.documents.deleteGroup('absent');
    await store.index.add('user', 'a', inSeconds(600));
    const keys = (await admin.keys('*')).toSorted();
    expect(keys).toEqual([
      'sallyport:a:{code:other}',
      'sallyport:d:{client:two}',
      'sallyport:d:{code:one}',
      'sallyport:g:{absent}',
      'sallyport:g:{endless}',
      'sallyport:g:{grant}',
      'sallyport:i:{user}',
      'sallyport:o:{state}',
      'sallyport:s:{a}',
    ]);
    for (const key of keys) expect(await admin.pttl(key)).toBeGreaterThan(0);
  });

  it('drops records at their end, without anybody asking for them', async () => {
    await store.sessions.create('absolute', session(1, 300));
    await store.sessions.create('idle', session(600, 1));
    await store.once.take('state', inSeconds(1));
    await store.documents.put(
      { kind: 'code', id: 'one' },
      { value: Buffer.from('v'), endsAt: inSeconds(1), group: 'grant', alias: 'other' },
    );
    expect(await admin.dbsize()).toBeGreaterThan(0);
    await vi.waitFor(async () => expect(await admin.keys('*')).toEqual([]), { timeout: 4000, interval: 50 });
  });

  it('forgets the members of a group that have ended when another joins', async () => {
    await admin.zadd('sallyport:g:{grant}', String(inSeconds(-5)), 'code:ended', String(inSeconds(50)), 'code:live');
    await store.documents.put(
      { kind: 'code', id: 'new' },
      { value: Buffer.from('v'), endsAt: inSeconds(60), group: 'grant', alias: undefined },
    );
    expect(await admin.zrange('sallyport:g:{grant}', '0', '-1')).toEqual(['code:live', 'code:new']);
  });

  it('keeps a group of sessions until its latest end, without the ended ones', async () => {
    const key = 'sallyport:i:{user}';
    const steps = 2_097_152;
    await admin.zadd(key, String(inSeconds(-1) * steps), 'ended', String(inSeconds(50) * steps), 'live');
    await store.index.add('user', 'new', inSeconds(600));
    expect(await admin.zrange(key, '0', '-1')).toEqual(['live', 'new', '!']);
    await store.index.add('user', 'short', inSeconds(10));
    expect((await admin.pttl(key)) / 1000).toSatisfy(within(597, 600));
    expect(await store.index.list('user')).toEqual(['live', 'new', 'short']);
  });

  it('lists the names of its own sessions, past those of another prefix, and never with KEYS', async () => {
    const other = createRedisStore(
      { topology: { kind: 'standalone', url: server.url }, ...options, keyPrefix: 'sallyport-2' },
      { clock: systemClock },
    );
    await other.isReachable();
    await other.sessions.create('other', session(600, 300));
    await store.sessions.create('own', session(600, 300));
    await admin.config('RESETSTAT');
    const names: string[] = [];
    for await (const name of store.sessions.names()) names.push(name);
    expect(names).toEqual(['own']);
    const calls = await admin.info('commandstats');
    expect(calls).toContain('cmdstat_scan');
    expect(calls).not.toContain('cmdstat_keys');
    await other.close();
  });

  it('gives up the list of names when its connection is lost: a cursor is good for one life of Redis', async () => {
    for (let n = 0; n < 3000; n += 1) await store.sessions.create(`s${n}`, session(600, 300));
    const listing = (async () => {
      let seen = 0;
      for await (const _ of store.sessions.names()) {
        seen += 1;
        if (seen === 1) await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        // Long enough for a new connection, on which the old cursor would silently skip.
        if (seen === 2) await store.isReachable();
      }
      return seen;
    })();
    await expect(listing).rejects.toThrow('the store did not carry out a scan');
  });

  it.each([
    ['other', 'other:s:{a}'],
    ['other:', 'other:s:{a}'],
    ['', 's:{a}'],
  ])('begins every key with the prefix %j', async (keyPrefix, key) => {
    const prefixed = createRedisStore(
      { topology: { kind: 'standalone', url: server.url }, ...options, keyPrefix },
      { clock: systemClock },
    );
    await prefixed.isReachable();
    await prefixed.sessions.create('a', session(600, 300));
    await prefixed.close();
    expect(await admin.keys('*')).toEqual([key]);
  });

  it('uses the database of the URL', async () => {
    const other = createRedisStore(
      { topology: { kind: 'standalone', url: `${server.url}/3` }, ...options },
      { clock: systemClock },
    );
    await other.isReachable();
    await other.sessions.create('a', session(600, 300));
    await other.close();
    expect(await admin.dbsize()).toBe(0);
    await admin.select(3);
    expect(await admin.dbsize()).toBe(1);
    await admin.select(0);
  });

  it('shares sessions between two processes, and counts their writes', async () => {
    const second = createRedisStore(
      { topology: { kind: 'standalone', url: server.url }, ...options },
      { clock: systemClock },
    );
    await second.isReachable();
    await store.sessions.create('a', session(600, 300));
    const outcomes = await Promise.all(
      [store, second, store, second].map((one) => one.sessions.replace('a', 1, Buffer.from('second'))),
    );
    expect(outcomes.filter((replaced) => replaced)).toHaveLength(1);
    expect((await second.sessions.find('a'))?.generation).toBe(2);
    await second.close();
  });

  it.each([
    'http://127.0.0.1:6379',
    '127.0.0.1:6379',
    'redis://user:secret@127.0.0.1',
    'redis://127.0.0.1/0?enableOfflineQueue=true',
    'redis://127.0.0.1/name',
    'redis:///0',
  ])('does not take %s for an address of Redis', (url) => {
    expect(() =>
      createRedisStore({ topology: { kind: 'standalone', url }, ...options }, { clock: systemClock }),
    ).toThrow(/^store\.url: expected/);
  });
});

function within(lowest: number, highest: number): (value: number) => boolean {
  return (value) => value >= lowest && value <= highest;
}
