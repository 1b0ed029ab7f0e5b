import type { Address } from '../../../servers/address.ts';
import { errorAt, type Finding, warningAt } from '../finding.ts';
import { isLocal } from '../schema/addresses.ts';
import type { Sections } from '../sections.ts';

type RedisSettings = NonNullable<Sections['store']> & { readonly type: 'redis' };

/** Refuses settings of Redis that do not go together, and warns of a password that others could read and of a long time-out. */
export function checkStore({ store }: Sections): readonly Finding[] {
  if (store?.type !== 'redis') return [];
  return [
    ...checkTopology(store),
    ...checkDatabase(store),
    ...checkTls(store),
    ...checkPassword(store),
    ...checkGrace(store),
    ...checkCommandTimeout(store),
  ];
}

function checkTopology(store: RedisSettings): readonly Finding[] {
  const present = (['url', 'sentinel', 'cluster'] as const).filter((name) => store[name] !== undefined);
  const [first, ...further] = present;
  if (first === undefined) {
    const suggestion =
      'write url: redis://host:6379, or sentinel: {master: name, nodes: [host:port]}, or cluster: {nodes: [host:port]}';
    return [errorAt(['store'], 'a required setting is missing: expected one of url, sentinel and cluster', suggestion)];
  }
  return further.map((name) => ({
    ...errorAt(['store', name], `expected only one of url, sentinel and cluster; ${first} is there already`),
    at: 'key',
  }));
}

function checkDatabase({ url, cluster, database }: RedisSettings): readonly Finding[] {
  if (database === undefined) return [];
  if (url !== undefined) {
    return [errorAt(['store', 'database'], 'with url the database stands in the URL', 'write redis://host:6379/3')];
  }
  if (cluster !== undefined && database !== 0) {
    return [errorAt(['store', 'database'], 'Redis Cluster has no databases but 0', 'leave it out, and use keyPrefix')];
  }
  return [];
}

function checkTls({ url, sentinel, tls }: RedisSettings): readonly Finding[] {
  const findings: Finding[] = [];
  if (tls !== undefined && url?.startsWith('redis:')) {
    findings.push(errorAt(['store', 'url'], 'tls is there, but redis:// is without TLS', 'write rediss://'));
  }
  if (tls !== undefined && (tls.cert === undefined) !== (tls.key === undefined)) {
    const [missing, present] = tls.cert === undefined ? (['cert', 'key'] as const) : (['key', 'cert'] as const);
    findings.push(
      errorAt(['store', 'tls', missing], `a required setting is missing: ${present} is of no use without it`),
    );
  }
  if (tls === undefined && sentinel?.tls === true) {
    const problem = 'the sentinels would speak TLS and Redis would not';
    findings.push(errorAt(['store', 'sentinel', 'tls'], problem, 'write store.tls: {}, or leave this out'));
  }
  return findings;
}

function checkPassword(store: RedisSettings): readonly Finding[] {
  const { url, sentinel, cluster, tls } = store;
  const isPlain = url === undefined ? tls === undefined : url.startsWith('redis:');
  const isRemote = url === undefined ? !(sentinel ?? cluster)?.nodes.every(isLocal) : !isLocal(addressOf(url));
  if (!isPlain || !isRemote || (store.password ?? sentinel?.password) === undefined) return [];
  const problem = 'the password travels to another machine where anybody on the way can read it';
  const suggestion = url === undefined ? 'add tls: {}' : 'write rediss://';
  return [warningAt(['store', 'password'], problem, suggestion)];
}

function checkGrace({ cache }: RedisSettings): readonly Finding[] {
  if (cache.outageGrace === 0 || cache.maxSessions > 0) return [];
  const problem = 'what is not kept cannot be used while Redis does not answer';
  const suggestion = 'leave it out, or say how many store.cache.maxSessions there may be';
  return [errorAt(['store', 'cache', 'outageGrace'], problem, suggestion)];
}

/** A connection that is half open shows after twice the time; a claim on a refresh is taken over after 3.5 s. */
function checkCommandTimeout({ commandTimeout }: RedisSettings): readonly Finding[] {
  if (commandTimeout <= 1) return [];
  const problem =
    'a process that is cut off from Redis notices after twice that, when another has taken over its refreshes: users may be logged out';
  return [warningAt(['store', 'commandTimeout'], problem, 'write 1s')];
}

function addressOf(url: string): Address {
  return { kind: 'tcp', host: new URL(url).hostname.replace(/^\[|\]$/g, ''), port: 0 };
}
