import { html } from '../../core/html/html.ts';
import { pageHeaders } from '../../core/html/page.ts';
import { clearCookie, readCookie } from '../../core/http/cookies.ts';
import { refuse } from '../../core/http/refusal.ts';
import { pageReply, redirect } from '../../core/http/reply.ts';
import { type HttpRequest, soleHeader } from '../../core/http/request.ts';
import type { Header, Reply } from '../../core/verdict.ts';
import { endSession, findSession } from '../../flows/sessions.ts';
import type { LogoutRequest } from '../../ports/authorization-server.ts';
import { loginUrl } from './login.ts';
import type { SessionRuntime } from './runtime.ts';

/**
 * `POST <basePath>/logout`: ends the session here, then at the provider (OpenID Connect RP-Initiated Logout 1.0).
 * Only a page of our own origin may ask for it. Throws StoreUnavailableError; then nothing was ended.
 */
export async function logout(request: HttpRequest, origin: string, runtime: SessionRuntime): Promise<Reply> {
  if (!isFromOwnPage(request, origin)) {
    return refuse(request, {
      status: 403,
      error: 'invalid_request',
      title: 'Sign-out was not asked for here',
      description: 'The request to sign out did not come from a page of this site.',
    });
  }
  const id = readCookie(request, runtime.cookies.session);
  const stored = await findSession(id, runtime.sessions);
  const ended = await endSession(id, runtime.sessions);
  if (ended) runtime.services.telemetry.event('session_ended', { instance: runtime.instance, outcome: 'logout' });
  const next = await providerLogout(origin, stored?.session.tokenSet.idToken, runtime);
  return redirect(303, next ?? afterLogoutUrl(origin, runtime), forgetting(runtime));
}

/** `GET <basePath>/logout`: a page with a button, because a GET must change nothing (RFC 9110 §9.2.1). */
export async function logoutPage(origin: string, runtime: SessionRuntime): Promise<Reply> {
  const next = await providerLogout(origin, undefined, runtime);
  const formTargets = next === undefined ? [] : [new URL(next).origin];
  const page = {
    title: 'Sign out',
    language: 'en',
    body: html`<main>
<h1>Sign out?</h1>
<p>You will be signed out of this site and of your identity provider.</p>
<form method="post" action="${runtime.settings.basePath}/logout">
<div class="row"><button type="submit" autofocus>Sign out</button><a class="button plain" href="/">Stay signed in</a></div>
</form>
</main>`,
  };
  return pageReply(200, page, pageHeaders(formTargets, 'same-origin'));
}

/**
 * `GET <basePath>/logout/callback`: where logout ends. It leaves the cookies alone: any site can send a browser here.
 */
export function loggedOutPage(origin: string, runtime: SessionRuntime): Reply {
  return pageReply(200, {
    title: 'Signed out',
    language: 'en',
    body: html`<main>
<h1>You are signed out</h1>
<p>Close the browser if you share this device.</p>
<p><a class="button" href="${loginUrl(origin, runtime, '/')}">Sign in again</a></p>
</main>`,
  });
}

/** By Origin; where a page hides it (`Referrer-Policy: no-referrer` makes it `null`), by Fetch Metadata. */
function isFromOwnPage(request: HttpRequest, origin: string): boolean {
  const stated = soleHeader(request, 'origin');
  return stated === origin || (stated === 'null' && soleHeader(request, 'sec-fetch-site') === 'same-origin');
}

async function providerLogout(
  origin: string,
  idToken: LogoutRequest['idToken'],
  runtime: SessionRuntime,
): Promise<string | undefined> {
  return await runtime.provider.endSessionUrl({
    idToken,
    postLogoutRedirectUri: afterLogoutUrl(origin, runtime),
    state: Buffer.from(runtime.services.random.bytes(16)).toString('base64url'),
  });
}

function afterLogoutUrl(origin: string, runtime: SessionRuntime): string {
  return `${origin}${runtime.settings.basePath}/logout/callback`;
}

/** Both cookies go, and so does what the browser cached of the workload's pages, its back-forward cache included. */
function forgetting(runtime: SessionRuntime): readonly Header[] {
  const { cookies } = runtime;
  return [
    ['set-cookie', clearCookie(cookies.session, cookies)],
    ['set-cookie', clearCookie(cookies.binding, cookies)],
    ['clear-site-data', '"cache"'],
  ];
}
