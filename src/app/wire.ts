import { createMemoryStore } from '../adapters/memory/memory-store.ts';
import { createMemoryOnce } from '../adapters/memory/once.ts';
import { createDerivedKeys } from '../adapters/node-crypto/derived-keys.ts';
import { createIdNames } from '../adapters/node-crypto/id-names.ts';
import { type KeyRing, parseKeyRing } from '../adapters/node-crypto/key-ring.ts';
import { createSealer } from '../adapters/node-crypto/sealer.ts';
import { createSharedKeySealer } from '../adapters/node-crypto/shared-key-sealer.ts';
import { systemClock } from '../adapters/system/clock.ts';
import { systemPause } from '../adapters/system/pause.ts';
import { systemRandom } from '../adapters/system/random.ts';
import { createPageRenderer, type PageRenderer } from '../core/html/page-renderer.ts';
import { isWildcardOrigin } from '../core/http/authority.ts';
import { createSealedRefresher, createSealedRefreshMemory, type SealedRefreshMemory } from '../flows/refresh-sealed.ts';
import { createRefresher } from '../flows/refresh-sessions.ts';
import type { Refresher } from '../flows/refresher.ts';
import { createSessionCache } from '../flows/session-cache.ts';
import type { SessionPorts } from '../flows/sessions.ts';
import { issuerMode } from '../modes/issuer/index.ts';
import type { ModeInstance, ModeServices } from '../modes/mode.ts';
import type { AuthorizationServer } from '../ports/authorization-server.ts';
import type { IssuerEngineFactory } from '../ports/issuer-engine.ts';
import type { Store } from '../ports/store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { MountedRoutes } from '../servers/side-service/side-service.ts';
import type { Config } from './config/config.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { createProvider } from './providers.ts';
import { isSameSetting } from './same-settings.ts';

/** Everything that a configuration becomes, built but not yet listening. */
export interface Application {
  readonly gateway: Gateway;
  readonly mounts: readonly MountedRoutes[];
  readonly providers: ReadonlyMap<string, AuthorizationServer>;
  readonly store: Store;
  readonly renderer: PageRenderer;
  /** What finding and ending sessions needs. */
  readonly sessions: SessionPorts;
  readonly refresher: Refresher;
  readonly sealedRefreshes: SealedRefreshMemory;
  readonly instances: ReadonlyMap<string, ModeInstance>;
}

/** What a configuration was made into. */
export interface Wired {
  readonly config: Config;
  readonly application: Application;
}

/**
 * The composition root: the one place that knows which adapter stands behind which port. Where settings are as they
 * were in `before`, its store and its providers are taken over: the sessions in memory, connections, what providers
 * said about themselves.
 */
export async function wire(config: Config, telemetry: Telemetry, before?: Wired): Promise<Application> {
  const providers = providersOf(config, telemetry, before);
  const store = await storeOf(config, telemetry, before);
  const ring = keyRingOf(config);
  const createIssuerEngine = await issuerEngineOf(config);
  const sealedRefreshes = before?.application.sealedRefreshes ?? createSealedRefreshMemory(systemPause);
  try {
    return compose(config, { ring, store, providers, sealedRefreshes, telemetry, createIssuerEngine });
  } catch (error) {
    await closeConnections({ store, providers }, before?.application);
    throw error;
  }
}

/** What stands behind the ports, where there is a choice. */
export interface Parts {
  readonly ring: KeyRing;
  readonly store: Store;
  readonly providers: ReadonlyMap<string, AuthorizationServer>;
  readonly sealedRefreshes: SealedRefreshMemory;
  readonly telemetry: Telemetry;
  readonly createIssuerEngine: IssuerEngineFactory;
}

/** Puts an application together. */
export function compose(config: Config, parts: Parts): Application {
  const { ring, store, providers, sealedRefreshes, telemetry } = parts;
  const sealer = createSealer(ring, systemRandom);
  const cache = createSessionCache(config.sessionCache, {
    ...systemPorts,
    records: store.sessions,
    changes: store.changes,
    sealer,
  });
  const { records } = cache;
  const idNames = createIdNames(ring, systemRandom);
  const sessions: SessionPorts = { records, cache, index: store.index, sealer, idNames };
  const services: ModeServices = {
    ...systemPorts,
    origins: config.origins.filter((origin) => !isWildcardOrigin(origin)),
    telemetry,
    renderer: createPageRenderer(config.pages),
    sealer,
    derivedKeys: createDerivedKeys(ring),
    store,
    onceHere: createMemoryOnce(systemClock, maxMarkersHere),
    createSharedKeySealer: (key) => createSharedKeySealer(key, systemRandom),
    sessions,
    refresher: createRefresher({ ...systemPorts, ...sessions, changes: store.changes, providers, telemetry }),
    refreshSealed: createSealedRefresher({ ...systemPorts, memory: sealedRefreshes, providers, telemetry }),
    providers,
    createIssuerEngine: parts.createIssuerEngine,
  };
  try {
    return { ...assembleApplication(config, services, store), sealedRefreshes };
  } catch (error) {
    // The store may be one that goes on: nobody shall hear of its changes any more.
    void services.refresher.close();
    cache.close();
    throw error;
  }
}

