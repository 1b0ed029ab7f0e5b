import { readCookie, setCookie } from '../../core/http/cookies.ts';
import { refuse } from '../../core/http/refusal.ts';
import { redirect } from '../../core/http/reply.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import { returnToOf } from '../../core/http/return-to.ts';
import type { Reply } from '../../core/verdict.ts';
import { beginLogin, bindingSecretOf } from '../../flows/begin-login.ts';
import type { SessionRuntime } from './runtime.ts';

/** Sends the browser to the provider. `wanted` is where it wanted to go; what is not on `origin` becomes `/`. */
export async function startLogin(
  request: HttpRequest,
  origin: string,
  wanted: string,
  runtime: SessionRuntime,
): Promise<Reply> {
  const { services, settings, cookies, instance } = runtime;
  const binding = bindingSecretOf(readCookie(request, cookies.binding), services.random);
  const authorization = await beginLogin(
    {
      instance,
      origin,
      returnTo: returnToOf(wanted, origin) ?? '/',
      redirectUri: redirectUriOf(origin, runtime),
      bindingSecret: binding.secret,
      attemptLifetime: settings.attemptLifetime,
    },
    { authorizationServer: runtime.provider, sealer: services.sealer, clock: services.clock, random: services.random },
  );
  if (authorization.kind === 'unavailable') return providerUnavailable(request, authorization.detail, runtime);
  services.telemetry.event('login_started', { instance, provider: runtime.provider.name });
  const bound = binding.isNew ? [['set-cookie', setCookie(cookies.binding, binding.secret, cookies)] as const] : [];
  return redirect(302, authorization.url, bound);
}

/** The one redirect URI of an instance on an origin; the provider compares it exactly (RFC 9700 §2.1). */
export function redirectUriOf(origin: string, runtime: SessionRuntime): string {
  return `${origin}${runtime.settings.basePath}/callback`;
}

/** The page that starts a login; `rd` names where to go afterwards. */
export function loginUrl(origin: string, runtime: SessionRuntime, returnTo?: string): string {
  const query = returnTo === undefined ? '' : `?rd=${encodeURIComponent(returnTo)}`;
  return `${origin}${runtime.settings.basePath}/login${query}`;
}

/** 503: nobody can log in right now; who is logged in stays so. */
export function providerUnavailable(request: HttpRequest, detail: string, runtime: SessionRuntime): Reply {
  runtime.services.telemetry.problem('provider_unavailable', { provider: runtime.provider.name, detail });
  return refuse(request, {
    status: 503,
    error: 'temporarily_unavailable',
    title: 'Sign-in is not available right now',
    description: 'The identity provider did not answer as it should. Please try again in a moment.',
    headers: [['retry-after', '5']],
  });
}

/** 401 for programs: where a person can log in. Nothing is kept and no cookie is set. */
export function loginRequired(request: HttpRequest, origin: string, runtime: SessionRuntime): Reply {
  return refuse(request, {
    status: 401,
    error: 'login_required',
    title: 'Sign-in required',
    description: 'Open login_url in a browser tab; add ?rd= with the path to return to.',
    members: { login_url: loginUrl(origin, runtime) },
  });
}
