import { errorAt, type Finding, warningAt } from '../finding.ts';
import { isLocal } from '../schema/addresses.ts';
import type { Sections } from '../sections.ts';

/** Finds what Envoy could not work with, and what would make it unsafe. */
export function checkEnvoy(sections: Sections): readonly Finding[] {
  const { envoy } = sections;
  if (envoy === undefined) return [];
  return [
    ...checkAdmin(envoy),
    ...checkReplicas(sections, envoy),
    ...checkTls(sections, envoy),
    ...checkTimeouts(sections, envoy),
    ...checkHeal(sections, envoy),
  ];
}

type EnvoySettings = NonNullable<Sections['envoy']>;

function checkAdmin({ admin }: EnvoySettings): readonly Finding[] {
  if (admin === undefined || isLocal(admin)) return [];
  const problem =
    'expected a loopback address or a Unix socket: the admin interface can stop Envoy and shows its configuration';
  return [errorAt(['envoy', 'admin'], problem)];
}

function checkReplicas({ listen, store, modes }: Sections, { replicas }: EnvoySettings): readonly Finding[] {
  const findings: Finding[] = [];
  const isUnspecified = [listen?.authz.address, listen?.http.address].some(
    (address) => address?.kind === 'tcp' && (address.host === '0.0.0.0' || address.host === '::'),
  );
  if (replicas === undefined && isUnspecified) {
    const problem =
      'a required setting is missing: 0.0.0.0 and [::] say where to listen, not where Envoy reaches Sallyport';
    findings.push(errorAt(['envoy', 'replicas'], problem, 'write replicas: [{authz: host:port, http: host:port}]'));
  }
  const isShared = [...modes.values()].some(
    ({ definition, settings }) => definition.common(settings).state === 'store',
  );
  if ((replicas?.length ?? 1) > 1 && store?.type === 'memory' && isShared) {
    const problem = 'several replicas need a store that they share; a session of one is unknown to the others';
    findings.push(errorAt(['store', 'type'], problem, 'write type: redis, or state: sealed for the sessions'));
  }
  return findings;
}

function checkTls(
  { listen, origins }: Sections,
  { tls, sallyportTls, trustedHops }: EnvoySettings,
): readonly Finding[] {
  const findings: Finding[] = [];
  const needsClientCertificate = listen?.authz.tls !== undefined || listen?.http.tls !== undefined;
  if (needsClientCertificate && sallyportTls === undefined) {
    const problem = 'a required setting is missing: listeners of Sallyport ask for a client certificate';
    findings.push(errorAt(['envoy', 'sallyportTls'], problem, 'write sallyportTls: {cert, key, ca, serverName}'));
  }
  const isHttps = origins.some(({ value }) => value.startsWith('https:'));
  if (isHttps && tls === undefined && trustedHops === 0) {
    const problem = 'origins are https, but neither Envoy nor a proxy before it is said to end TLS';
    findings.push(warningAt(['envoy'], problem, 'set tls, or trustedHops to the number of proxies before Envoy'));
  }
  return findings;
}

function checkTimeouts({ store }: Sections, { checkTimeout }: EnvoySettings): readonly Finding[] {
  if (store?.type !== 'redis' || store.commandTimeout < checkTimeout) return [];
  const problem = 'a store command may take longer than the whole check (envoy.checkTimeout)';
  return [warningAt(['store', 'commandTimeout'], problem, 'make it shorter than envoy.checkTimeout')];
}

/** Warns of routes that no request reaches: Envoy takes the first that matches. */
function checkHeal({ modes }: Sections, { heal }: EnvoySettings): readonly Finding[] {
  const routes = heal?.routes ?? [];
  const basePaths = [...modes.values()].flatMap(
    ({ definition, settings }) => definition.common(settings).basePath ?? [],
  );
  return routes.flatMap(({ path }, index) => {
    const start = path?.exact ?? path?.prefix ?? '/';
    const place = ['envoy', 'heal', 'routes', index];
    const base = basePaths.find((each) => isBelow(start, each));
    if (base !== undefined) {
      const problem = `this route is never taken: Sallyport itself answers at ${base} and below`;
      return [warningAt(place, problem, 'remove it: there is no workload to refuse a token')];
    }
    const before = routes.findIndex((other) => covers(other.path, path));
    if (before >= index) return [];
    const problem = `this route is never taken: heal.routes[${before}] is for everything that it is for`;
    return [warningAt(place, problem, 'put the narrower route first')];
  });
}

type HealPath = NonNullable<NonNullable<EnvoySettings['heal']>['routes']>[number]['path'];

/** Whether every path of `other` is one of `path`. */
function covers(path: HealPath, other: HealPath): boolean {
  if (path?.exact !== undefined) return path.exact === other?.exact;
  return isBelow(other?.exact ?? other?.prefix ?? '/', path?.prefix ?? '/');
}

function isBelow(path: string, prefix: string): boolean {
  return prefix === '/' || path === prefix || path.startsWith(`${prefix}/`);
}
