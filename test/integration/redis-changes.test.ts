import { once } from 'node:events';
import { createServer, connect as openSocket, type Socket } from 'node:net';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRedisStore } from '../../src/adapters/ioredis/redis-store.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { Secret } from '../../src/core/secret.ts';
import { type Store, staleAfterMs } from '../../src/ports/store.ts';
import { changesOf, newSession } from '../contract/changes.contract.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

// For two busy processors.
const slackMs = 500;

describe('changes of sessions over Redis pub/sub', () => {
  let server: RedisServer;
  let admin: Redis;
  let opened: Store[] = [];
  let problems: string[] = [];

  beforeAll(async () => {
    server = await startRedisServer();
    admin = server.admin();
  });
  afterAll(() => server.close());
  afterEach(async () => {
    await Promise.all(opened.map((store) => store.close()));
    opened = [];
    problems = [];
  });

  async function openStore(url = server.url, user: { username?: string; password?: Secret<string> } = {}) {
    const telemetry = {
      event: () => undefined,
      check: () => undefined,
      problem: (name: string, fields: object) => void problems.push(`${name} ${JSON.stringify(fields)}`),
    };
    const store = createRedisStore(
      { topology: { kind: 'standalone', url }, keyPrefix: 'sallyport', commandTimeoutMs: 1000, ...user },
      { clock: systemClock, telemetry },
    );
    opened.push(store);
    expect(await store.isReachable()).toBe(true);
    return store;
  }

  function unknownsOf(store: Store): { count: number } {
    const unknowns = { count: 0 };
    store.changes.subscribe((change) => {
      if (change.kind === 'unknown') unknowns.count += 1;
    });
    return unknowns;
  }

  const current = (store: Store): Promise<boolean> =>
    until('changes are current', () => store.changes.isCurrent(), { deadlineMs: 10_000 });
  const subscribers = async (): Promise<number> => Number((await admin.pubsub('NUMSUB', 'sallyport:changes'))[1]);

  it('need no second connection where nobody listens, and leave none behind', async () => {
    const store = await openStore();
    expect(await subscribers()).toBe(0);
    changesOf(store);
    await current(store);
    expect(await subscribers()).toBe(1);
    await store.close();
    await until('the connection is closed', async () => (await subscribers()) === 0);
  });

  it('cost five messages a second, and no command in a look', async () => {
    const store = await openStore();
    changesOf(store);
    await current(store);
    await admin.config('RESETSTAT');
    const startedAt = performance.now();
    await until('some beats', async () => (await callsOf(admin, 'publish')) >= 5);
    const seconds = (performance.now() - startedAt) / 1000;
    expect((await callsOf(admin, 'publish')) / seconds).toBeLessThan(8);
    for (let n = 0; n < 50; n += 1) await store.sessions.find('absent');
    expect(await callsOf(admin, 'hmget')).toBe(50);
    expect(await callsOf(admin, 'evalsha')).toBe(0);
  });

  it('are not current while the subscription alone is half open, and it is made anew', async () => {
    const proxy = await freezingProxy(server.port);
    const store = await openStore(proxy.url);
    const unknowns = unknownsOf(store);
    const heard = changesOf(store);
    await current(store);
    const before = unknowns.count;
    proxy.freeze('subscribe');
    const frozenAt = performance.now();
    await until('they are not current', () => !store.changes.isCurrent(), { everyMs: 5 });
    expect(performance.now() - frozenAt).toBeLessThan(staleAfterMs + slackMs);
    // The rest of the store knows nothing of it.
    expect(await store.sessions.create('half-open', newSession())).toBe(true);
    await current(store);
    expect(unknowns.count).toBeGreaterThan(before);
    expect(await store.sessions.delete('half-open')).toBe(true);
    await until('changes are told again', () => [...heard].some((change) => change.startsWith('half-open 0')));
    proxy.close();
  });

  it('are not current while the other connection is half open, which the beats alone find out', async () => {
    const proxy = await freezingProxy(server.port);
    const store = await openStore(proxy.url);
    const unknowns = unknownsOf(store);
    await current(store);
    const before = unknowns.count;
    proxy.freeze('publish');
    await until('they are not current', () => !store.changes.isCurrent(), { everyMs: 5 });
    await current(store);
    expect(unknowns.count).toBeGreaterThan(before);
    proxy.close();
  });

  it('may be anything after a message that this version does not know', async () => {
    const store = await openStore();
    const unknowns = unknownsOf(store);
    await current(store);
    const before = unknowns.count;
    await admin.publish('sallyport:changes', 'something newer');
    await until('it was told', () => unknowns.count === before + 1);
    expect(store.changes.isCurrent()).toBe(true);
  });

  it.each([
    ['the channel', ['resetchannels']],
    ['PUBLISH', ['-publish']],
    ['SUBSCRIBE', ['-subscribe']],
  ])('are never current without the right to %s, which is told once; all else works', async (_what, rules) => {
    const store = await openWith(rules);
    await until('it is told', () => problems.length > 0);
    expect(await store.sessions.create('a', newSession())).toBe(true);
    expect(await store.sessions.replace('a', 1, Buffer.from('second'))).toBe(true);
    await store.sessions.touch('a', systemClock.now());
    expect(await store.sessions.deleteGeneration('a', 2)).toBe(true);
    expect(store.changes.isCurrent()).toBe(false);
    expect(problems).toEqual([expect.stringContaining('+publish +subscribe &sallyport:*')]);
    expect(problems[0]).toMatch(/^store_channel_refused /);
  });

  it('are current soon after the right was granted, without a restart', async () => {
    const store = await openWith(['resetchannels']);
    await until('it is told', () => problems.length > 0);
    await admit([]);
    await current(store);
    expect(problems).toHaveLength(1);
  });

  const password = 'password-of-sallyport';

  async function admit(rules: readonly string[]): Promise<void> {
    await admin.call('ACL', 'SETUSER', 'sallyport', 'reset', 'on', `>${password}`, '~*', '&*', '+@all', ...rules);
  }

  /** A store that somebody listens to, as a user without some rights. */
  async function openWith(rules: readonly string[]): Promise<Store> {
    await admit(rules);
    const store = await openStore(server.url, { username: 'sallyport', password: new Secret(password) });
    changesOf(store);
    return store;
  }
});

async function callsOf(admin: Redis, command: string): Promise<number> {
  const stats = await admin.info('commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

/** Carries bytes to a Redis until told to freeze a connection: then that one is dead without anybody being told. */
async function freezingProxy(port: number) {
  const pairs: { readonly client: Socket; readonly upstream: Socket; sent: string }[] = [];
  const proxy = createServer((client) => {
    const upstream = openSocket(port, '127.0.0.1');
    const pair = { client, upstream, sent: '' };
    pairs.push(pair);
    client.on('data', (bytes) => {
      pair.sent += bytes.toString('latin1').toLowerCase();
    });
    client.on('error', () => undefined).pipe(upstream);
    upstream.on('error', () => undefined).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `redis://127.0.0.1:${address.port}`,
    /** The connections on which this word was sent. */
    freeze(word: string) {
      for (const { client, upstream } of pairs.filter(({ sent }) => sent.includes(`\n${word}\r`))) {
        client.unpipe();
        upstream.unpipe();
        client.pause();
        upstream.pause();
      }
    },
    close() {
      for (const { client, upstream } of pairs) {
        client.destroy();
        upstream.destroy();
      }
      proxy.close();
    },
  };
}
