import type { CookieStyle } from '../../core/http/cookies.ts';
import type { OauthAgentSettings } from './settings.ts';

/** What a cookie of an agent is for. Bound to what is sealed in it. */
export type CookiePurpose = 'at' | 'auth' | 'id' | 'csrf' | 'login' | 'out';

/** One cookie as the browser knows it. */
export interface PlacedCookie {
  readonly purpose: CookiePurpose;
  readonly name: string;
  readonly style: CookieStyle;
}

/** The cookies of one agent instance, each at its own path. */
export interface AgentCookies {
  /** Access token, or with a store the id of the session. */
  readonly at: PlacedCookie;
  /** Refresh token. */
  readonly auth: PlacedCookie;
  /** ID token. */
  readonly id: PlacedCookie;
  readonly csrf: PlacedCookie;
  /** Binding secret of login attempts; one for all tabs. */
  readonly login: PlacedCookie;
  /** With sealed sessions: which ones have ended in this browser. In the clear. */
  readonly out: PlacedCookie;
  /** Where a cookie may be left over from another setting; deleted with the others. */
  readonly leftovers: readonly PlacedCookie[];
  /** Lower-case name of the header that repeats the CSRF token. */
  readonly csrfHeader: string;
}

/**
 * Names, paths and attributes. With `version1.write` refresh and ID token stand where other OAuth agents put them, which
 * is where only the endpoints `refresh` and `claims` see them.
 */
export function agentCookies(settings: OauthAgentSettings): AgentCookies {
  const { prefix, hostOnly, domain, insecureHttp } = settings.cookie;
  const common = { secure: !insecureHttp, sameSite: 'Strict', domain } as const;
  const place = (purpose: CookiePurpose, path: string): PlacedCookie => ({
    purpose,
    name: `${hostOnly ? '__Host-' : ''}${prefix}-${purpose}`,
    style: { ...common, path: hostOnly ? '/' : path },
  });
  const base = settings.cookie.basePath ?? settings.basePath;
  const own = { auth: place('auth', base), id: place('id', base) };
  const narrow = {
    auth: place('auth', `${base}${settings.endpoints.refresh}`),
    id: place('id', `${base}${settings.endpoints.claims}`),
  };
  const isNarrow = settings.version1?.write === true;
  const unused = isNarrow ? own : narrow;
  return {
    at: place('at', '/'),
    csrf: place('csrf', '/'),
    login: place('login', base),
    out: place('out', '/'),
    ...(isNarrow ? narrow : own),
    // Of no other state or version were there ever any where __Host- names are in use.
    leftovers: settings.state === 'sealed' && !hostOnly ? [unused.auth, unused.id] : [],
    csrfHeader: `x-${prefix}-csrf`,
  };
}
