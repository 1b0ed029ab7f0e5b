import type { Hygiene } from '../../core/http/identity-headers.ts';

/** Headers by which clients could claim another origin, path or client; Envoy is the edge and knows better. */
export const forwardingHeaders = [
  'forwarded',
  'x-forwarded-host',
  'x-forwarded-method',
  'x-forwarded-path',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-scheme',
  'x-forwarded-server',
  'x-forwarded-ssl',
  'x-forwarded-uri',
  'x-original-host',
  // The client's address under other names than X-Forwarded-For; frameworks believe some of them.
  'client-ip',
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-real-ip',
] as const;

/** What trusted proxies before Envoy write themselves, over what their clients sent. */
const writtenByProxies: readonly string[] = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
];

/** What Envoy and service meshes tell each other: a destination, a count of attempts, who a peer is. */
const meshHeaders = [
  'x-envoy-attempt-count',
  'x-envoy-original-dst-host',
  'x-envoy-peer-metadata',
  'x-envoy-peer-metadata-id',
] as const;

/**
 * The headers that are dropped before anything reads them. With `trustedHops` above 0 those stay that the proxies
 * before Envoy write; the others pass through such proxies as the client sent them.
 */
export function claimsOfClients(trustedHops: number): readonly string[] {
  const claims = [...forwardingHeaders, 'x-forwarded-for', 'x-forwarded-proto', ...meshHeaders];
  return trustedHops === 0 ? claims : claims.filter((name) => !writtenByProxies.includes(name));
}

/**
 * What Envoy or a proxy before it writes for the workload, by folded name: a client that spells one otherwise
 * (`x.forwarded.for`, `X_Real_IP`) means the servers that fold names. So it does with `Content_Length`.
 */
export const writtenByEnvoy: Pick<Hygiene, 'proxyNames' | 'proxyPrefixes'> = {
  proxyNames: new Set([...forwardingHeaders, 'content-length', 'transfer-encoding', 'x-request-id']),
  proxyPrefixes: ['x-forwarded-', 'x-envoy-'],
};
