import type { KoaContextWithOIDC } from 'oidc-provider';
import type { EnginePages } from './pages.ts';

/**
 * What a logout request with a live session leads to. An ID token of this very login (same user, same `sid`) is
 * in the hands of nobody but its relying party, whose user has just clicked "log out" there: asking a second time
 * would only leave sessions behind. Anything else may be a foreign page's link and is asked about
 * (OpenID Connect RP-Initiated Logout 1.0 §2 and §6).
 */
export async function requestLogout(context: KoaContextWithOIDC, pages: EnginePages): Promise<void> {
  const { client, session } = context.oidc;
  const target = postLogoutTarget(context);
  if (isVouchedFor(context)) {
    await endSession(context, target);
    return;
  }
  pages.show(context, ({ confirmLogout }) =>
    confirmLogout({
      action: context.oidc.urlFor('end_session_confirm'),
      fields: [['xsrf', text(session?.state?.['secret']) ?? '']],
      clientName: client?.clientName,
      formTargets: [new URL(target).origin],
    }),
  );
}

/** The end of a logout that has no client to go back to. */
export function showLoggedOut(context: KoaContextWithOIDC, pages: EnginePages): void {
  pages.show(context, ({ loggedOut }) => loggedOut(context.oidc.client?.clientName));
}

/** Where the browser goes after a logout: the client's checked URI with its state, else our own page. */
export function postLogoutTarget(context: KoaContextWithOIDC): string {
  const state = context.oidc.session?.state;
  const uri = text(state?.['postLogoutRedirectUri']);
  if (uri === undefined) return context.oidc.urlFor('end_session_success');
  const target = new URL(uri);
  const clientState = text(state?.['state']);
  if (clientState !== undefined) target.searchParams.set('state', clientState);
  return target.href;
}

/** Ends the browser's session with every token that came of it, and sends the browser to `target`. */
export async function endSession(context: KoaContextWithOIDC, target: string): Promise<void> {
  const { provider, session } = context.oidc;
  const authorizations = Object.values(session?.authorizations ?? {});
  for (const { grantId, persistsLogout } of authorizations) {
    if (grantId === undefined || persistsLogout === true) continue;
    // First the grant: without it no token of the group is accepted, nor renewed by a request under way.
    await provider.Grant.adapter.destroy(grantId);
    await provider.AccessToken.revokeByGrantId(grantId);
  }
  await session?.destroy();
  context.cookies.set(provider.cookieName('session'), null, {
    path: new URL(provider.issuer).pathname,
    httpOnly: true,
    sameSite: 'lax',
    signed: true,
    overwrite: true,
  });
  context.body = null;
  context.status = 303;
  context.redirect(target);
}

function isVouchedFor(context: KoaContextWithOIDC): boolean {
  const { client, session, entities } = context.oidc;
  // The engine has verified the signature, issuer and audience of the hint before it asks for a page.
  const payload: unknown = entities['IdTokenHint']?.payload;
  if (client === undefined || session?.accountId === undefined || payload === null || typeof payload !== 'object')
    return false;
  if (!('sub' in payload) || !('sid' in payload)) return false;
  const sid = session.sidFor(client.clientId);
  return sid !== undefined && payload.sid === sid && payload.sub === session.accountId;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
