import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RedisStoreOptions, RedisTls } from '../../src/adapters/ioredis/options.ts';
import { createRedisStore } from '../../src/adapters/ioredis/redis-store.ts';
import { systemClock } from '../../src/adapters/system/clock.ts';
import { Secret } from '../../src/core/secret.ts';
import { type EpochSeconds, epochSecondsOf, secondsOf } from '../../src/core/time.ts';
import type { Store } from '../../src/ports/store.ts';
import type { Telemetry } from '../../src/ports/telemetry.ts';
import { createAuthority, type TestAuthority } from '../support/certificates.ts';
import { startRedisNode } from '../support/environment.ts';
import { withFreePorts } from '../support/ports.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { clientOf, type RedisDeployment, type RedisSecurity, secured } from '../support/redis-deployment.ts';
import { startRedisSentinel } from '../support/redis-sentinel.ts';
import { hasTls } from '../support/redis-server.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { root } from '../support/tools.ts';
import { until } from '../support/until.ts';

const password = 'password-of-the-tests';
const ownPassword = 'password-of-sallyport';

let authority: TestAuthority;
let security: RedisSecurity;
/** What Sallyport has: another certificate than the tests. Undefined where Redis was built without TLS. */
let tls: RedisTls | undefined;

beforeAll(async () => {
  authority = await createAuthority('Redis');
  const [server, client, own] = [
    await authority.issue('redis'),
    await authority.issue('tests'),
    await authority.issue('sallyport'),
  ];
  const folder = await tempFolder();
  const files = { ca: join(folder, 'ca.pem'), cert: join(folder, 'redis.pem'), key: join(folder, 'redis.key') };
  await writeFile(files.ca, authority.certificate);
  await writeFile(files.cert, server.certificate);
  await writeFile(files.key, server.privateKey);
  if (!(await hasTls())) {
    process.stderr.write('this redis-server was built without TLS: users and rights are tested without it\n');
    security = { password };
    return;
  }
  security = { tls: { files, ca: authority.certificate, client }, password };
  tls = { ca: authority.certificate, certificate: own.certificate, privateKey: new Secret(own.privateKey) };
});
afterAll(() => authority.remove());

const inSeconds = (seconds: number): EpochSeconds => epochSecondsOf(systemClock.now() + seconds);

/** The rules of docs/store.md for the user of Sallyport, those of all topologies with it. */
async function documentedRules(topology: 'any' | 'cluster'): Promise<readonly string[]> {
  const page = await readFile(`${root}docs/store.md`, 'utf8');
  const blocks = [...page.matchAll(/```\nACL SETUSER sallyport ([\s\S]*?)```/g)].map(([, block = '']) => block);
  const [any = '', cluster = ''] = blocks;
  const words = (topology === 'any' ? any : `${any} ${cluster}`).split(/\s+/).filter((word) => word !== '');
  return words.map((word) => word.replace('<password>', ownPassword).replace('<prefix>', 'sallyport:'));
}

async function admit(clients: readonly ReturnType<typeof clientOf>[], rules: readonly string[]): Promise<void> {
  for (const client of clients) await client.call('ACL', 'SETUSER', 'sallyport', ...rules);
}

function openStore(options: Omit<RedisStoreOptions, 'keyPrefix' | 'commandTimeoutMs'>, telemetry?: Telemetry): Store {
  return createRedisStore(
    { ...options, keyPrefix: 'sallyport', commandTimeoutMs: 2000 },
    { clock: systemClock, telemetry },
  );
}

/** Every operation that there is, so that a right that is missing shows. */
async function expectToWork(store: Store): Promise<void> {
  expect(await store.isReachable()).toBe(true);
  const heard: string[] = [];
  store.changes.subscribe((change) =>
    heard.push(change.kind === 'changed' ? `${change.name} ${change.generation}` : ''),
  );
  await until('changes are current', () => store.changes.isCurrent());
  const record = {
    sealed: Buffer.from('sealed'),
    lastSeenAt: systemClock.now(),
    endsAt: inSeconds(600),
    idleFor: secondsOf(300),
    keyId: 'AAAAAA',
  };
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) expect(await store.sessions.create(name, record)).toBe(true);
  await store.sessions.touch('a', inSeconds(5));
  expect(await store.sessions.claim('a', 1, 'holder', 1000)).toEqual({ kind: 'claimed', failures: 0 });
  expect(await store.sessions.renewClaim('a', 'holder', 1000)).toBe(true);
  await store.sessions.release('a', 'holder', 1000);
  await store.sessions.release('a', 'holder', 0);
  expect(await store.sessions.replace('a', 1, Buffer.from('second'))).toBe(true);
  expect(await store.sessions.find('a')).toBeDefined();
  expect(await store.sessions.delete('a')).toBe(true);
  await until('changes are told', () => heard.includes('a 2') && heard.includes('a 0'));
  const names = new Set<string>();
  for await (const name of store.sessions.names()) names.add(name);
  for await (const head of store.sessions.heads()) expect(head.keyId).toBe('AAAAAA');
  expect([...names].toSorted()).toEqual(['b', 'c', 'd', 'e', 'f']);
  await store.index.add('user', 'b', inSeconds(60));
  await store.index.add('user', 'c', inSeconds(60));
  await store.index.remove('user', ['b']);
  expect(await store.index.list('user')).toEqual(['c']);
  expect(await store.once.take('state', inSeconds(60))).toBe(true);
  const key = { kind: 'code', id: 'one' };
  const document = { value: Buffer.from('v'), endsAt: inSeconds(60), group: 'grant', alias: 'other' };
  await store.documents.put(key, { ...document, endsAt: inSeconds(-1) });
  await store.documents.put(key, document);
  for await (const head of store.documents.heads()) expect(head.sealed).toEqual(document.value);
  expect(await store.documents.consume(key, systemClock.now())).toBe(true);
  expect(await store.documents.findByAlias('code', 'other')).toBeDefined();
  await store.documents.deleteGroup('grant');
  expect(await store.documents.find(key)).toBeUndefined();
}

