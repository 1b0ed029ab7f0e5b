import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, type TestAuthority } from '../../../test/support/certificates.ts';
import { configOf, document, errorsOf, warningsOf } from '../../../test/support/config-text.ts';

const nodes = 'nodes: ["redis-0.example.com:26379", "[fd00::1]:26379"]';
const parsedNodes = [
  { host: 'redis-0.example.com', port: 26_379 },
  { host: 'fd00::1', port: 26_379 },
];

const storeOf = async (store: string, files = {}) => (await configOf(document({ store }), files)).store;

describe('the store of a configuration', () => {
  it('is one Redis by its URL', async () => {
    expect(await storeOf('{type: redis, url: "rediss://redis.example.com/2"}')).toEqual({
      kind: 'redis',
      topology: { kind: 'standalone', url: 'rediss://redis.example.com/2' },
      username: undefined,
      password: undefined,
      tls: undefined,
      keyPrefix: 'sallyport:',
      commandTimeout: 1,
    });
  });

  it('is Redis with Sentinel, whose sentinels have a user of their own and speak TLS as Redis does', async () => {
    const sentinel = `sentinel: {master: main, ${nodes}, username: watcher, password: {env: SECRET}}`;
    const store = await storeOf(`{type: redis, ${sentinel}, database: 3, tls: {serverName: redis.example.com}}`);
    expect(store).toMatchObject({
      topology: { kind: 'sentinel', master: 'main', nodes: parsedNodes, username: 'watcher', tls: true, database: 3 },
      tls: { serverName: 'redis.example.com' },
    });
    const topology = store.kind === 'redis' && store.topology.kind === 'sentinel' ? store.topology : undefined;
    expect(topology?.password?.reveal()).toBe('client-secret');
  });

  it.each([
    ['', false],
    [', tls: false', false],
  ])('has sentinels without TLS%s where they are so', async (tls, expected) => {
    const store = `{type: redis, sentinel: {master: main, ${nodes}${tls}}${tls === '' ? '' : ', tls: {}'}}`;
    expect(await storeOf(store)).toMatchObject({ topology: { tls: expected } });
  });

  it('is Redis Cluster', async () => {
    expect(await storeOf(`{type: redis, cluster: {${nodes}}}`)).toMatchObject({
      topology: { kind: 'cluster', nodes: parsedNodes },
      tls: undefined,
    });
  });

  it('keeps sessions open in memory, as many as it says, and beyond an outage where it says so', async () => {
    const cacheOf = async (store: string) => (await configOf(document({ store }))).sessionCache;
    expect(await cacheOf('{type: memory}')).toEqual({ maxSessions: 10_000, outageGrace: 0 });
    expect(await cacheOf('{type: memory, cache: {maxSessions: 0}}')).toEqual({ maxSessions: 0, outageGrace: 0 });
    const redis = '{type: redis, url: "redis://h", cache: {maxSessions: 5, outageGrace: 10m}}';
    expect(await cacheOf(redis)).toEqual({ maxSessions: 5, outageGrace: 600 });
    // What is kept says nothing about the store, which stays when only this changes.
    expect(await storeOf(redis)).toEqual(await storeOf('{type: redis, url: "redis://h"}'));
  });

  it.each([
    [
      'no address',
      '{type: redis}',
      '4:8 store: a required setting is missing: expected one of url, sentinel and cluster (write url: redis://host:6379, or sentinel: {master: name, nodes: [host:port]}, or cluster: {nodes: [host:port]})',
    ],
    [
      'two addresses',
      `{type: redis, url: "redis://h", cluster: {${nodes}}}`,
      '4:40 store.cluster: expected only one of url, sentinel and cluster; url is there already',
    ],
    [
      'a node without a port',
      '{type: redis, cluster: {nodes: [redis-0]}}',
      '4:40 store.cluster.nodes[0]: expected host:port, such as redis.example.com:6379',
    ],
    [
      'a node that is a path',
      '{type: redis, cluster: {nodes: ["unix:/run/redis"]}}',
      '4:40 store.cluster.nodes[0]: expected host:port, such as redis.example.com:6379',
    ],
    ['no node', '{type: redis, cluster: {nodes: []}}', '4:39 store.cluster.nodes: expected at least 1 entries'],
    [
      'sentinels without the name of their master',
      `{type: redis, sentinel: {${nodes}}}`,
      '4:32 store.sentinel.master: a required setting is missing: expected a string',
    ],
    [
      'a database beside a URL',
      '{type: redis, url: "redis://h", database: 2}',
      '4:50 store.database: with url the database stands in the URL (write redis://host:6379/3)',
    ],
    [
      'a database of a cluster',
      `{type: redis, cluster: {${nodes}}, database: 2}`,
      'store.database: Redis Cluster has no databases but 0 (leave it out, and use keyPrefix)',
    ],
    [
      'TLS and a URL without it',
      '{type: redis, url: "redis://h", tls: {serverName: h}}',
      '4:27 store.url: tls is there, but redis:// is without TLS (write rediss://)',
    ],
    [
      'sentinels alone with TLS',
      `{type: redis, sentinel: {master: main, ${nodes}, tls: true}}`,
      'store.sentinel.tls: the sentinels would speak TLS and Redis would not (write store.tls: {}, or leave this out)',
    ],
    [
      'a password in the file',
      `{type: redis, sentinel: {master: main, ${nodes}, password: hunter2}}`,
      'store.sentinel.password: expected a reference to a secret: {file: path} or {env: NAME}; found a string',
    ],
    [
      'a grace for sessions that are not kept',
      '{type: redis, url: "redis://h", cache: {maxSessions: 0, outageGrace: 30s}}',
      'store.cache.outageGrace: what is not kept cannot be used while Redis does not answer (leave it out, or say how many store.cache.maxSessions there may be)',
    ],
    [
      'a grace without an end',
      '{type: redis, url: "redis://h", cache: {outageGrace: 1h}}',
      'store.cache.outageGrace: expected at most 10m',
    ],
    [
      'a grace of a store that has no outages',
      '{type: memory, cache: {outageGrace: 30s}}',
      'store.cache.outageGrace: there is no setting of this name (it goes with another type)',
    ],
    [
      'a file that is not there',
      '{type: redis, url: "rediss://h", tls: {ca: absent.pem}}',
      'store.tls.ca: there is no such file (relative paths are taken from ',
    ],
  ])('is refused with %s', async (_, store, expected) => {
    const errors = await errorsOf(document({ store }));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(expected);
  });

  it.each([
    ['{type: redis, url: "redis://redis.example.com", password: {env: SECRET}}', 'write rediss://'],
    [`{type: redis, cluster: {${nodes}}, password: {env: SECRET}}`, 'add tls: {}'],
  ])('with a password that others could read is warned of: %s', async (store, suggestion) => {
    const [warning, ...further] = await warningsOf(document({ store }));
    expect(further).toEqual([]);
    expect(warning).toContain(
      `store.password: the password travels to another machine where anybody on the way can read it (${suggestion})`,
    );
  });

  it.each([
    '{type: redis, url: "redis://127.0.0.1", password: {env: SECRET}}',
    '{type: redis, url: "redis://[::1]", password: {env: SECRET}}',
    '{type: redis, url: "redis://redis"}',
    '{type: redis, url: "rediss://redis.example.com", password: {env: SECRET}}',
    `{type: redis, cluster: {${nodes}}, password: {env: SECRET}, tls: {}}`,
  ])('is not warned of without reason: %s', async (store) => {
    expect(await warningsOf(document({ store }))).toEqual([]);
  });
});

