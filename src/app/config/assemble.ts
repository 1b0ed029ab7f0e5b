import { dirname, resolve } from 'node:path';
import type { Rule } from '../../core/rules/match.ts';
import type { Config, EnvoyConfig, HealConfig, HealRoute, RejectedToken } from './config.ts';
import type { Sections } from './sections.ts';
import { sessionCacheOf } from './store.ts';

/** The configuration that checked parts make up; undefined when a part is missing. */
export function assemble(
  file: string,
  sections: Sections,
  { listen, store, providers, pages }: Pick<Config, 'listen' | 'store' | 'providers' | 'pages'>,
  rules: readonly (Rule | undefined)[],
): Config | undefined {
  const { keys, requests, log, admin, reload, shutdown } = sections;
  if (!keys || !sections.store || !requests || !log || !reload || !shutdown) return undefined;
  return {
    file,
    origins: sections.origins.map(({ value }) => value),
    listen,
    keys,
    store,
    sessionCache: sessionCacheOf(sections.store),
    providers,
    modes: new Map([...sections.modes].map(([name, instance]) => [name, { name, ...instance }])),
    rules: rules.filter((rule) => rule !== undefined),
    requests,
    pages,
    envoy: sections.envoy && assembleEnvoy(sections.envoy, listen, dirname(file)),
    log,
    admin,
    reload,
    shutdown,
  };
}

type HealSettings = NonNullable<NonNullable<Sections['envoy']>['heal']>;

function assembleEnvoy(envoy: NonNullable<Sections['envoy']>, listen: Config['listen'], folder: string): EnvoyConfig {
  const { tls, sallyportTls, admin, heal } = envoy;
  const absolute = (path: string) => resolve(folder, path);
  return {
    ...envoy,
    replicas: envoy.replicas ?? [{ authz: listen.authz.address, http: listen.http.address }],
    tls: tls && { cert: absolute(tls.cert), key: absolute(tls.key) },
    sallyportTls: sallyportTls && {
      cert: absolute(sallyportTls.cert),
      key: absolute(sallyportTls.key),
      ca: absolute(sallyportTls.ca),
      serverName: sallyportTls.serverName,
    },
    admin,
    heal: heal && assembleHeal(heal),
  };
}

function assembleHeal({ routes = [{}], when, maxBodyBytes }: HealSettings): HealConfig {
  return {
    maxBodyBytes,
    routes: routes.map((route) => ({ path: pathOf(route), when: rejectedToken(route.when ?? when) })),
  };
}

function pathOf({ path }: NonNullable<HealSettings['routes']>[number]): HealRoute['path'] {
  if (path?.exact !== undefined) return { kind: 'exact', path: path.exact };
  if (path?.prefix === undefined || path.prefix === '/') return { kind: 'any' };
  return { kind: 'prefix', prefix: path.prefix };
}

function rejectedToken(when: HealSettings['when']): RejectedToken {
  return typeof when === 'string' ? { kind: when } : { kind: 'error_description', text: when.errorDescription };
}
