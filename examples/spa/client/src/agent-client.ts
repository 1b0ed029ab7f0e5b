import { type AgentClient, type AgentClientOptions, type LoginState, usualEndpoints } from './agent-api.ts';
import { AgentError, agentErrorOf, isPassing } from './agent-error.ts';
import { rememberPage, showPageBehind } from './login-page.ts';
import { connectTabs, type TabNews } from './tabs.ts';

export type { AgentClient, AgentClientOptions, Claims, LoginState, SessionState } from './agent-api.ts';
export { AgentError, type AgentErrorCode, type KnownAgentErrorCode } from './agent-error.ts';

/** Makes the client of an agent. An application has one; every tab has its own, and they know of each other. */
export function createAgentClient(options: AgentClientOptions): AgentClient {
  const agent = new URL(options.baseUrl, location.href).href.replace(/\/$/, '');
  const api = new URL(options.apiBaseUrl ?? '/', agent);
  const endpoints = { ...usualEndpoints, ...options.endpoints };
  const send = options.fetch ?? ((request) => globalThis.fetch(request));
  const listeners = new Set<(change: 'signed-in' | 'signed-out') => void>();
  const tabs = connectTabs(agent, learn);
  const endings = new Map<string, Promise<LoginState>>();
  let csrf: string | undefined;
  /** In any tab, since this one was opened: whoever counted before it waited knows whether it was waiting for one. */
  let refreshes = 0;
  /** From the beginning of a logout: a listener that loads the page again would cancel the way to the provider's. */
  let isLeaving = false;

  function learn(news: TabNews): void {
    if (news === 'refreshed') {
      refreshes += 1;
      return;
    }
    // The token of a session that was before.
    csrf = undefined;
    if (isLeaving) return;
    for (const listener of listeners) listener(news);
  }

  function tellAll(news: TabNews): void {
    learn(news);
    tabs.tell(news);
  }

  function requestTo(path: string, init?: RequestInit): Request {
    // The agent redirects nobody. What is sent to it, such as a code of the provider, is for nobody else.
    return new Request(`${agent}${path}`, { cache: 'no-store', credentials: 'include', redirect: 'error', ...init });
  }

  function postOf(path: string, body: unknown): Request {
    const headers = { 'content-type': 'application/json' };
    return requestTo(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** Finishes a login, or merely says who is there. */
  async function askLoginEnd(pageUrl: string): Promise<LoginState> {
    const answer = await expectOk(send(postOf(endpoints.loginEnd, { pageUrl })));
    const state = (await answer.json()) as LoginState; // as the agent's OpenAPI document has it
    csrf = state.isLoggedIn ? state.csrf : undefined;
    return state;
  }

  /** The CSRF token of the session as it is now: this page, without the answer that its URL may hold. */
  async function currentCsrf(): Promise<string | undefined> {
    await askLoginEnd(`${location.origin}${location.pathname}`);
    return csrf;
  }

  /** A redirect would carry CSRF token and body to wherever it points, another origin as well (Fetch §4.4). */
  async function sendWith(token: string | undefined, request: Request): Promise<Response> {
    if (token === undefined) return await send(request);
    const { redirect, referrer, referrerPolicy } = request;
    // The copy would forget what it says of the page.
    const bound = new Request(request, {
      redirect: redirect === 'follow' ? 'error' : redirect,
      referrer,
      referrerPolicy,
    });
    bound.headers.set(`x-${options.cookiePrefix}-csrf`, token);
    return await send(bound);
  }

  /** Refresh and logout. Where another tab has logged in anew, the CSRF token is not the one that this tab knows. */
  async function postToAgent(path: string): Promise<Response> {
    const post = async (token: string | undefined) =>
      await expectOk(sendWith(token, requestTo(path, { method: 'POST' })));
    const known = csrf;
    try {
      return await post(known ?? (await currentCsrf()));
    } catch (error) {
      if (!isAgentError(error, 'unauthorized_request') || known === undefined) throw error;
      const current = await currentCsrf();
      if (current === known || current === undefined) throw error;
      return await post(current);
    }
  }

  /** Whether an error of refresh or logout means that there is no session any more: `csrf` is what the agent said last. */
  function isOver(error: unknown): boolean {
    return (
      isAgentError(error, 'session_expired') || (isAgentError(error, 'unauthorized_request') && csrf === undefined)
    );
  }

  async function replaceTokens(): Promise<void> {
    try {
      await postToAgent(endpoints.refresh);
    } catch (error) {
      if (isOver(error)) tellAll('signed-out');
      throw error;
    }
    tellAll('refreshed');
  }

  /** Sends a request; after a 401 puts the session in order and sends it once more. */
  async function sendWithSession(request: Request): Promise<Response> {
    const before = refreshes;
    const token = isSafe(request.method) ? undefined : (csrf ?? (await currentCsrf()));
    const first = await sendWith(token, request.clone());
    if (first.status !== 401 || !(await isInOrderNow(token, before))) return first;
    await first.body?.cancel();
    return await sendWith(isSafe(request.method) ? undefined : csrf, request);
  }

  /** Whether a request that got a 401 has better prospects now. Everybody else who got one waits here for the first. */
  async function isInOrderNow(token: string | undefined, before: number): Promise<boolean> {
    return await tabs.alone(async () => {
      // The news of a refresh in another tab may come after its lock: then the agent is asked for one more in vain.
      if (refreshes !== before) return true;
      const wasLoggedIn = csrf !== undefined;
      const current = await currentCsrf();
      if (current === undefined) {
        if (wasLoggedIn) tellAll('signed-out');
        return false;
      }
      if (token !== undefined && token !== current) return true;
      try {
        await replaceTokens();
        return true;
      } catch (error) {
        // There is no refresh token, or its time is over: the 401 is the answer.
        if (error instanceof AgentError && error.status === 401) return false;
        throw error;
      }
    });
  }

  async function getJson<Answer>(request: Promise<Response>): Promise<Answer> {
    const answer = await expectOk(request);
    return (await answer.json()) as Answer; // as the agent's OpenAPI document has it
  }

  return {
    async startLogin({ extraParams = {} } = {}) {
      const body = { extraParams: Object.entries(extraParams).map(([key, value]) => ({ key, value })) };
      const { authorizationRequestUrl } = await getJson<{ readonly authorizationRequestUrl: string }>(
        send(postOf(endpoints.loginStart, body)),
      );
      rememberPage(agent);
      location.assign(authorizationRequestUrl);
    },

    async endLogin(pageUrl = location.href) {
      // Frameworks that render twice call twice; the provider's answer is good for one.
      const begun = endings.get(pageUrl);
      if (begun !== undefined) return await begun;
      // A page that the browser has kept, shown again after a logout.
      isLeaving = false;
      const cleanUp = (isLoggedIn: boolean) => pageUrl === location.href && showPageBehind(agent, isLoggedIn);
      const ending = (async () => {
        try {
          const state = await askLoginEnd(pageUrl);
          cleanUp(state.isLoggedIn);
          if (state.handled) tabs.tell('signed-in');
          return state;
        } catch (error) {
          // An answer that was neither used nor refused is still good, also when the page is loaded again.
          if (!isPassing(error)) cleanUp(false);
          throw error;
        } finally {
          endings.delete(pageUrl);
        }
      })();
      endings.set(pageUrl, ending);
      return await ending;
    },

    userInfo: async () => await getJson(sendWithSession(requestTo(endpoints.userInfo))),

    claims: async () => await getJson(sendWithSession(requestTo(endpoints.claims))),

    session: async () => await getJson(send(requestTo(endpoints.session))),

    async refresh() {
      const before = refreshes;
      await tabs.alone(async () => {
        if (refreshes === before) await replaceTokens();
      });
    },

    async logout() {
      isLeaving = true;
      try {
        const { url } = await getJson<{ readonly url: string }>(postToAgent(endpoints.logout));
        csrf = undefined;
        tabs.tell('signed-out');
        location.assign(url);
      } catch (error) {
        isLeaving = false;
        // What was asked for is so already, and there is nowhere to go.
        if (!isOver(error)) throw error;
        tellAll('signed-out');
      }
    },

    async fetch(input, init) {
      const request = new Request(input instanceof Request ? input : new URL(input, api), {
        ...init,
        credentials: 'include',
      });
      if (new URL(request.url).origin !== api.origin) throw new TypeError(`this fetch is for APIs at ${api.origin}`);
      return await sendWithSession(request);
    },

    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    close() {
      listeners.clear();
      tabs.close();
    },
  };
}

async function expectOk(sent: Promise<Response>): Promise<Response> {
  const answer = await sent;
  if (answer.ok) return answer;
  throw await agentErrorOf(answer);
}

function isAgentError(error: unknown, code: string): boolean {
  return error instanceof AgentError && error.code === code;
}

/** RFC 9110 §9.2.1 */
function isSafe(method: string): boolean {
  return ['GET', 'HEAD', 'OPTIONS'].includes(method);
}
