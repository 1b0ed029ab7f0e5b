import { createMemoryStore } from '../adapters/memory/memory-store.ts';
import { newKeyRing } from '../adapters/node-crypto/new-key-ring.ts';
import { systemClock } from '../adapters/system/clock.ts';
import { systemPause } from '../adapters/system/pause.ts';
import { systemRandom } from '../adapters/system/random.ts';
import { createSealedRefreshMemory } from '../flows/refresh-sealed.ts';
import type { AuthorizationServer, ProviderUnavailable } from '../ports/authorization-server.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Config } from './config/config.ts';
import { type Application, compose } from './wire.ts';

/**
 * An application that decides as the running one does and reaches nobody, for explanations: keys of the moment, no
 * session, providers that do not answer. Takes configurations whose secrets were not read.
 */
export function composeOffline(config: Config): Application {
  // What guards nothing decides nothing, and may need its secrets to be put together.
  const guards = new Map([...config.modes].filter(([, { definition }]) => definition.guardsRequests !== false));
  const clock = systemClock;
  return compose(
    { ...config, modes: guards },
    {
      ring: newKeyRing(systemRandom, clock.now()),
      store: createMemoryStore({ clock }),
      providers: new Map([...config.providers.values()].map(({ name, label }) => [name, silentProvider(name, label)])),
      sealedRefreshes: createSealedRefreshMemory(systemPause),
      telemetry: silence,
      createIssuerEngine: () => {
        throw new Error('no issuer is put together offline');
      },
    },
  );
}

const silence: Telemetry = { event: () => undefined, problem: () => undefined, check: () => undefined };

function silentProvider(name: string, label: string): AuthorizationServer {
  const unavailable: ProviderUnavailable = { kind: 'unavailable', detail: 'this is no running instance' };
  return {
    name,
    label,
    registration: '',
    vouchesForEmail: false,
    responseMode: 'query',
    issuer: async () => unavailable,
    isReserved: () => true,
    authorizationUrl: async () => unavailable,
    redeem: async () => unavailable,
    refresh: async () => ({ ...unavailable, retryAfter: undefined, isLost: false }),
    userinfo: async () => unavailable,
    introspect: async () => unavailable,
    endSessionUrl: async () => undefined,
    revoke: async () => ({ kind: 'unsupported' }),
    verifyLogoutToken: async () => unavailable,
    status: () => 'not_asked',
    close: () => undefined,
  };
}
