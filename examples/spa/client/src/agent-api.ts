/** Paths below the agent's base path, as long as its configuration names no others. */
export const usualEndpoints = {
  loginStart: '/login/start',
  loginEnd: '/login/end',
  userInfo: '/userInfo',
  claims: '/claims',
  refresh: '/refresh',
  logout: '/logout',
  session: '/session',
};

export interface AgentClientOptions {
  /** Where the agent is, such as `/oauth-agent` or `https://api.example.com/oauth-agent`. */
  readonly baseUrl: string;
  /** `cookie.prefix` of the agent's configuration. The CSRF token goes into the header `x-<prefix>-csrf`. */
  readonly cookiePrefix: string;
  /** What relative URLs of {@link AgentClient.fetch} are relative to. Default: the root of the agent's origin. */
  readonly apiBaseUrl?: string;
  /** Paths below `baseUrl`, where the agent has other ones than the usual. */
  readonly endpoints?: Partial<typeof usualEndpoints>;
  /** Default: the browser's. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** Answer of {@link AgentClient.endLogin}. `csrf` is for requests that the application sends without this client. */
export type LoginState =
  | { readonly handled: boolean; readonly isLoggedIn: true; readonly csrf: string }
  | { readonly handled: false; readonly isLoggedIn: false };

/** Answer of {@link AgentClient.session}; times in seconds since 1970. */
export type SessionState =
  | { readonly isLoggedIn: false }
  | {
      readonly isLoggedIn: true;
      readonly sub?: string;
      /** When the session ends at the latest, as things are now. */
      readonly expiresAt?: number;
      readonly accessTokenExpiresAt?: number;
    };

/** Claims about the user, as the provider names them (OpenID Connect Core §5.1). */
export type Claims = Readonly<Record<string, unknown>> & { readonly sub?: string };

/** Logs people of a single-page application in and out, and calls its APIs, without ever seeing a token. */
export interface AgentClient {
  /**
   * Leaves the page for the provider's login. Remembers which page it was. `extraParams`: further parameters of the
   * authorization request, such as `prompt` or `ui_locales`; the agent refuses those that are its own business.
   */
  startLogin(options?: { readonly extraParams?: Readonly<Record<string, string>> }): Promise<void>;
  /**
   * To be called when a page has loaded, before anything else. Finishes a login where the URL holds the provider's
   * answer, and says whether somebody is logged in. Afterwards the address bar shows the page on which the login
   * began, without code and state. Throws AgentError for a login that failed (`login_required`, `access_denied`). While
   * provider or agent cannot be reached (502, 503, TypeError) the URL stays as it is: the same call may work later.
   */
  endLogin(pageUrl?: string): Promise<LoginState>;
  /** What the provider says about the user now (OpenID Connect Core §5.3). */
  userInfo(): Promise<Claims>;
  /** The claims of the ID token: what was said at the login, or at the last refresh. Asks no provider. */
  claims(): Promise<Claims>;
  /** Whether there is a session, and until when. Does not prolong it, so it can be polled. */
  session(): Promise<SessionState>;
  /** Replaces the tokens, once for all tabs. Rarely needed: `fetch` does it by itself. */
  refresh(): Promise<void>;
  /**
   * Ends the session, tells the other tabs, and leaves the page for the provider's logout. Listeners of this tab hear of
   * it only where the session was over before, and the page is not left.
   */
  logout(): Promise<void>;
  /**
   * As the browser's fetch, for APIs behind the gateway: with the session, and with the CSRF token where the method may
   * change something. A 401 has the session put in order, once for all tabs, and the request sent once more; a second
   * 401 is the answer. Throws AgentError when the session can be put in order only later (502, 503). Nobody else must see
   * the CSRF token: TypeError for a URL of another origin, and for a redirect that answers a request with the token. Where
   * `redirect` is `manual` the answer to such a request is the redirect, of which a page can read nothing.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** Calls `listener` when this tab learns that somebody logged in or out elsewhere, or that the session is over. */
  onChange(listener: (change: 'signed-in' | 'signed-out') => void): () => void;
  /** Takes leave of the other tabs and forgets all listeners, for a module that is replaced, or at the end of a test. */
  close(): void;
}
