import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { atEnd } from '../support/ends.ts';
import { listenOnLoopback } from '../support/listen.ts';
import { type Person, people } from './people.ts';

/** How the token endpoint writes its answers. */
export type AnswerFormat = 'json' | 'form';

/**
 * An OAuth server of the kind that came before OpenID Connect, as GitHub's: no metadata, no ID token, no `expires_in`,
 * scopes with commas, errors with status 200, form-encoded answers to whoever asks for nothing else, the user's
 * addresses at an endpoint of their own, and PKCE that is neither demanded nor announced.
 */
export interface OauthOnlyServer {
  readonly port: number;
  /** Format of answers to clients that accept JSON: some servers do not look. */
  answerIn(format: AnswerFormat): void;
  /** Access tokens that end, with refresh tokens that are used once, as those of GitHub Apps that opted in. */
  expireTokens(seconds: number): void;
  /** The user takes back what they allowed. */
  revoke(username: string): void;
  addClient(clientId: string, clientSecret: string, redirectUri: string): void;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type TokenFields = Readonly<Record<string, string | number>>;

/** What a user allowed a client. */
interface Grant {
  readonly person: Person;
  readonly clientId: string;
}

interface Granted extends Grant {
  /** By Date.now(). */
  readonly endsAt: number;
}

interface Client {
  readonly secret: string;
  readonly redirectUri: string;
}

/** Starts one in this process. The end of the test file ends it. */
export async function startOauthOnly(): Promise<OauthOnlyServer> {
  const clients = new Map<string, Client>();
  const sessions = new Map<string, Person>();
  const codes = new Map<string, Grant>();
  const tokens = new Map<string, Granted>();
  const refreshTokens = new Map<string, Grant>();
  let lifetime: number | undefined;
  let format: AnswerFormat = 'json';

  function login(query: URLSearchParams, form: URLSearchParams): Answer {
    const person = people.find((each) => each.username === form.get('login') && each.password === form.get('password'));
    if (person === undefined) return page('<form method="post"><input name="login"><input name="password"></form>');
    const session = randomBytes(16).toString('hex');
    sessions.set(session, person);
    return redirect(query.get('return_to') ?? '/', `user_session=${session}; Path=/; HttpOnly; SameSite=Lax`);
  }

  function authorize(url: URL, request: IncomingMessage, form: URLSearchParams): Answer {
    const { searchParams: query } = url;
    const clientId = query.get('client_id') ?? '';
    const redirectUri = query.get('redirect_uri') ?? '';
    if (clients.get(clientId)?.redirectUri !== redirectUri) return page('unknown application');
    const person = sessions.get(/user_session=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? '');
    if (person === undefined) {
      return redirect(`/login?${new URLSearchParams({ return_to: `${url.pathname}${url.search}` })}`);
    }
    if (request.method !== 'POST') return page('<form method="post"><input name="authorize" value="0"></form>');
    const state = query.get('state') ?? '';
    if (form.get('authorize') !== '1') {
      const error = { error: 'access_denied', error_description: 'The user has denied your application access.' };
      return redirect(`${redirectUri}?${new URLSearchParams({ ...error, state })}`);
    }
    const code = randomBytes(10).toString('hex');
    codes.set(code, { person, clientId });
    return redirect(`${redirectUri}?${new URLSearchParams({ code, state })}`);
  }

  /** 200 for errors too. */
  function token(request: IncomingMessage, form: URLSearchParams): Answer {
    const wantsJson = request.headers.accept?.includes('json') === true && format === 'json';
    const fields = tokenFields(form);
    return wantsJson
      ? json(200, fields)
      : { status: 200, type: 'application/x-www-form-urlencoded', body: formOf(fields) };
  }

  function tokenFields(form: URLSearchParams): TokenFields {
    const clientId = form.get('client_id') ?? '';
    if (clients.get(clientId)?.secret !== form.get('client_secret')) {
      return { error: 'incorrect_client_credentials', error_description: 'The client_id is incorrect.' };
    }
    const isRefresh = form.get('grant_type') === 'refresh_token';
    const grant = isRefresh
      ? take(refreshTokens, form.get('refresh_token') ?? '')
      : take(codes, form.get('code') ?? '');
    if (grant?.clientId === clientId) return issue(grant);
    return isRefresh
      ? { error: 'bad_refresh_token', error_description: 'The refresh token passed is incorrect or expired.' }
      : { error: 'bad_verification_code', error_description: 'The code is incorrect or expired.' };
  }

  function issue(grant: Grant): TokenFields {
    const accessToken = `gho_${randomBytes(18).toString('hex')}`;
    tokens.set(accessToken, { ...grant, endsAt: Date.now() + (lifetime ?? Number.POSITIVE_INFINITY) * 1000 });
    const answer = { access_token: accessToken, token_type: 'bearer', scope: 'read:user,user:email' };
    if (lifetime === undefined) return answer;
    const refreshToken = `ghr_${randomBytes(38).toString('hex')}`;
    refreshTokens.set(refreshToken, grant);
    return { ...answer, refresh_token: refreshToken, expires_in: lifetime, refresh_token_expires_in: 15_897_600 };
  }

  function api(path: string, request: IncomingMessage): Answer {
    // As GitHub: who does not say what it is gets nothing.
    if (request.headers['user-agent'] === undefined) return json(403, { message: 'no User-Agent' });
    const granted = tokens.get(/^(?:Bearer|token) (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '');
    if (granted === undefined || granted.endsAt < Date.now()) return json(401, { message: 'Bad credentials' });
    const { person } = granted;
    const name = `${person.firstName} ${person.lastName}`;
    if (path === '/user')
      return json(200, { login: person.username, id: 1000 + people.indexOf(person), email: null, name });
    return json(200, [
      { email: `${person.username}@users.noreply.example`, primary: false, verified: true, visibility: null },
      { email: person.email, primary: true, verified: person.hasVerifiedEmail, visibility: 'private' },
    ]);
  }

  async function answerTo(request: IncomingMessage): Promise<Answer> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const form = new URLSearchParams(body);
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    switch (url.pathname) {
      case '/login':
        return login(url.searchParams, form);
      case '/login/oauth/authorize':
        return authorize(url, request, form);
      case '/login/oauth/access_token':
        return token(request, form);
      case '/user':
      case '/user/emails':
        return api(url.pathname, request);
      default:
        return { status: 404, type: 'text/plain', body: '' };
    }
  }

  const server = createServer((request, response) => {
    void answerTo(request).then(({ status, type, body, headers = {} }) => {
      response.writeHead(status, { 'content-type': type, ...headers }).end(body);
    });
  });
  const port = await listenOnLoopback(server);
  atEnd(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return {
    port,
    answerIn: (next) => {
      format = next;
    },
    expireTokens: (seconds) => {
      lifetime = seconds;
    },
    revoke(username) {
      for (const map of [tokens, refreshTokens]) {
        for (const [token, { person }] of map) if (person.username === username) map.delete(token);
      }
    },
    addClient: (clientId, clientSecret, redirectUri) =>
      void clients.set(clientId, { secret: clientSecret, redirectUri }),
  };
}

/** Out of the map: what is used once. */
function take<T>(map: Map<string, T>, key: string): T | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}

function formOf(fields: TokenFields): string {
  return new URLSearchParams(
    Object.entries(fields).map(([name, value]): [string, string] => [name, `${value}`]),
  ).toString();
}

function page(html: string): Answer {
  return { status: 200, type: 'text/html', body: `<!doctype html>${html}` };
}

function json(status: number, value: unknown): Answer {
  return { status, type: 'application/json; charset=utf-8', body: JSON.stringify(value) };
}

function redirect(location: string, cookie?: string): Answer {
  const headers = cookie === undefined ? { location } : { location, 'set-cookie': cookie };
  return { status: 302, type: 'text/plain', body: '', headers };
}
