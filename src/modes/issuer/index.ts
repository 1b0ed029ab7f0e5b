import type { IssuerClient } from '../../ports/issuer-engine.ts';
import { defineMode } from '../mode.ts';
import { checkSettings } from './check-settings.ts';
import { enginePages } from './pages.ts';
import { issuerRequirements } from './requirements.ts';
import { issuerRoutes } from './routes.ts';
import { scopeClaims } from './scopes.ts';
import { type IssuerSettings, issuerSettings } from './settings.ts';
import { configuredUsers } from './users.ts';

/** An embedded authorization server for first-party use, with login and consent pages of its own. */
export const issuerMode = defineMode({
  name: 'issuer',
  settings: issuerSettings,
  requirements: issuerRequirements,
  common: ({ basePath, lifetimes }) => ({
    basePath,
    providers: [],
    cookie: undefined,
    state: 'store',
    inBrowsers: [{ what: 'logins at the issuer', lifetime: lifetimes.session }],
  }),
  check: checkSettings,
  guardsRequests: false,
  create(name, settings, services) {
    const { documents, once } = services.store;
    const { sealer, derivedKeys, clock, telemetry, renderer } = services;
    const users = configuredUsers(settings.users, services.random);
    const issuer = issuerOf(settings, services.origins);
    const engine = services.createIssuerEngine(
      {
        name,
        issuer,
        basePath: settings.basePath,
        signingKeys: settings.signingKeys,
        clients: settings.clients.map(clientOf),
        lifetimes: settings.lifetimes,
        scopeClaims: new Map(Object.entries(scopeClaims)),
        pages: enginePages,
        findAccount: users.find,
      },
      { documents, once, sealer, derivedKeys, clock, telemetry, renderer },
    );
    return {
      basePath: settings.basePath,
      ownCookies: engine.ownCookies,
      identityHeaders: [],
      authorize: undefined,
      explain: undefined,
      routes: issuerRoutes({ name, origin: new URL(issuer).origin, engine, users, telemetry, renderer }),
    };
  },
});

function issuerOf(settings: IssuerSettings, origins: readonly string[]): string {
  const [origin] = origins;
  if (settings.issuer !== undefined) return settings.issuer;
  if (origin === undefined) throw new Error('an issuer needs an origin, or its own `issuer` setting');
  return `${origin}${settings.basePath}`;
}

function clientOf(client: IssuerSettings['clients'][number]): IssuerClient {
  const { clientId, clientName = clientId, clientSecret } = client;
  // The secret by name: a setting may be absent, the engine is told that there is none.
  return { ...client, clientName, clientSecret };
}
