import { dirname, resolve } from 'node:path';
import type { Rule } from '../../core/rules/match.ts';
import type { Config, EnvoyConfig, StoreConfig } from './config.ts';
import type { Sections } from './sections.ts';

/** The configuration that checked parts make up; undefined when a part is missing. */
export function assemble(
  file: string,
  sections: Sections,
  listen: Config['listen'],
  rules: readonly (Rule | undefined)[],
): Config | undefined {
  const { keys, store, requests, log, shutdown } = sections;
  if (!keys || !store || !requests || !log || !shutdown) return undefined;
  return {
    file,
    origins: sections.origins.map(({ value }) => value),
    listen,
    keys,
    store: assembleStore(store),
    providers: new Map(
      [...sections.providers].map(([name, provider]) => {
        // By name: in the file they may be absent, here they are there and undefined.
        const { clientSecret, backChannelUrl } = provider;
        return [name, { ...provider, name, clientSecret, backChannelUrl }] as const;
      }),
    ),
    modes: new Map([...sections.modes].map(([name, instance]) => [name, { name, ...instance }])),
    rules: rules.filter((rule) => rule !== undefined),
    requests,
    envoy: sections.envoy && assembleEnvoy(sections.envoy, listen, dirname(file)),
    log,
    shutdown,
  };
}

function assembleStore(store: NonNullable<Sections['store']>): StoreConfig {
  if (store.type === 'memory') return { kind: 'memory', maxSessions: store.maxSessions };
  const { url, username, password, keyPrefix, commandTimeout } = store;
  return { kind: 'redis', url, username, password, keyPrefix, commandTimeout };
}

function assembleEnvoy(envoy: NonNullable<Sections['envoy']>, listen: Config['listen'], folder: string): EnvoyConfig {
  const { tls, sallyportTls, admin } = envoy;
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
  };
}
