import { readCookie, setCookie } from '../../core/http/cookies.ts';
import { refuse } from '../../core/http/refusal.ts';
import { redirect } from '../../core/http/reply.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import type { LoginAttempt } from '../../core/session/login-attempt.ts';
import type { Session } from '../../core/session/session.ts';
import { after } from '../../core/time.ts';
import type { Reply } from '../../core/verdict.ts';
import { completeLogin } from '../../flows/complete-login.ts';
import { createSession, endSession, findSession } from '../../flows/sessions.ts';
import type { Authentication } from '../../ports/authorization-server.ts';
import { whyEnded } from './decide.ts';
import { loginUrl, providerUnavailable, redirectUriOf } from './login.ts';
import type { SessionRuntime } from './runtime.ts';

/** `GET <basePath>/callback`: the provider's answer to a login. Throws StoreUnavailableError. */
export async function callback(request: HttpRequest, origin: string, runtime: SessionRuntime): Promise<Reply> {
  const { services, cookies, instance } = runtime;
  const mark = request.target.indexOf('?');
  const outcome = await completeLogin(
    {
      instance,
      origin,
      redirectUri: redirectUriOf(origin, runtime),
      query: mark < 0 ? '' : request.target.slice(mark + 1),
      bindingSecret: readCookie(request, cookies.binding),
    },
    {
      // This instance's provider alone: an attempt that began at another one is not for us to finish.
      providers: new Map([[runtime.provider.name, runtime.provider]]),
      sealer: services.sealer,
      once: services.store.once,
      clock: services.clock,
    },
  );
  switch (outcome.kind) {
    case 'authenticated':
      return await logIn(request, outcome.authentication, outcome.attempt, runtime);
    case 'foreign':
      services.telemetry.event('login_failed', { instance, outcome: 'foreign', reason: outcome.reason });
      return foreignResponse(request, origin, '/', runtime);
    case 'other_browser':
      services.telemetry.event('login_failed', { instance, outcome: outcome.kind });
      return foreignResponse(request, origin, outcome.attempt.returnTo, runtime);
    case 'expired':
    case 'already_used':
      services.telemetry.event('login_failed', { instance, outcome: outcome.kind });
      return await lateResponse(request, outcome.attempt, runtime);
    case 'refused':
      services.telemetry.event('login_failed', {
        instance,
        outcome: 'refused',
        code: outcome.error,
        reason: outcome.detail,
      });
      return providerRefused(request, outcome.error, outcome.attempt, runtime);
    case 'unavailable':
      services.telemetry.event('login_failed', { instance, outcome: 'unavailable' });
      return providerUnavailable(request, outcome.detail, runtime);
  }
}

/** A new session under a new id (never one that the browser brought), and back to where the user wanted to go. */
async function logIn(
  request: HttpRequest,
  authentication: Authentication,
  attempt: LoginAttempt,
  runtime: SessionRuntime,
): Promise<Reply> {
  const { services, settings, cookies } = runtime;
  const now = services.clock.now();
  const session: Session = {
    instance: runtime.instance,
    provider: attempt.provider,
    registration: runtime.provider.registration,
    subject: authentication.subject,
    providerSessionId: authentication.providerSessionId,
    claims: authentication.claims,
    tokenSet: authentication.tokenSet,
    createdAt: now,
    endsAt: after(now, settings.absoluteLifetime),
  };
  const id = await createSession(session, settings.idleLifetime, runtime.sessions);
  await endSession(readCookie(request, cookies.session), runtime.sessions);
  services.telemetry.event('login_completed', { instance: runtime.instance, provider: attempt.provider });
  return redirect(302, `${attempt.origin}${attempt.returnTo}`, [
    ['set-cookie', setCookie(cookies.session, id, cookies)],
  ]);
}

/** Late or twice: whoever is logged in by now goes to the page, everybody else may start again. */
async function lateResponse(request: HttpRequest, attempt: LoginAttempt, runtime: SessionRuntime): Promise<Reply> {
  const stored = await findSession(readCookie(request, runtime.cookies.session), runtime.sessions);
  const now = runtime.services.clock.now();
  const isLive = stored !== undefined && whyEnded(stored, now, runtime.decision) === undefined;
  if (isLive) return redirect(302, `${attempt.origin}${attempt.returnTo}`);
  return refuse(request, {
    status: 400,
    error: 'login_expired',
    title: 'This sign-in is no longer valid',
    description: 'It took too long, or it was finished already. Please start again.',
    link: { href: loginUrl(attempt.origin, runtime, attempt.returnTo), text: 'Sign in' },
  });
}

/** `returnTo` is a path on `origin`: several tabs that opened at once, before one cookie could tie them, lose nothing. */
function foreignResponse(request: HttpRequest, origin: string, returnTo: string, runtime: SessionRuntime): Reply {
  return refuse(request, {
    status: 400,
    error: 'invalid_request',
    title: 'This sign-in did not begin here',
    description:
      'The answer does not belong to a sign-in of this browser. If your browser blocks cookies for this site, allow them; then start again.',
    link: { href: loginUrl(origin, runtime, returnTo), text: 'Sign in' },
  });
}

function providerRefused(request: HttpRequest, error: string, attempt: LoginAttempt, runtime: SessionRuntime): Reply {
  return refuse(request, {
    status: error === 'access_denied' ? 403 : 400,
    error,
    title: error === 'access_denied' ? 'Sign-in was declined' : 'Sign-in failed',
    description: 'The identity provider did not sign you in.',
    link: { href: loginUrl(attempt.origin, runtime, attempt.returnTo), text: 'Try again' },
  });
}
