import type { RedisTls, RedisTopology } from '../../adapters/ioredis/options.ts';
import { Secret } from '../../core/secret.ts';
import { secondsOf } from '../../core/time.ts';
import type { Address } from '../../servers/address.ts';
import type { SessionCacheConfig, StoreConfig } from './config.ts';
import type { Finding } from './finding.ts';
import { problemsOfBundle, problemsOfPair } from './pem.ts';
import { readReferencedFile } from './read-referenced-file.ts';
import type { Sections } from './sections.ts';

const maxPemBytes = 1_048_576;

type StoreSettings = NonNullable<Sections['store']>;
type RedisSettings = StoreSettings & { readonly type: 'redis' };

/** The store with its TLS files read and checked; `found` gets an error for each that will not do. */
export async function readStore(store: StoreSettings, configFile: string, found: Finding[]): Promise<StoreConfig> {
  return storeConfig(store, store.type === 'redis' ? await readTls(store, configFile, found) : undefined);
}

/** The store with nothing read: `tls` says whether there is some. */
export function unreadStore(store: StoreSettings): StoreConfig {
  return storeConfig(store, store.type === 'redis' && store.tls !== undefined ? {} : undefined);
}

/** What is kept of sessions in memory: a store in memory has no outages. */
export function sessionCacheOf(store: StoreSettings): SessionCacheConfig {
  const none = { outageGrace: secondsOf(0) };
  return store.type === 'redis' ? store.cache : { ...none, ...store.cache };
}

function storeConfig(store: StoreSettings, tls: RedisTls | undefined): StoreConfig {
  switch (store.type) {
    case 'memory':
      return { kind: 'memory', maxSessions: store.maxSessions };
    case 'redis': {
      const { username, password, keyPrefix, commandTimeout } = store;
      return { kind: 'redis', topology: topologyOf(store), username, password, tls, keyPrefix, commandTimeout };
    }
  }
}

/** The one that is there: that there is exactly one is checked elsewhere. */
function topologyOf({ url = '', sentinel, cluster, database = 0, tls }: RedisSettings): RedisTopology {
  if (cluster !== undefined) return { kind: 'cluster', nodes: nodesOf(cluster) };
  if (sentinel === undefined) return { kind: 'standalone', url };
  return { kind: 'sentinel', ...sentinel, nodes: nodesOf(sentinel), tls: sentinel.tls ?? tls !== undefined, database };
}

function nodesOf({ nodes }: { readonly nodes: readonly Address[] }) {
  // The schema lets no other addresses through.
  return nodes.flatMap((node) => (node.kind === 'tcp' ? [{ host: node.host, port: node.port }] : []));
}

async function readTls({ tls }: RedisSettings, configFile: string, found: Finding[]): Promise<RedisTls | undefined> {
  if (tls === undefined) return undefined;
  const path = ['store', 'tls'];
  const read = async (member: 'ca' | 'cert' | 'key') => {
    const file = tls[member];
    if (file === undefined) return undefined;
    return await readReferencedFile({ configFile, path: file, place: [...path, member] }, maxPemBytes, found);
  };
  const ca = await read('ca');
  const certificate = await read('cert');
  const privateKey = await read('key');
  if (ca !== undefined) found.push(...problemsOfBundle(ca, [...path, 'ca']));
  if (certificate !== undefined && privateKey !== undefined) {
    const places = { certificate: [...path, 'cert'], privateKey: [...path, 'key'] };
    found.push(...problemsOfPair(certificate, privateKey, places));
  }
  return {
    ca,
    certificate,
    privateKey: privateKey === undefined ? undefined : new Secret(privateKey),
    serverName: tls.serverName,
  };
}
