import { createHash } from 'node:crypto';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { endpoints } from './configuration.ts';
import { endSession, postLogoutTarget } from './end-session.ts';
import { type EnginePages, showError } from './pages.ts';

type Next = () => Promise<unknown>;

const postOnly: ReadonlySet<string> = new Set([
  endpoints.token,
  endpoints.revocation,
  endpoints.introspection,
  endpoints.pushed_authorization_request,
  `${endpoints.end_session}/confirm`,
]);

/** Seconds after which a client may try again when the store was down. */
const retryAfter = '5';

/**
 * Runs around the engine: hardens every answer, and replaces the engine's pages that submit themselves by script,
 * which no page of ours may, with what their only button would have done.
 */
export function answersOf(pages: EnginePages): (context: KoaContextWithOIDC, next: Next) => Promise<void> {
  return async (context, next) => {
    context.set('x-content-type-options', 'nosniff');
    context.set('referrer-policy', 'no-referrer');
    context.set(
      'content-security-policy',
      "default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
    );
    await next();
    if (context.status === 503) context.set('retry-after', retryAfter);
    const route: unknown = context['_matchedRouteName'];
    if (route === undefined) answerUnrouted(context, pages);
    else if (isLogoutWithoutUser(context, route) || isAccountSwitch(context, route)) {
      await endSession(context, postLogoutTarget(context));
    } else if (isFormPost(context, route)) allowFormPost(context);
  };
}

/** A logout of somebody who is not logged in has nothing to ask. */
function isLogoutWithoutUser(context: KoaContextWithOIDC, route: unknown): boolean {
  return route === 'end_session' && context.status === 200 && context.oidc.session?.accountId === undefined;
}

/**
 * The user of this browser has just logged in as somebody else: the session of before ends with its tokens, then
 * the same authorization request goes on. It is this browser's, by the cookie that the engine has checked.
 */
function isAccountSwitch(context: KoaContextWithOIDC, route: unknown): boolean {
  return route === 'resume' && context.status === 200 && context.oidc.params === undefined;
}

/** OAuth 2.0 Form Post Response Mode: the relying party asked for it; a page that posts the response to it. */
function isFormPost(context: KoaContextWithOIDC, route: unknown): boolean {
  const isAuthorization = route === 'authorization' || route === 'resume';
  return isAuthorization && context.oidc.params?.['response_mode'] === 'form_post' && typeof context.body === 'string';
}

function allowFormPost(context: KoaContextWithOIDC): void {
  const script = /<script>([\s\S]*?)<\/script>/.exec(String(context.body))?.[1];
  const redirectUri = context.oidc.params?.['redirect_uri'];
  // Without a form it is our own error page, which brings its own policy.
  if (script === undefined || typeof redirectUri !== 'string') return;
  const hash = createHash('sha256').update(script).digest('base64');
  const target = new URL(redirectUri).origin;
  context.set(
    'content-security-policy',
    `default-src 'none'; script-src 'sha256-${hash}'; form-action ${target}; frame-ancestors 'none'; base-uri 'none'`,
  );
}

function answerUnrouted(context: KoaContextWithOIDC, pages: EnginePages): void {
  const isPostOnly = postOnly.has(context.path.replace(/(?<=.)\/$/, ''));
  const [status, error, error_description] = isPostOnly
    ? ([405, 'method_not_allowed', 'This address takes POST requests only.'] as const)
    : ([404, 'not_found', 'There is nothing at this address.'] as const);
  if (context.accepts('json', 'html') === 'html') showError(context, pages, { error, error_description });
  else context.body = { error, error_description };
  context.status = status;
  if (isPostOnly) context.set('allow', 'POST');
}
