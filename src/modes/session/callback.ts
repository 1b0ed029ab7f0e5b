import { readCookie, setCookieHeaders } from '../../core/http/cookies.ts';
import { refuse } from '../../core/http/refusal.ts';
import { redirect } from '../../core/http/reply.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import type { LoginAttempt } from '../../core/session/login-attempt.ts';
import type { Reply } from '../../core/verdict.ts';
import { completeLogin, type LoginOutcome } from '../../flows/complete-login.ts';
import { reportLoginFailure } from '../../flows/login-failure.ts';
import { newSession } from '../../flows/new-session.ts';
import type { AuthorizationServer } from '../../ports/authorization-server.ts';
import { whyEnded } from './decide.ts';
import { responseOf } from './form-post.ts';
import { loginUrl, providerUnavailable, redirectUriOf } from './login.ts';
import type { SessionRuntime } from './runtime.ts';
import {
  cookiesNeededTexts,
  foreignLoginTexts,
  loginDeclinedTexts,
  loginExpiredTexts,
  loginFailedTexts,
  sessionTooLargeTexts,
  texts,
} from './texts.ts';

/** `GET` on the callback of a provider: its answer to a login. Throws StoreUnavailableError. */
export async function callback(
  request: HttpRequest,
  origin: string,
  provider: AuthorizationServer,
  runtime: SessionRuntime,
): Promise<Reply> {
  const { services, cookies, instance } = runtime;
  const outcome = await completeLogin(
    {
      instance,
      origin,
      redirectUri: redirectUriOf(origin, provider, runtime),
      query: responseOf(request, origin, provider, runtime),
      bindingSecret: readCookie(request, cookies.binding),
    },
    {
      // The one whose callback this is: an attempt at another one is not for it to answer.
      providers: new Map([[provider.name, provider]]),
      sealer: services.sealer,
      once: services.store.once,
      clock: services.clock,
    },
  );
  if (outcome.kind !== 'authenticated') reportLoginFailure(outcome, { instance, telemetry: services.telemetry });
  switch (outcome.kind) {
    case 'authenticated':
      return await logIn(request, outcome, runtime);
    case 'foreign':
      return foreignResponse(request, origin, '/', runtime);
    case 'no_binding':
      return cookiesNeeded(request, outcome.attempt, runtime);
    case 'other_browser':
      return foreignResponse(request, origin, outcome.attempt.returnTo, runtime);
    case 'expired':
    case 'already_used':
      return await lateResponse(request, outcome.attempt, runtime);
    case 'refused':
      return providerRefused(request, outcome.error, outcome.attempt, runtime);
    case 'unavailable':
      return providerUnavailable(request, { provider: outcome.attempt.provider, detail: outcome.detail }, runtime);
  }
}

/** A new session under a new id (never one that the browser brought), and back to where the user wanted to go. */
async function logIn(
  request: HttpRequest,
  { authentication, attempt, provider }: Extract<LoginOutcome, { kind: 'authenticated' }>,
  runtime: SessionRuntime,
): Promise<Reply> {
  const { services, settings, sessions } = runtime;
  const session = newSession(
    { authentication, provider },
    { instance: runtime.instance, absoluteLifetime: settings.absoluteLifetime, now: services.clock.now() },
  );
  const begun = await sessions.begin(session);
  if (begun.kind === 'too_large') {
    services.telemetry.problem('login_failed', { instance: runtime.instance, outcome: 'session_too_large' });
    return refuse(request, { status: 503, error: 'server_error', ...sessionTooLargeTexts });
  }
  await sessions.end(request);
  services.telemetry.event('login_completed', { instance: runtime.instance, provider: provider.name });
  const location = `${attempt.origin}${attempt.returnTo}`;
  return redirect(302, location, setCookieHeaders(begun.setCookies));
}

/** Late or twice: whoever is logged in by now goes to the page, everybody else may start again. */
async function lateResponse(request: HttpRequest, attempt: LoginAttempt, runtime: SessionRuntime): Promise<Reply> {
  const stored = await runtime.sessions.find(request);
  const now = runtime.services.clock.milliseconds();
  const isLive = stored !== undefined && whyEnded(stored, now, runtime.decision) === undefined;
  if (isLive) return redirect(302, `${attempt.origin}${attempt.returnTo}`);
  return refuse(request, {
    status: 400,
    error: 'login_expired',
    ...loginExpiredTexts,
    link: { href: loginUrl(attempt.origin, runtime, attempt), text: texts.signIn },
  });
}

/** The binding cookie is gone: this browser keeps none, or not for long. A redirect would only go in circles. */
function cookiesNeeded(request: HttpRequest, attempt: LoginAttempt, runtime: SessionRuntime): Reply {
  return refuse(request, {
    status: 400,
    error: 'cookies_required',
    ...cookiesNeededTexts,
    link: { href: loginUrl(attempt.origin, runtime, attempt), text: texts.tryAgain },
  });
}

/** `returnTo` is a path on `origin`: tabs that opened at once, before one cookie could tie them, lose nothing. */
function foreignResponse(request: HttpRequest, origin: string, returnTo: string, runtime: SessionRuntime): Reply {
  return refuse(request, {
    status: 400,
    error: 'invalid_request',
    ...foreignLoginTexts,
    link: { href: loginUrl(origin, runtime, { returnTo }), text: texts.signIn },
  });
}

function providerRefused(request: HttpRequest, error: string, attempt: LoginAttempt, runtime: SessionRuntime): Reply {
  return refuse(request, {
    status: error === 'access_denied' ? 403 : 400,
    error,
    ...(error === 'access_denied' ? loginDeclinedTexts : loginFailedTexts),
    link: { href: loginUrl(attempt.origin, runtime, attempt), text: texts.tryAgain },
  });
}