/** Of logins that finished here in the last twenty minutes. */
const maxMarkersHere = 100_000;

const systemPorts = { clock: systemClock, pause: systemPause, random: systemRandom };

function assembleApplication(
  config: Config,
  services: ModeServices,
  store: Store,
): Omit<Application, 'sealedRefreshes'> {
  const { providers, renderer, sessions, refresher, telemetry } = services;
  const instances = new Map<string, ModeInstance>(
    [...config.modes.values()].map((mode) => [mode.name, mode.definition.create(mode.name, mode.settings, services)]),
  );
  const gateway = createGateway(
    {
      origins: config.origins,
      rules: config.rules,
      instances,
      stripHeaders: config.requests.stripHeaders,
      headerLimits: config.requests,
    },
    telemetry,
    systemClock,
  );
  return { gateway, mounts: mountsOf(instances), providers, store, renderer, sessions, refresher, instances };
}

/**
 * Closes what an application had and `next` did not take over. Refreshes first: what they were given is lost unless
 * they can still write it.
 */
export async function closeUnused(application: Application, next: Application | undefined): Promise<void> {
  await application.refresher.close();
  application.sessions.cache.close();
  await closeConnections(application, next);
}

async function closeConnections(
  { store, providers }: Pick<Application, 'store' | 'providers'>,
  next: Application | undefined,
): Promise<void> {
  const kept = new Set(next?.providers.values());
  for (const provider of providers.values()) if (!kept.has(provider)) provider.close();
  if (store !== next?.store) await store.close();
}

/** The key ring of a configuration that was checked. */
export function keyRingOf(config: Config): KeyRing {
  const parsed = parseKeyRing(config.keys.reveal());
  // The configuration was checked; this guards callers that build one by hand.
  if (parsed.kind === 'invalid') throw new Error(`keys: ${parsed.problem}`);
  return parsed.ring;
}

// What follows is imported when it is needed: oidc-provider alone takes a fifth of a second to load, and nobody
// should wait at the start for what he does not use.

async function storeOf(config: Config, telemetry: Telemetry, before: Wired | undefined): Promise<Store> {
  if (before !== undefined && isSameSetting(before.config.store, config.store)) return before.application.store;
  return await createStore(config.store, telemetry);
}

/** A store of its own. It connects by itself, and must be closed. */
export async function createStore(settings: Config['store'], telemetry: Telemetry | undefined): Promise<Store> {
  switch (settings.kind) {
    case 'memory':
      return createMemoryStore({ clock: systemClock, maxSessions: settings.maxSessions });
    case 'redis': {
      const { createRedisStore } = await import('../adapters/ioredis/redis-store.ts');
      const { kind: _kind, commandTimeout, ...options } = settings;
      return createRedisStore(
        { ...options, commandTimeoutMs: commandTimeout * 1000 },
        { clock: systemClock, telemetry },
      );
    }
  }
}

async function issuerEngineOf(config: Config): Promise<IssuerEngineFactory> {
  const isNeeded = [...config.modes.values()].some(({ definition }) => definition === issuerMode);
  if (isNeeded) return (await import('../adapters/oidc-provider/issuer-engine.ts')).createIssuerEngine;
  return () => {
    throw new Error('no issuer is configured');
  };
}

function providersOf(
  config: Config,
  telemetry: Telemetry,
  before: Wired | undefined,
): ReadonlyMap<string, AuthorizationServer> {
  const ports = { clock: systemClock, telemetry };
  return new Map(
    [...config.providers].map(([name, options]) => {
      const isSame = isSameSetting(before?.config.providers.get(name), options);
      const kept = isSame ? before?.application.providers.get(name) : undefined;
      return [name, kept ?? createProvider(options, ports)];
    }),
  );
}

function mountsOf(instances: ReadonlyMap<string, ModeInstance>): readonly MountedRoutes[] {
  return [...instances.values()].flatMap(({ basePath, routes }) =>
    basePath === undefined || routes === undefined ? [] : [{ basePath, routes }],
  );
}
