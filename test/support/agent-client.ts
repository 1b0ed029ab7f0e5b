import { scriptFetch } from './browser-headers.ts';
import { type Answer, type ClientRequest, createClient, type TestClient } from './client.ts';
import { type CookieJar, createCookieJar } from './cookie-jar.ts';
import { followUpTo } from './login-steps.ts';
import { noteSecret } from './seen-secrets.ts';

/** An answer with a JSON body. */
export interface AgentAnswer extends Answer {
  /** The body's members. Throws when it is no JSON object. */
  json(): Readonly<Record<string, unknown>>;
}

/** Where an agent is, and whose page talks to it. */
export interface AgentPlace {
  /** Origin of agent and APIs. */
  readonly apiOrigin: string;
  /** Origin of the page. */
  readonly spaOrigin: string;
  readonly redirectUri: string;
  /** Default `/oauth-agent`. */
  readonly basePath?: string;
  /** Default `example`. */
  readonly cookiePrefix?: string;
}

export interface ExtraParameter {
  readonly key: string;
  readonly value: string;
}

/**
 * A single-page application in one tab of a browser: keeps cookies as a browser does, and sends what a browser and such
 * an application send: Origin, Fetch Metadata, cookies and, with what changes something, the CSRF token.
 */
export interface AgentClient {
  /** The cookies of agent and APIs, which all tabs share. */
  readonly jar: CookieJar;
  /** The CSRF token that this tab knows: that of its last answer with one. */
  csrf: string | undefined;
  /**
   * A request of the page to a path of the API's origin. A header that is undefined is not sent; of several values each
   * is a line of its own.
   */
  send(path: string, request?: AgentRequest): Promise<AgentAnswer>;
  /** POST /login/start. */
  startLogin(extraParams?: readonly ExtraParameter[]): Promise<AgentAnswer>;
  /** Goes to the provider and back; the URL of the page with the authorization response, which nobody has used. */
  followLogin(authorizationRequestUrl: string): Promise<string>;
  /** POST /login/end. */
  endLogin(pageUrl: string, request?: AgentRequest): Promise<AgentAnswer>;
  /** Start, provider and end. Throws when nobody is logged in then. */
  logIn(): Promise<AgentAnswer>;
  userInfo(): Promise<AgentAnswer>;
  claims(): Promise<AgentAnswer>;
  refresh(request?: AgentRequest): Promise<AgentAnswer>;
  logout(request?: AgentRequest): Promise<AgentAnswer>;
  session(): Promise<AgentAnswer>;
  /** A call of an API behind the check. */
  api(path: string, request?: AgentRequest): Promise<AgentAnswer>;
  /** Another tab of the same browser: same cookies, and no CSRF token before it has asked for one. */
  tab(): AgentClient;
  /** A browser with a copy of the cookies, which then go their own way: a thief's, or one before a change. */
  fork(): AgentClient;
}

export interface AgentRequest extends Omit<ClientRequest, 'headers'> {
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** `provider`: the browser as the provider knows it. */
export function createAgentClient(
  place: AgentPlace,
  jar: CookieJar = createCookieJar(),
  provider: TestClient = createClient(),
): AgentClient {
  const { apiOrigin, spaOrigin, basePath = '/oauth-agent', cookiePrefix = 'example' } = place;
  const ownHeaders = {
    ...scriptFetch,
    // Another port of one host is the same site.
    'sec-fetch-site': spaOrigin === apiOrigin ? 'same-origin' : 'same-site',
  };

  async function send(path: string, request: AgentRequest = {}): Promise<AgentAnswer> {
    const method = request.method ?? 'GET';
    const changes = !['GET', 'HEAD', 'OPTIONS'].includes(method);
    const cookie = jar.headerFor(path.split('?')[0] ?? '');
    const headers = {
      ...ownHeaders,
      ...(spaOrigin !== apiOrigin || changes ? { origin: spaOrigin } : {}),
      ...(changes && client.csrf !== undefined ? { [`x-${cookiePrefix}-csrf`]: client.csrf } : {}),
      ...(cookie === '' ? {} : { cookie }),
      ...request.headers,
    };
    // Of a new client: the jar of this one is another.
    const answer = await createClient().send(`${apiOrigin}${path}`, { ...request, headers: present(headers) });
    for (const line of answer.values('set-cookie')) jar.keep(line);
    return { ...answer, json: () => objectOf(answer) };
  }

  const call = (endpoint: string, request?: AgentRequest) => send(`${basePath}${endpoint}`, request);
  const post = (endpoint: string, body: unknown, { headers, ...request }: AgentRequest = {}) =>
    call(endpoint, {
      method: 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...request,
    });

  async function endLogin(pageUrl: string, request?: AgentRequest): Promise<AgentAnswer> {
    const answer = await post('/login/end', { pageUrl }, request);
    const csrf = answer.status === 200 ? answer.json()['csrf'] : undefined;
    noteSecret(csrf);
    if (typeof csrf === 'string') client.csrf = csrf;
    return answer;
  }

  const startLogin = (extraParams?: readonly ExtraParameter[]) =>
    post('/login/start', extraParams === undefined ? undefined : { extraParams });
  const followLogin = (url: string) => followUpTo(provider, place.redirectUri, url);

  const client: AgentClient = {
    jar,
    csrf: undefined,
    send,
    startLogin,
    followLogin,
    endLogin,
    async logIn() {
      const started = await startLogin();
      if (started.status !== 200) throw new Error(`login/start: ${started.status} ${started.body.slice(0, 500)}`);
      const ended = await endLogin(await followLogin(String(started.json()['authorizationRequestUrl'])));
      if (ended.status !== 200 || ended.json()['handled'] !== true) {
        throw new Error(`login/end: ${ended.status} ${ended.body.slice(0, 500)}`);
      }
      return ended;
    },
    userInfo: () => call('/userInfo'),
    claims: () => call('/claims'),
    refresh: (request) => post('/refresh', undefined, request),
    logout: (request) => post('/logout', undefined, request),
    session: () => call('/session'),
    api: send,
    tab: () => createAgentClient(place, jar, provider),
    fork() {
      const fork = createAgentClient(place, jar.copy(), provider);
      fork.csrf = client.csrf;
      return fork;
    },
  };
  return client;
}

function present(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Record<string, string | readonly string[]> {
  const sent: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) sent[name] = value;
  return sent;
}

function objectOf(answer: Answer): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(answer.body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`no object: ${answer.body}`);
  return value as Readonly<Record<string, unknown>>; // an object of JSON has members of any kind
}
