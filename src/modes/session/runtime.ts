import { sealedSessions } from '../../flows/sealed-sessions.ts';
import type { SessionKeeper } from '../../flows/session-keeper.ts';
import { storedSessions } from '../../flows/stored-sessions.ts';
import type { AuthorizationServer } from '../../ports/authorization-server.ts';
import type { ModeServices } from '../mode.ts';
import { type SessionCookies, sessionCookies } from './cookies.ts';
import type { DecisionSettings } from './decide.ts';
import type { SessionSettings } from './settings.ts';

/** One live session instance: what its check and its routes share. */
export interface SessionRuntime {
  readonly instance: string;
  readonly settings: SessionSettings;
  /** What the decision needs of them. */
  readonly decision: DecisionSettings;
  readonly cookies: SessionCookies;
  readonly sessions: SessionKeeper;
  /** By name, in the order in which users see them; at least one. */
  readonly providers: ReadonlyMap<string, AuthorizationServer>;
  readonly services: ModeServices;
}

/** Puts an instance together. Throws when a provider does not exist, which the configuration has ruled out. */
export function sessionRuntime(instance: string, settings: SessionSettings, services: ModeServices): SessionRuntime {
  const providers = new Map(settings.provider.map((name) => [name, providerNamed(name, instance, services)]));
  const cookies = sessionCookies(settings);
  const { groupsClaim, idleLifetime, healCooldown } = settings;
  return {
    instance,
    settings,
    decision: { instance, providers, idleLifetime, groupsClaim, healCooldown },
    cookies,
    sessions: keeperOf(instance, settings, cookies, services),
    providers,
    services,
  };
}

function providerNamed(name: string, instance: string, services: ModeServices): AuthorizationServer {
  const provider = services.providers.get(name);
  if (provider === undefined) throw new Error(`session instance ${instance} names a provider that does not exist`);
  return provider;
}

function keeperOf(
  instance: string,
  { state, idleLifetime, maxSessionsPerUser: maxPerUser }: SessionSettings,
  cookies: SessionCookies,
  services: ModeServices,
): SessionKeeper {
  const { telemetry, refresher } = services;
  const options = { cookieName: cookies.session, style: cookies };
  switch (state) {
    case 'sealed':
      return sealedSessions({ instance, ...options }, services);
    case 'store':
      return storedSessions({ ...options, idleLifetime, maxPerUser }, { ...services.sessions, telemetry, refresher });
  }
}
