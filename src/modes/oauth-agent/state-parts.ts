import type { AuthorizationServer } from '../../ports/authorization-server.ts';
import type { ModeServices } from '../mode.ts';
import type { CookieSeal } from './cookie-seal.ts';
import type { AgentCookies } from './cookies.ts';
import type { CsrfTokens } from './csrf-tokens.ts';
import type { OauthAgentSettings } from './settings.ts';

/** What a state of an agent is made of. */
export interface StateParts {
  readonly instance: string;
  readonly settings: OauthAgentSettings;
  readonly provider: AuthorizationServer;
  readonly cookies: AgentCookies;
  readonly seal: CookieSeal;
  readonly csrf: CsrfTokens;
  readonly services: ModeServices;
}
