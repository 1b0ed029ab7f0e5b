import { setCookieHeaders } from '../../core/http/cookies.ts';
import { jsonReply } from '../../core/http/reply.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import { parseAuthorizationResponse } from '../../core/oauth/authorization-response.ts';
import { secondsOf } from '../../core/time.ts';
import type { Reply } from '../../core/verdict.ts';
import { completeLogin, type LoginOutcome } from '../../flows/complete-login.ts';
import { reportLoginFailure } from '../../flows/login-failure.ts';
import { newSession } from '../../flows/new-session.ts';
import { agentError, responseError } from './agent-error.ts';
import { endpointWithBody } from './endpoint.ts';
import { knownSession } from './known-session.ts';
import { noteUse, providerUnavailable } from './needed-session.ts';
import { readPageUrl } from './page-url.ts';
import type { AgentRuntime } from './runtime.ts';
import { type LoginEndAnswer, loginEndAnswer, loginEndBody } from './schemas.ts';

/** Finishes a login, or says whether there is a session: what an application asks whenever its page is loaded. */
export const loginEnd = endpointWithBody(
  {
    name: 'loginEnd',
    method: 'POST',
    summary: 'Finishes a login, or says whether there is a session.',
    security: [['loginCookie'], ['sessionCookie', 'csrfCookie'], []],
    body: { schema: loginEndBody, asForm: true },
    answer: {
      status: 200,
      description: 'Whether somebody is logged in, with the CSRF token of the session and its cookies.',
      schema: loginEndAnswer,
      setsCookies: true,
    },
    errors: ['authorization_error', 'authorization_server_error'],
    passesErrorCodes: true,
  },
  async ({ request, origin, body }, runtime) => {
    const page = readPageUrl(body.pageUrl, origin, runtime.settings);
    switch (page.kind) {
      case 'foreign':
        return agentError('invalid_request', 'pageUrl: expected a page of a trusted origin');
      case 'page':
        return answerOf((await liveSession(request, runtime)) ?? nobody);
      case 'response':
        return await finish(request, origin, page.query, runtime);
    }
  },
);

async function finish(request: HttpRequest, origin: string, query: string, runtime: AgentRuntime): Promise<Reply> {
  const { instance, settings, provider, services } = runtime;
  const reporting = { instance, telemetry: services.telemetry };
  const response = parseAuthorizationResponse(query);
  if (response.kind === 'invalid') {
    reportLoginFailure({ kind: 'foreign', reason: response.reason }, reporting);
    return agentError('invalid_request', `pageUrl: expected an authorization response; in this one ${response.reason}`);
  }
  const cookie = runtime.loginCookie.read(request);
  const outcome = await completeLogin(
    {
      instance,
      origin,
      redirectUri: settings.redirectUri,
      query,
      bindingSecret: cookie.kind === 'secret' ? cookie.secret : undefined,
    },
    {
      providers: new Map([[provider.name, provider]]),
      sealer: services.sealer,
      // A sealed agent asks no store.
      once: settings.state === 'sealed' ? services.onceHere : services.store.once,
      clock: services.clock,
    },
  );
  if (outcome.kind !== 'authenticated') reportLoginFailure(outcome, reporting);
  switch (outcome.kind) {
    case 'authenticated':
      return await logIn(request, outcome, runtime);
    case 'foreign':
    case 'no_binding':
    case 'other_browser':
    case 'expired':
    case 'already_used':
      return await unusable(request, cookie.kind === 'secret', runtime);
    case 'refused':
      if (response.kind === 'error') return responseError(outcome.error);
      return outcome.error === 'invalid_response'
        ? agentError('authorization_server_error', 'The answer of the authorization server is not valid.')
        : agentError('authorization_error', 'The authorization server refused the authorization response.');
    case 'unavailable':
      services.telemetry.problem('provider_unavailable', { provider: provider.name, detail: outcome.detail });
      return providerUnavailable(secondsOf(5));
  }
}

/** A new session under a new key, never one that the browser brought; the session before ends. */
async function logIn(
  request: HttpRequest,
  login: Extract<LoginOutcome, { kind: 'authenticated' }>,
  { instance, settings, state, loginCookie, services }: AgentRuntime,
): Promise<Reply> {
  const { clock, telemetry } = services;
  const { absoluteLifetime } = settings;
  const session = newSession(login, { instance, absoluteLifetime, now: clock.now() });
  const begun = await state.begin(session, request);
  if (begun.kind === 'too_large') {
    telemetry.problem('login_failed', { instance, outcome: 'session_too_large' });
    return agentError('server_error', 'The tokens of this login are too large for cookies.');
  }
  telemetry.event('login_completed', { instance, provider: login.provider.name });
  return answerOf({
    answer: { handled: true, isLoggedIn: true, csrf: begun.csrfToken },
    setCookies: [...begun.setCookies, loginCookie.clear()],
  });
}

/**
 * Nothing was redeemed. A page that is loaded again, or a second tab, brings a response that is used up: who is logged
 * in stays so.
 */
async function unusable(request: HttpRequest, isBound: boolean, runtime: AgentRuntime): Promise<Reply> {
  const live = await liveSession(request, runtime);
  if (live !== undefined) return answerOf(live);
  return isBound
    ? agentError(
        'invalid_request',
        'pageUrl: expected an answer to a login that this browser began and has not finished',
      )
    : agentError('unauthorized_request', 'The login cookie is missing or not valid: this browser began no login.');
}

/** An answer with its Set-Cookie values. */
interface Answered {
  readonly answer: LoginEndAnswer;
  readonly setCookies: readonly string[];
}

const nobody: Answered = { answer: { handled: false, isLoggedIn: false }, setCookies: [] };

/** What a page without a response is told when somebody is logged in; its CSRF token, or a new one where that is lost. */
async function liveSession(request: HttpRequest, runtime: AgentRuntime): Promise<Answered | undefined> {
  const known = await knownSession(request, runtime);
  if (known.kind !== 'live') return undefined;
  const { presented } = known;
  noteUse(presented, runtime);
  const { token: csrf, setCookie } = runtime.csrf.tell(request, presented);
  return {
    answer: { handled: false, isLoggedIn: true, csrf },
    setCookies: setCookie === undefined ? [] : [setCookie],
  };
}

function answerOf({ answer, setCookies }: Answered): Reply {
  return jsonReply(200, answer, setCookieHeaders(setCookies));
}
