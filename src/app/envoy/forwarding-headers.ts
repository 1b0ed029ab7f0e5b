import { startHeader } from '../../core/http/heal-attempt.ts';
import type { Hygiene } from '../../core/http/identity-headers.ts';
import { markerHeader } from './heal-headers.ts';

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

/**
 * What Envoy and service meshes tell each other, and what the parts of our own configuration do. Envoy drops most of the
 * former by itself, but only where it takes the client for one from outside, which depends on its version and settings.
 */
const meshHeaders = [
  // A destination, a count of attempts, who a peer is, what the request was before.
  'x-envoy-attempt-count',
  'x-envoy-original-dst-host',
  'x-envoy-original-host',
  'x-envoy-original-path',
  'x-envoy-peer-metadata',
  'x-envoy-peer-metadata-id',
  // Orders to the router: what is tried again, how often, how long it may take. A POST would run twice for whoever asks,
  // and a time limit would end what ours lets last.
  'x-envoy-hedge-on-per-try-timeout',
  'x-envoy-is-timeout-retry',
  'x-envoy-max-retries',
  'x-envoy-retriable-header-names',
  'x-envoy-retriable-status-codes',
  'x-envoy-retry-grpc-on',
  'x-envoy-retry-on',
  'x-envoy-upstream-rq-per-try-timeout-ms',
  'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-upstream-rq-timeout-ms',
  'x-envoy-upstream-stream-duration-ms',
  // What a workload could take for Envoy's word: that the request is internal, where it comes from, how long it has.
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-external-address',
  'x-envoy-internal',
  'x-envoy-ip-tags',
  // Tracing and statistics, which clients could fill with names of their own.
  'x-envoy-decorator-operation',
  'x-envoy-force-trace',
  'x-envoy-upstream-alt-stat-name',
  // Ours, between edge, inner listener and check: when a request began, and that it is to be sent again.
  startHeader,
  markerHeader,
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