describe('the TLS files of the store', () => {
  let authority: TestAuthority;
  let files: Readonly<Record<string, string>>;

  beforeAll(async () => {
    authority = await createAuthority('Redis');
    const [one, other] = [await authority.issue('one'), await authority.issue('other')];
    files = {
      'ca.pem': authority.certificate,
      'one.pem': one.certificate,
      'one.key': one.privateKey,
      'other.key': other.privateKey,
      'garbage.pem': 'hunter2',
    };
  });
  afterAll(() => authority.remove());

  const errorsWith = (tls: string) =>
    errorsOf(document({ store: `{type: redis, url: "rediss://h", tls: ${tls}}` }), files);

  it('are read', async () => {
    const store = await storeOf(
      '{type: redis, url: "rediss://h", tls: {ca: ca.pem, cert: one.pem, key: one.key}}',
      files,
    );
    expect(store).toMatchObject({ tls: { ca: files['ca.pem'], certificate: files['one.pem'] } });
    expect(store.kind === 'redis' && store.tls?.privateKey?.reveal()).toBe(files['one.key']);
  });

  it.each([
    ['{ca: garbage.pem}', 'store.tls.ca: expected one or more PEM certificates'],
    ['{cert: garbage.pem, key: one.key}', 'store.tls.cert: expected a PEM certificate'],
    ['{cert: one.pem, key: garbage.pem}', 'store.tls.key: expected a PEM private key without a passphrase'],
    ['{cert: one.pem, key: other.key}', 'store.tls.key: the private key does not belong to the certificate'],
    ['{cert: one.pem}', 'store.tls.key: a required setting is missing: cert is of no use without it'],
    ['{key: one.key}', 'store.tls.cert: a required setting is missing: key is of no use without it'],
  ])('are refused when they are %s', async (tls, expected) => {
    const errors = await errorsWith(tls);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(expected);
    expect(errors[0]).not.toContain('hunter2');
  });
});
