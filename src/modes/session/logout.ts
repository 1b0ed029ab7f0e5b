import { html } from '../../core/html/html.ts';
import { clearCookie, setCookieHeaders } from '../../core/http/cookies.ts';
import { refuse } from '../../core/http/refusal.ts';
import { pageReply, redirect } from '../../core/http/reply.ts';
import { type HttpRequest, soleHeader } from '../../core/http/request.ts';
import type { Session } from '../../core/session/session.ts';
import type { Header, Reply } from '../../core/verdict.ts';
import { revokeTokens } from '../../flows/revoke-tokens.ts';
import { formTargetsFor } from './form-targets.ts';
import { loginUrl } from './login.ts';
import type { SessionRuntime } from './runtime.ts';
import { foreignLogoutTexts, texts } from './texts.ts';

/**
 * `POST <basePath>/logout`: ends the session here, then at the provider (OpenID Connect RP-Initiated Logout 1.0).
 * Only a page of our own origin may ask for it. Throws StoreUnavailableError; then nothing was ended.
 */
export async function logout(request: HttpRequest, origin: string, runtime: SessionRuntime): Promise<Reply> {
  if (!isFromOwnPage(request, origin)) {
    return refuse(request, {
      status: 403,
      error: 'invalid_request',
      ...foreignLogoutTexts,
    });
  }
  const stored = await runtime.sessions.find(request);
  const ended = await runtime.sessions.end(request);
  if (ended) runtime.services.telemetry.event('session_ended', { instance: runtime.instance, outcome: 'logout' });
  if (stored !== undefined) {
    revokeTokens(stored.session, { providers: runtime.providers, telemetry: runtime.services.telemetry });
  }
  const next = await providerLogout(origin, stored?.session, runtime);
  return redirect(303, next ?? afterLogoutUrl(origin, runtime), forgetting(runtime));
}

/** `GET <basePath>/logout`: a page with a button, because a GET must change nothing (RFC 9110 §9.2.1). */
export function logoutPage(origin: string, runtime: SessionRuntime): Reply {
  return pageReply(200, {
    title: texts.signOut,
    body: (t) => html`<h1>${t(texts.signOutQuestion)}</h1>
<p>${t(texts.signOutScope)}</p>
<form method="post" action="${runtime.settings.basePath}/logout">
<div class="row"><button type="submit" autofocus>${t(texts.signOut)}</button><a class="button plain" href="/">${t(texts.staySignedIn)}</a></div>
</form>`,
    formTargets: formTargetsFor(origin),
    referrerPolicy: 'same-origin',
  });
}

/**
 * `GET <basePath>/logout/callback`: where logout ends. It leaves the cookies alone: any site can send a browser here.
 */
export function loggedOutPage(origin: string, runtime: SessionRuntime): Reply {
  return pageReply(200, {
    title: texts.signedOut,
    body: (t) => html`<h1>${t(texts.youAreSignedOut)}</h1>
<p>${t(texts.sharedDevice)}</p>
<p><a class="button" href="${loginUrl(origin, runtime, { returnTo: '/' })}">${t(texts.signInAgain)}</a></p>`,
  });
}

/** By Origin; where a page hides it (`Referrer-Policy: no-referrer` makes it `null`), by Fetch Metadata. */
function isFromOwnPage(request: HttpRequest, origin: string): boolean {
  const stated = soleHeader(request, 'origin');
  return stated === origin || (stated === 'null' && soleHeader(request, 'sec-fetch-site') === 'same-origin');
}

/** Where the browser goes to be logged out by the session's provider; of no session, by the only one there is. */
async function providerLogout(
  origin: string,
  session: Session | undefined,
  { providers, services, ...runtime }: SessionRuntime,
): Promise<string | undefined> {
  const [only, ...others] = providers.values();
  const provider = session === undefined ? (others.length === 0 ? only : undefined) : providers.get(session.provider);
  return await provider?.endSessionUrl({
    idToken: session?.tokenSet.idToken,
    postLogoutRedirectUri: afterLogoutUrl(origin, runtime),
    state: Buffer.from(services.random.bytes(16)).toString('base64url'),
  });
}

function afterLogoutUrl(origin: string, { settings }: Pick<SessionRuntime, 'settings'>): string {
  return `${origin}${settings.basePath}/logout/callback`;
}

/** Both cookies go, and so does what the browser cached of the workload's pages, its back-forward cache included. */
function forgetting(runtime: SessionRuntime): readonly Header[] {
  const { cookies, sessions, services } = runtime;
  const cleared = [...sessions.forget(services.clock.now()), clearCookie(cookies.binding, cookies)];
  return [...setCookieHeaders(cleared), ['clear-site-data', '"cache"']];
}
