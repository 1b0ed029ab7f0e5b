import { jsonReply } from '../../core/http/reply.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import { after, secondsOf } from '../../core/time.ts';
import type { Reply } from '../../core/verdict.ts';
import { endProviderSessions, type ProviderLogout } from '../../flows/session-directory.ts';
import type { AuthorizationServer, LogoutToken } from '../../ports/authorization-server.ts';
import type { SessionRuntime } from './runtime.ts';

/** How far the provider's clock may be behind ours. */
const clockTolerance = secondsOf(60);

/** A logout token of a provider of ours. */
type OwnToken = { readonly provider: AuthorizationServer; readonly token: Extract<LogoutToken, { kind: 'valid' }> };

/**
 * `POST <basePath>/backchannel-logout`: the provider says that a login is over (OpenID Connect Back-Channel Logout 1.0
 * §2.5). Throws StoreUnavailableError; then the provider may try again.
 */
export async function backChannelLogout(body: unknown, runtime: SessionRuntime): Promise<Reply> {
  const [logoutToken, ...others] = new URLSearchParams(typeof body === 'string' ? body : '').getAll('logout_token');
  if (logoutToken === undefined || others.length > 0) return refused('logout_token is missing or came twice');
  const found = await verify(logoutToken, runtime);
  if ('kind' in found) return found;
  const { provider, token } = found;
  const { subject, providerSessionId, tokenId, issuedAt, endsAt } = token;
  const isFirst = await runtime.services.store.once.take(`logout:${provider.registration}:${tokenId}`, endsAt);
  // The store may have failed in the midst of an earlier try: what it left is ended now. What began since stays (ADR 8).
  const begunBefore = isFirst ? after(issuedAt, clockTolerance) : issuedAt;
  const count = await end(provider, { subject, providerSessionId, begunBefore }, 'backchannel_logout', runtime);
  return isFirst || count > 0 ? done : refused('the token was used before');
}

/**
 * `GET <basePath>/frontchannel-logout`: the same from a frame in the provider's page (OpenID Connect Front-Channel
 * Logout 1.0 §3). Our cookies are not sent there, so that `iss` and `sid` must say whose session it is.
 */
export async function frontChannelLogout(
  request: HttpRequest,
  origin: string,
  runtime: SessionRuntime,
): Promise<Reply> {
  const query = request.target.length > 4_096 ? new URLSearchParams() : new URL(request.target, origin).searchParams;
  const [iss, sid] = [query.getAll('iss'), query.getAll('sid')];
  const isClear = iss.length === 1 && sid.length === 1 && sid[0] !== '';
  const providers = isClear ? await providersOf(iss[0] ?? '', runtime) : [];
  if (providers.length === 0) return refused('iss and sid must name a provider of ours and a session there');
  const whose = { subject: undefined, providerSessionId: sid[0], begunBefore: undefined };
  for (const provider of providers) await end(provider, whose, 'frontchannel_logout', runtime);
  return done;
}

async function verify(logoutToken: string, runtime: SessionRuntime): Promise<OwnToken | Reply> {
  let isUnavailable = false;
  const details: string[] = [];
  for (const provider of runtime.providers.values()) {
    const token = await provider.verifyLogoutToken(logoutToken);
    if (token.kind === 'valid') return { provider, token };
    if (token.kind === 'unavailable') isUnavailable = true;
    details.push(`${provider.name}: ${token.detail}`);
  }
  const { telemetry } = runtime.services;
  telemetry.event('provider_logout_refused', { instance: runtime.instance, reason: details.join('; ') });
  if (!isUnavailable) return refused('the logout token is not valid');
  return jsonReply(503, { error: 'temporarily_unavailable' }, [['retry-after', '5']]);
}

/** Several where we are more than one client of an issuer. */
async function providersOf(issuer: string, { providers }: SessionRuntime): Promise<readonly AuthorizationServer[]> {
  const found: AuthorizationServer[] = [];
  for (const provider of providers.values()) {
    const named = await provider.issuer();
    if ('issuer' in named && named.issuer === issuer) found.push(provider);
  }
  return found;
}

async function end(
  { name, registration }: AuthorizationServer,
  whose: Omit<ProviderLogout, 'instance' | 'registration'>,
  outcome: string,
  { instance, services }: SessionRuntime,
): Promise<number> {
  const { sessions, telemetry } = services;
  const count = await endProviderSessions({ instance, registration, ...whose }, sessions);
  telemetry.event('session_ended', { instance, outcome, provider: name, count });
  return count;
}

const done: Reply = { kind: 'reply', status: 200, headers: [['cache-control', 'no-store']], body: '' };

function refused(description: string): Reply {
  return jsonReply(400, { error: 'invalid_request', error_description: description });
}
