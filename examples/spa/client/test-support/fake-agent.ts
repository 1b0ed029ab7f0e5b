/** An agent and its APIs, as far as the client can tell. */
export interface FakeAgent {
  /** Undefined: nobody is logged in. */
  csrf: string | undefined;
  /** The access token has ended: APIs answer 401 until a refresh. */
  isExpired: boolean;
  /** What /refresh answers; undefined: it works. */
  refusal: { readonly status: number; readonly code: string } | undefined;
  /** What every request gets; undefined: it works. */
  outage: { readonly status: number; readonly retryAfter: string } | 'no answer' | undefined;
  /** `POST /refresh <CSRF token>` and so on, in order of arrival; the agent's base path is left out. */
  readonly requests: string[];
  readonly pageUrls: string[];
  /** Bodies of POST /login/start. */
  readonly bodies: unknown[];
  /** Throws for a request without the cookies. */
  answer(request: Request): Promise<Response>;
}

/** Alice is logged in, with the CSRF token `one`. */
export function createFakeAgent(): FakeAgent {
  const fake: FakeAgent = {
    csrf: 'one',
    isExpired: false,
    refusal: undefined,
    outage: undefined,
    requests: [],
    pageUrls: [],
    bodies: [],
    answer: async (request) => await answer(request, fake),
  };
  return fake;
}

async function answer(request: Request, fake: FakeAgent): Promise<Response> {
  if (request.credentials !== 'include') throw new Error('the request has no cookies');
  const path = new URL(request.url).pathname.replace(/.*\/oauth-agent/, '');
  const csrf = request.headers.get('x-spa-csrf');
  fake.requests.push(`${request.method} ${path}${csrf === null ? '' : ` ${csrf}`}`);
  if (fake.outage === 'no answer') throw new TypeError('Failed to fetch');
  if (fake.outage !== undefined) return refused(fake.outage.status, 'temporarily_unavailable', fake.outage.retryAfter);
  const isLoggedIn = fake.csrf !== undefined;
  const repeatsCsrf = isLoggedIn && csrf === fake.csrf;
  switch (path) {
    case '/login/start':
      fake.bodies.push(await request.json());
      return json(200, { authorizationRequestUrl: 'https://login.example.com/authorize?client_id=spa' });
    case '/login/end':
      return endLogin((await request.json()).pageUrl, fake);
    case '/refresh':
      if (!repeatsCsrf) return refused(401, 'unauthorized_request');
      if (fake.refusal !== undefined) return refused(fake.refusal.status, fake.refusal.code);
      fake.isExpired = false;
      return new Response(null, { status: 204 });
    case '/logout':
      if (!repeatsCsrf) return refused(401, 'unauthorized_request');
      fake.csrf = undefined;
      return json(200, { url: 'https://login.example.com/logout' });
    case '/session':
      return json(200, isLoggedIn ? { isLoggedIn, expiresAt: 1_800_000_000 } : { isLoggedIn });
    default: {
      const isAllowed = ['GET', 'HEAD'].includes(request.method) || repeatsCsrf;
      if (!isLoggedIn || fake.isExpired || !isAllowed) return refused(401, 'unauthorized');
      return json(200, { sub: 'alice', echo: await request.text() });
    }
  }
}

function endLogin(pageUrl: string, fake: FakeAgent): Response {
  fake.pageUrls.push(pageUrl);
  const query = new URL(pageUrl).searchParams;
  if (query.has('error')) return refused(400, query.get('error') ?? '');
  const handled = query.has('code');
  if (handled) fake.csrf = `${fake.csrf ?? ''}+`;
  const { csrf } = fake;
  return json(200, csrf === undefined ? { handled, isLoggedIn: false } : { handled, isLoggedIn: true, csrf });
}

function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers });
}

function refused(status: number, code: string, retryAfter?: string): Response {
  const body = { code, message: `it is ${code}` };
  return json(status, body, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
}
