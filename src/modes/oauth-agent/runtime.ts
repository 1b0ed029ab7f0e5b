import type { AuthorizationServer } from '../../ports/authorization-server.ts';
import type { ModeServices } from '../mode.ts';
import { createCookieSeal } from './cookie-seal.ts';
import { type AgentCookies, agentCookies } from './cookies.ts';
import { type CsrfTokens, createCsrfTokens } from './csrf-tokens.ts';
import type { DecisionSettings } from './decide.ts';
import { createLoginCookie, type LoginCookie } from './login-cookie.ts';
import { createOwnTokens } from './own-tokens.ts';
import { createPhantomTokens, type PhantomTokens } from './phantom-tokens.ts';
import { sealedState } from './sealed-state.ts';
import type { OauthAgentSettings } from './settings.ts';
import type { AgentState } from './state.ts';
import { storedState } from './stored-state.ts';

/** One live agent: what its check and its routes share. */
export interface AgentRuntime {
  readonly instance: string;
  readonly settings: OauthAgentSettings;
  /** What the decision needs of them. */
  readonly decision: DecisionSettings;
  readonly provider: AuthorizationServer;
  readonly cookies: AgentCookies;
  readonly state: AgentState;
  readonly csrf: CsrfTokens;
  readonly loginCookie: LoginCookie;
  /** Undefined where APIs get the access token itself. */
  readonly phantomTokens: PhantomTokens | undefined;
  readonly services: ModeServices;
}

/** Puts an instance together. Throws when its provider does not exist, which the configuration has ruled out. */
export function agentRuntime(instance: string, settings: OauthAgentSettings, services: ModeServices): AgentRuntime {
  const provider = services.providers.get(settings.provider);
  if (provider === undefined) throw new Error(`oauth-agent instance ${instance} names a provider that does not exist`);
  const cookies = agentCookies(settings);
  const seal = createCookieSeal(instance, settings.version1, services);
  const csrf = createCsrfTokens(cookies, seal, createOwnTokens(instance, services));
  const parts = { instance, settings, provider, cookies, seal, csrf, services };
  return {
    instance,
    settings,
    decision: { ...settings, csrfHeader: cookies.csrfHeader },
    provider,
    cookies,
    state: settings.state === 'sealed' ? sealedState(parts) : storedState(parts),
    csrf,
    loginCookie: createLoginCookie(cookies, seal),
    phantomTokens: settings.phantomTokens ? createPhantomTokens(provider, services) : undefined,
    services,
  };
}
