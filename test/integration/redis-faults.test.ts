// More than 300 lines: all faults are done to the same kind of server.
import { once } from 'node:events';
import { createServer, connect as openSocket, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRedisStore } from '../../src/adapters/ioredis/redis-store.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { Secret } from '../../src/core/secret.ts';
import { type EpochSeconds, epochSecondsOf, secondsOf } from '../../src/core/time.ts';
import { type Store, StoreUnavailableError } from '../../src/ports/store.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

const commandTimeoutMs = 300;
// For two busy processors: the deadline is the time-out, the rest is waiting for a processor.
const slackMs = 400;

describe('the Redis store when Redis fails (I4)', () => {
  let server: RedisServer;
  let store: Store;
  let events: string[];
  let opened: Store[];

  beforeEach(async () => {
    opened = [];
    events = [];
    server = await startRedisServer();
  });
  afterEach(async () => {
    server.resume();
    await Promise.all(opened.map((one) => one.close()));
    await server.close();
  });

  const inSeconds = (seconds: number): EpochSeconds => epochSecondsOf(systemClock.now() + seconds);
  const session = () => ({
    sealed: Buffer.from('canary-sealed'),
    lastSeenAt: systemClock.now(),
    endsAt: inSeconds(600),
    idleFor: secondsOf(300),
    keyId: 'AAAAAA',
  });
  const document = () => ({ value: Buffer.from('v'), endsAt: inSeconds(60), group: 'g', alias: 'other' });

  function openStore(url = server.url, password?: string): Store {
    const telemetry = {
      event: (name: string) => void events.push(name),
      problem: (name: string, fields: object, cause?: unknown) =>
        void events.push(`${name} ${inspect([fields, cause])}`),
      check: () => undefined,
    };
    const secret = password === undefined ? undefined : new Secret(password);
    const one = createRedisStore(
      { topology: { kind: 'standalone', url }, password: secret, keyPrefix: 'sallyport', commandTimeoutMs },
      { clock: systemClock, telemetry },
    );
    opened.push(one);
    return one;
  }

  async function connectedStore(): Promise<Store> {
    const one = openStore();
    expect(await one.isReachable()).toBe(true);
    return one;
  }

  const reads = (): readonly (() => Promise<unknown>)[] => [
    () => store.sessions.find('a'),
    () => store.documents.find({ kind: 'k', id: 'i' }),
    () => store.documents.findByAlias('k', 'other'),
  ];
  const writes = (): readonly (() => Promise<unknown>)[] => [
    () => store.sessions.create('new', session()),
    () => store.sessions.replace('a', 1, Buffer.from('next')),
    () => store.sessions.touch('a', inSeconds(5)),
    () => store.sessions.claim('a', 1, 'holder', 1000),
    () => store.once.take('state', inSeconds(60)),
    () => store.documents.put({ kind: 'k', id: 'i' }, document()),
    () => store.documents.consume({ kind: 'k', id: 'i' }, systemClock.now()),
  ];
  const deletions = (): readonly (() => Promise<unknown>)[] => [
    () => store.sessions.deleteGeneration('a', 1),
    () => store.sessions.delete('a'),
    () => store.documents.delete({ kind: 'k', id: 'i' }),
    () => store.documents.deleteGroup('g'),
  ];

  async function expectUnavailable(operations: readonly (() => Promise<unknown>)[]): Promise<void> {
    for (const operation of operations) {
      const startedAt = performance.now();
      await expect(operation()).rejects.toBeInstanceOf(StoreUnavailableError);
      expect(performance.now() - startedAt).toBeLessThan(commandTimeoutMs + slackMs);
    }
  }

  /** Everything fails, the process lives, readiness says no within the time-out. */
  async function expectOutage(): Promise<void> {
    await expectUnavailable([...reads(), ...writes(), ...deletions()]);
    const startedAt = performance.now();
    expect(await store.isReachable()).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(commandTimeoutMs + slackMs);
  }

  async function expectRecovery(): Promise<void> {
    await vi.waitFor(async () => expect(await store.isReachable()).toBe(true), { timeout: 5000, interval: 20 });
    const name = `after ${performance.now()}`;
    expect(await store.sessions.create(name, session())).toBe(true);
    expect((await store.sessions.find(name))?.generation).toBe(1);
  }

  it('starts while Redis is down, says so, and serves when it comes up', async () => {
    await server.stop();
    store = openStore();
    await expectOutage();
    await server.start();
    await expectRecovery();
  });

  it('fails while Redis is stopped and goes on after its restart on the same port, without ours', async () => {
    store = await connectedStore();
    const inFlight = Promise.allSettled(Array.from({ length: 20 }, () => store.sessions.find('a')));
    await server.stop();
    await inFlight;
    await expectOutage();
    await server.start();
    await expectRecovery();
  });

  it('fails within the time-out while Redis stands still, also after the first command, and keeps the sessions', async () => {
    store = await connectedStore();
    await store.sessions.create('a', session());
    server.pause();
    await expectUnavailable(Array.from({ length: 3 }, () => reads()).flat());
    const parallel = Array.from({ length: 50 }, () => store.sessions.find('a'));
    await expectUnavailable(parallel.map((promise) => () => promise));
    await expectOutage();
    server.resume();
    await expectRecovery();
    expect(Buffer.from((await store.sessions.find('a'))?.sealed ?? [])).toEqual(session().sealed);
  });

  it('survives a short pause without failing anything but what waited', async () => {
    store = await connectedStore();
    await store.sessions.create('a', session());
    server.pause();
    const waiting = store.sessions.find('a');
    server.resume();
    expect((await waiting)?.generation).toBe(1);
  });

  it('leaves a half-open connection for a new one', async () => {
    const sockets: Socket[] = [];
    // Carries bytes until it is frozen; then old connections are dead without anybody being told.
    const proxy = createServer((client) => {
      const upstream = openSocket(server.port, '127.0.0.1');
      sockets.push(client, upstream);
      client.on('error', () => undefined).pipe(upstream);
      upstream.on('error', () => undefined).pipe(client);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = proxy.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    store = openStore(`redis://127.0.0.1:${address.port}`);
    await expectRecovery();
    for (const socket of sockets) {
      socket.unpipe();
      socket.pause();
    }
    await expectUnavailable([() => store.sessions.find('a')]);
    await expectRecovery();
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });

  it('fails while Redis loads its data and goes on when it has (LOADING)', async () => {
    store = await connectedStore();
    await store.sessions.create('a', session());
    const admin = server.admin();
    // Redis looks at its connections after every 2 MB that it loads: 30 MB, and a millisecond for each key.
    const filling = admin.pipeline();
    for (let count = 0; count < 1500; count += 1) filling.set(`filler:${count}`, Buffer.alloc(20_000));
    await filling.exec();
    await admin.config('SET', 'rdbcompression', 'no');
    await admin.call('SAVE');
    await server.stop();
    await server.start({ extra: ['--key-load-delay', '1000'], until: 'loading' });
    await expectUnavailable([...reads(), ...writes(), ...deletions()]);
    expect(await store.isReachable()).toBe(false);
    // A client of its own: the first one waits for the end of the loading, as any client that checks does.
    const impatient = admin.duplicate({ enableReadyCheck: false });
    await expect(impatient.get('a')).rejects.toThrow('LOADING');
    impatient.disconnect();
    await expectRecovery();
    expect(await store.sessions.find('a')).toBeDefined();
  });

  it('refuses writes without losing a session while memory is short, and lets users log out (OOM)', async () => {
    store = await connectedStore();
    await store.sessions.create('a', session());
    await store.documents.put({ kind: 'k', id: 'i' }, document());
    const admin = server.admin();
    await admin.set('ballast', Buffer.alloc(2_000_000));
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    await admin.config('SET', 'maxmemory', '1mb');
    await expectUnavailable(writes());
    expect((await store.sessions.find('a'))?.generation).toBe(1);
    expect(await store.sessions.delete('a')).toBe(true);
    await store.documents.deleteGroup('g');
    expect(await store.documents.find({ kind: 'k', id: 'i' })).toBeUndefined();
    await admin.config('SET', 'maxmemory', '0');
    await expectRecovery();
  });

  it('fails while the password is wrong and goes on when it is right (WRONGPASS)', async () => {
    const admin = server.admin();
    await admin.config('SET', 'requirepass', 'first-password');
    store = openStore(server.url, 'canary-password');
    await expectOutage();
    await admin.config('SET', 'requirepass', 'canary-password');
    await expectRecovery();
    expect(events.join()).toContain('WRONGPASS');
    expect(events.join()).not.toContain('canary');
  });

  it('fails without a password where one is needed (NOAUTH)', async () => {
    await server.admin().config('SET', 'requirepass', 'some-password');
    store = openStore();
    await expectOutage();
  });

  it('fails writes while Redis is a read-only replica and goes on after a failover (READONLY)', async () => {
    store = await connectedStore();
    await store.sessions.create('a', session());
    await store.documents.put({ kind: 'k', id: 'i' }, document());
    const admin = server.admin();
    await admin.replicaof('127.0.0.1', 1);
    await expectUnavailable([...writes(), ...deletions()]);
    await admin.replicaof('NO', 'ONE');
    await expectRecovery();
    expect((await store.sessions.find('a'))?.generation).toBe(1);
  });

  it('finds nothing after FLUSHALL, and goes on (I5)', async () => {
    store = await connectedStore();
    await store.sessions.create('a', session());
    const admin = server.admin();
    await admin.flushall();
    expect(await store.sessions.find('a')).toBeUndefined();
    expect(await store.sessions.replace('a', 1, Buffer.from('late'))).toBe(false);
    await expectRecovery();
  });

  it('goes on when Redis has forgotten its scripts (NOSCRIPT)', async () => {
    store = await connectedStore();
    await store.sessions.create('a', session());
    await store.sessions.touch('a', inSeconds(1));
    await server.admin().script('FLUSH');
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () => store.sessions.replace('a', 1, Buffer.from('n'))),
    );
    expect(outcomes.filter((replaced) => replaced)).toHaveLength(1);
    await expectRecovery();
  });

  it('takes something else under the key of a session for an outage, not for an absent session', async () => {
    store = await connectedStore();
    await server.admin().set('sallyport:s:{a}', 'not a hash');
    await expectUnavailable([() => store.sessions.find('a'), () => store.sessions.create('a', session())]);
  });

  it('takes an incomplete or garbled record for no session (I6)', async () => {
    store = await connectedStore();
    const admin = server.admin();
    const whole = { v: 'sealed', g: '1', t: String(systemClock.now()), e: String(inSeconds(60)), i: '60' };
    await admin.hset('sallyport:s:{whole}', whole);
    expect(await store.sessions.find('whole')).toBeDefined();
    for (const field of ['v', 'g', 't', 'e', 'i']) {
      await admin.hset(`sallyport:s:{without ${field}}`, whole);
      await admin.hdel(`sallyport:s:{without ${field}}`, field);
      expect(await store.sessions.find(`without ${field}`)).toBeUndefined();
    }
    for (const field of ['g', 't', 'e', 'i']) {
      for (const [index, garbage] of ['', 'NaN', '-1', '1e99', 'Infinity', '0x10', '99999999999999999999'].entries()) {
        await admin.hset(`sallyport:s:{${field} ${index}}`, { ...whole, [field]: garbage });
        expect(await store.sessions.find(`${field} ${index}`)).toBeUndefined();
      }
    }
  });

  it('tells an outage once with its reason, not for each request, and its end', async () => {
    store = await connectedStore();
    await server.stop();
    await expectUnavailable(Array.from({ length: 30 }, () => reads()).flat());
    expect(events.filter((event) => event.startsWith('store_unavailable')).length).toBeLessThan(4);
    await server.start();
    await expectRecovery();
    expect(events.filter((event) => event === 'store_recovered')).toHaveLength(1);
  });

  it('carries neither keys nor values nor the password in its errors (G8)', async () => {
    const admin = server.admin();
    await admin.config('SET', 'requirepass', 'canary-password');
    store = openStore(server.url, 'canary-password');
    await expectRecovery();
    await admin.set('sallyport:s:{canary-name}', 'canary-value');
    const errors: unknown[] = [];
    const failing = () => store.sessions.create('canary-name', session()).catch((error: unknown) => errors.push(error));
    await failing();
    await server.stop();
    await failing();
    expect(errors).toHaveLength(2);
    expect(inspect([errors, events], { depth: 10, showHidden: true })).not.toContain('canary');
  });

  it('closes at once, whatever Redis does, and fails afterwards', async () => {
    store = await connectedStore();
    server.pause();
    const startedAt = performance.now();
    await store.close();
    expect(performance.now() - startedAt).toBeLessThan(commandTimeoutMs + slackMs);
    await expectUnavailable(reads());
    expect(await store.isReachable()).toBe(false);
  });
});
