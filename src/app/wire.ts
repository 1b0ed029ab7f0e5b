import { createMemoryStore } from '../adapters/memory/memory-store.ts';
import { createDerivedKeys } from '../adapters/node-crypto/derived-keys.ts';
import { createIdNames } from '../adapters/node-crypto/id-names.ts';
import { type KeyRing, parseKeyRing } from '../adapters/node-crypto/key-ring.ts';
import { createSealer } from '../adapters/node-crypto/sealer.ts';
import { createAuthorizationServer } from '../adapters/openid-client/authorization-server.ts';
import { systemClock } from '../adapters/system/clock.ts';
import { systemRandom } from '../adapters/system/random.ts';
import { issuerMode } from '../modes/issuer/index.ts';
import type { ModeInstance, ModeServices } from '../modes/mode.ts';
import type { AuthorizationServer } from '../ports/authorization-server.ts';
import type { IssuerEngineFactory } from '../ports/issuer-engine.ts';
import type { Store } from '../ports/store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { MountedRoutes } from '../servers/side-service/side-service.ts';
import type { Config } from './config/config.ts';
import { createGateway, type Gateway } from './gateway.ts';

/** Everything that a configuration becomes, built but not yet listening. */
export interface Application {
  readonly gateway: Gateway;
  readonly mounts: readonly MountedRoutes[];
  readonly providers: ReadonlyMap<string, AuthorizationServer>;
  readonly store: Store;
}

/** The composition root: the one place that knows which adapter stands behind which port. */
export async function wire(config: Config, telemetry: Telemetry): Promise<Application> {
  const ring = keyRingOf(config);
  const store = await storeOf(config, telemetry);
  const providers = providersOf(config, telemetry);
  const services: ModeServices = {
    origins: config.origins,
    clock: systemClock,
    random: systemRandom,
    telemetry,
    sealer: createSealer(ring, systemRandom),
    idNames: createIdNames(ring, systemRandom),
    derivedKeys: createDerivedKeys(ring),
    store,
    providers,
    createIssuerEngine: await issuerEngineOf(config),
  };
  const instances = new Map<string, ModeInstance>(
    [...config.modes.values()].map((mode) => [mode.name, mode.definition.create(mode.name, mode.settings, services)]),
  );
  const gateway = createGateway(
    { origins: config.origins, rules: config.rules, instances, stripHeaders: config.requests.stripHeaders },
    telemetry,
  );
  return { gateway, mounts: mountsOf(instances), providers, store };
}

function keyRingOf(config: Config): KeyRing {
  const parsed = parseKeyRing(config.keys.reveal());
  // The configuration was checked; this guards callers that build one by hand.
  if (parsed.kind === 'invalid') throw new Error(`keys: ${parsed.problem}`);
  return parsed.ring;
}

// What follows is imported when it is needed: oidc-provider alone takes a fifth of a second to load, and nobody
// should wait at the start for what he does not use.

async function storeOf(config: Config, telemetry: Telemetry): Promise<Store> {
  switch (config.store.kind) {
    case 'memory':
      return createMemoryStore({ clock: systemClock, maxSessions: config.store.maxSessions });
    case 'redis': {
      const { createRedisStore } = await import('../adapters/ioredis/redis-store.ts');
      const { url, username, password, keyPrefix, commandTimeout } = config.store;
      return createRedisStore(
        { url, username, password, keyPrefix, commandTimeoutMs: commandTimeout * 1000 },
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

function providersOf(config: Config, telemetry: Telemetry): ReadonlyMap<string, AuthorizationServer> {
  const ports = { clock: systemClock, telemetry };
  return new Map(
    [...config.providers].map(([name, { requestTimeout, ...provider }]) => [
      name,
      createAuthorizationServer({ ...provider, requestTimeoutMs: requestTimeout * 1000 }, ports),
    ]),
  );
}

function mountsOf(instances: ReadonlyMap<string, ModeInstance>): readonly MountedRoutes[] {
  return [...instances.values()].flatMap(({ basePath, routes }) =>
    basePath === undefined || routes === undefined ? [] : [{ basePath, routes }],
  );
}
