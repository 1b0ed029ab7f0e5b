import type { SessionPorts } from '../../flows/sessions.ts';
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
  readonly sessions: SessionPorts;
  readonly provider: AuthorizationServer;
  readonly services: ModeServices;
}

/** Puts an instance together. Throws when its provider does not exist, which the configuration has ruled out. */
export function sessionRuntime(instance: string, settings: SessionSettings, services: ModeServices): SessionRuntime {
  const provider = services.providers.get(settings.provider);
  if (provider === undefined) throw new Error(`session instance ${instance} names a provider that does not exist`);
  return {
    instance,
    settings,
    decision: {
      instance,
      registration: provider.registration,
      idleLifetime: settings.idleLifetime,
      groupsClaim: settings.groupsClaim,
      allowsUnverifiedEmail: provider.vouchesForEmail,
    },
    cookies: sessionCookies(settings),
    sessions: { records: services.store.sessions, sealer: services.sealer, idNames: services.idNames },
    provider,
    services,
  };
}