describe('a store with the least rights, and with TLS and client certificates where Redis has TLS', () => {
  it('works on one Redis', async () => {
    const redis = await withFreePorts(1, ([port = 0]) => startRedisNode(secured(port, security)));
    await admit([clientOf(redis.port, security)], await documentedRules('any'));
    const scheme = tls === undefined ? 'redis' : 'rediss';
    const topology = { kind: 'standalone', url: `${scheme}://127.0.0.1:${redis.port}` } as const;
    const options = { topology, username: 'sallyport', password: new Secret(ownPassword), tls };
    const store = openStore(options);
    await expectToWork(store);
    await store.close();

    if (tls === undefined) return;
    // What must not do: no client certificate, no authority, another name, plain.
    const other = await authority.issue('other');
    for (const wrong of [
      { ...options, tls: { ca: tls.ca } },
      { ...options, tls: { certificate: other.certificate, privateKey: new Secret(other.privateKey) } },
      { ...options, tls: { ...tls, serverName: 'redis.example.com' } },
      { ...options, topology: { kind: 'standalone', url: `redis://127.0.0.1:${redis.port}` }, tls: undefined } as const,
    ]) {
      const refused = openStore(wrong);
      expect(await refused.isReachable()).toBe(false);
      await refused.close();
    }
  });

  it('works with Sentinel, whose sentinels have a password of their own, and through a failover', async () => {
    const redis = await startRedisSentinel({ ...security, deadAfterMs: 1000 });
    const rules = await documentedRules('any');
    await admit(
      [...redis.nodes.keys()].map((port) => clientOf(port, security)),
      rules,
    );
    const { topology } = redis;
    if (topology.kind !== 'sentinel') throw new Error('not with Sentinel');
    const options = { username: 'sallyport', password: new Secret(ownPassword), tls };
    const watcher = '+hello +auth +sentinel|get-master-addr-by-name';
    expect(await readFile(`${root}docs/store.md`, 'utf8')).toContain(`\`${watcher}\``);
    for (const { port } of redis.sentinels) {
      const rules = ['on', `>${ownPassword}`, 'resetchannels', '-@all', ...watcher.split(' ')];
      await clientOf(port, security).call('ACL', 'SETUSER', 'watcher', ...rules);
    }
    const watching = { ...topology, username: 'watcher', password: new Secret(ownPassword) };
    const store = openStore({ topology: watching, ...options });
    await expectToWork(store);
    const master = await redis.masterOf('');
    await redis.replicated();
    await master.stop();
    await until('the store serves', async () => (await store.sessions.find('b')) !== undefined);
    await store.close();

    for (const [wrong, reason] of [
      [topology, 'SENTINEL_NOAUTH'],
      [{ ...watching, password: new Secret('canary') }, 'SENTINEL_WRONGPASS'],
      [{ ...watching, master: 'canary' }, 'SENTINEL_KNOWS_NO_SUCH_MASTER'],
      [{ ...watching, nodes: [{ host: '127.0.0.1', port: 1 }] }, 'NO_SENTINEL'],
    ] as const) {
      const events: string[] = [];
      const telemetry = {
        event: () => undefined,
        check: () => undefined,
        problem: (_name: string, fields: object, cause?: unknown) => void events.push(inspect([fields, cause])),
      };
      const stranger = openStore({ topology: wrong, ...options }, telemetry);
      expect(await stranger.isReachable()).toBe(false);
      await stranger.close();
      expect(events.join()).toContain(reason);
      expect(events.join()).not.toContain('canary');
    }
  });

  it('works on Cluster', async () => {
    const redis: RedisDeployment = await startRedisCluster(security);
    const nodes = 'nodes' in redis.topology ? redis.topology.nodes : [];
    await admit(
      nodes.map(({ port }) => clientOf(port, security)),
      await documentedRules('cluster'),
    );
    const store = openStore({
      topology: redis.topology,
      username: 'sallyport',
      password: new Secret(ownPassword),
      tls,
    });
    await expectToWork(store);
    await store.close();
  });
});

describe('a store whose password is wrong (I4)', () => {
  const cases = [
    ['Sentinel', startRedisSentinel],
    ['Cluster', startRedisCluster],
  ] as const;

  it.each(cases)('fails on %s and goes on when it is right, without a restart', async (_, start) => {
    const redis = await start();
    const clients = [...redis.nodes.keys()].map((port) => clientOf(port));
    for (const client of clients) await client.call('ACL', 'SETUSER', 'default', 'resetpass', '>another-password');
    // Afterwards: connections that were let in with the old password stay.
    const store = openStore({ topology: redis.topology, password: new Secret(ownPassword) });
    expect(await store.isReachable()).toBe(false);
    await expect(store.sessions.find('a')).rejects.toThrow('the store did not carry out a session read');
    for (const client of clients) await client.call('ACL', 'SETUSER', 'default', 'resetpass', `>${ownPassword}`);
    await until('the store serves', () => store.isReachable());
    await store.close();
  });
});
