import type { SessionPorts } from '../../flows/sessions.ts';
import type { AuthorizationServer } from '../../ports/authorization-server.ts';
import type { ModeServices } from '../mode.ts';
import type { SessionCookies } from './cookies.ts';
import type { SessionSettings } from './settings.ts';

/** One live session instance: what its check and its routes share. */
export interface SessionRuntime {
  readonly instance: string;
  readonly settings: SessionSettings;
  readonly cookies: SessionCookies;
  readonly sessions: SessionPorts;
  readonly provider: AuthorizationServer;
  readonly services: ModeServices;
}
