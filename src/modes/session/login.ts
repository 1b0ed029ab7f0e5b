import { readCookie, setCookie } from '../../core/http/cookies.ts';
import { isTopLevelNavigation } from '../../core/http/navigation.ts';
import { type Refusal, refuse } from '../../core/http/refusal.ts';
import { pageReply, redirect } from '../../core/http/reply.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import { returnToOf } from '../../core/http/return-to.ts';
import type { Reply } from '../../core/verdict.ts';
import { beginLogin, bindingSecretOf } from '../../flows/begin-login.ts';
import type { AuthorizationServer } from '../../ports/authorization-server.ts';
import { chooserPage } from './chooser-page.ts';
import type { SessionRuntime } from './runtime.ts';
import { loginRequiredTexts, noSuchProviderTexts, providerUnavailableTexts } from './texts.ts';

/** A login that a request asks for. */
export interface LoginWish {
  /** Where the browser wanted to go; what is not on the origin becomes `/`. */
  readonly wanted: string;
  /** Names of providers that may be used; undefined is all of the instance. Unknown names count for nothing. */
  readonly providers: readonly string[] | undefined;
}

/** Sends the browser to the provider, or to the page that asks which one. */
export async function startLogin(
  request: HttpRequest,
  origin: string,
  wish: LoginWish,
  runtime: SessionRuntime,
): Promise<Reply> {
  const returnTo = returnToOf(wish.wanted, origin) ?? '/';
  const chosen = { returnTo, providers: wish.providers };
  return await sendOrAsk(request, origin, chosen, runtime, () => redirect(302, loginUrl(origin, runtime, chosen)));
}

/** `GET <basePath>/login`: `rd` is where to go afterwards, `provider` (once or more) who may log the user in. */
export async function login(request: HttpRequest, origin: string, runtime: SessionRuntime): Promise<Reply> {
  // A script or an iframe that asks for the login page would leave an attempt that nobody finishes.
  if (!isTopLevelNavigation(request)) return loginRequired(request, origin, runtime);
  // Encoded whole, the longest return URL fits; what is longer holds up other requests while it is taken apart.
  const query = request.target.length > 16_384 ? new URLSearchParams() : new URL(request.target, origin).searchParams;
  const wanted = query.getAll('rd');
  const returnTo = (wanted.length === 1 ? returnToOf(wanted[0] ?? '/', origin) : undefined) ?? '/';
  const named = query.getAll('provider');
  const wish = { returnTo, providers: named.length === 0 ? undefined : named };
  return await sendOrAsk(request, origin, wish, runtime, (providers) =>
    pageReply(200, chooserPage({ providers, returnTo, origin })),
  );
}

/** Of one provider there is nothing to ask; of several, `ask` makes the question. */
async function sendOrAsk(
  request: HttpRequest,
  origin: string,
  { returnTo, providers: names }: { readonly returnTo: string; readonly providers: LoginWish['providers'] },
  runtime: SessionRuntime,
  ask: (providers: readonly AuthorizationServer[]) => Reply,
): Promise<Reply> {
  const providers = [...runtime.providers.values()].filter(({ name }) => names === undefined || names.includes(name));
  const [provider, ...others] = providers;
  if (provider === undefined) return refuse(request, noSuchProvider);
  if (others.length === 0) return await sendToProvider(request, origin, returnTo, provider, runtime);
  return ask(providers);
}

const noSuchProvider: Refusal = { status: 400, error: 'invalid_request', ...noSuchProviderTexts };

async function sendToProvider(
  request: HttpRequest,
  origin: string,
  returnTo: string,
  authorizationServer: AuthorizationServer,
  runtime: SessionRuntime,
): Promise<Reply> {
  const { services, settings, cookies, instance } = runtime;
  const { sealer, clock, random, telemetry } = services;
  const binding = bindingSecretOf(readCookie(request, cookies.binding), random);
  const authorization = await beginLogin(
    {
      instance,
      origin,
      returnTo,
      redirectUri: redirectUriOf(origin, authorizationServer, runtime),
      bindingSecret: binding.secret,
      attemptLifetime: settings.attemptLifetime,
    },
    { authorizationServer, sealer, clock, random },
  );
  const provider = authorizationServer.name;
  if (authorization.kind === 'unavailable')
    return providerUnavailable(request, { provider, detail: authorization.detail }, runtime);
  telemetry.event('login_started', { instance, provider });
  const bound = binding.isNew ? [['set-cookie', setCookie(cookies.binding, binding.secret, cookies)] as const] : [];
  return redirect(302, authorization.url, bound);
}

/**
 * Where a provider sends its answers, below the base path. Of several providers each has a path of its own: an honest
 * one that does not name itself (`iss`) could otherwise be made to answer an attempt at a hostile one, which would then
 * be handed the code (RFC 9700 §2.1, §4.4.2).
 */
export function callbackPathOf({ name }: AuthorizationServer, { providers }: SessionRuntime): string {
  return providers.size === 1 ? '/callback' : `/callback/${name}`;
}

/** The redirect URI of a provider on an origin; the provider compares it exactly (RFC 9700 §2.1). */
export function redirectUriOf(origin: string, provider: AuthorizationServer, runtime: SessionRuntime): string {
  return `${origin}${runtime.settings.basePath}${callbackPathOf(provider, runtime)}`;
}

/** The page that starts a login. */
export function loginUrl(
  origin: string,
  runtime: SessionRuntime,
  wish: { readonly returnTo?: string; readonly providers?: readonly string[] | undefined } = {},
): string {
  const parameters = [
    ...(wish.returnTo === undefined ? [] : [`rd=${encodeURIComponent(wish.returnTo)}`]),
    ...(wish.providers ?? []).map((name) => `provider=${encodeURIComponent(name)}`),
  ];
  const query = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
  return `${origin}${runtime.settings.basePath}/login${query}`;
}

/** 503: nobody can log in right now; who is logged in stays so. `detail` is for our log. */
export function providerUnavailable(
  request: HttpRequest,
  { provider, detail }: { readonly provider: string; readonly detail: string },
  runtime: SessionRuntime,
): Reply {
  runtime.services.telemetry.problem('provider_unavailable', { provider, detail });
  return refuse(request, {
    status: 503,
    error: 'temporarily_unavailable',
    ...providerUnavailableTexts,
    headers: [['retry-after', '5']],
  });
}

/** 401 for programs: where a person can log in. Nothing is kept and no cookie is set. */
export function loginRequired(request: HttpRequest, origin: string, runtime: SessionRuntime): Reply {
  return refuse(request, {
    status: 401,
    error: 'login_required',
    ...loginRequiredTexts,
    members: { login_url: loginUrl(origin, runtime) },
  });
}
