import { emptyReply, jsonReply } from '../core/http/reply.ts';
import type { HttpRequest } from '../core/http/request.ts';
import { after, secondsOf } from '../core/time.ts';
import type { PlainReply } from '../core/verdict.ts';
import type { AuthorizationServer, LogoutToken } from '../ports/authorization-server.ts';
import type { OnceMarkers } from '../ports/store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { endProviderSessions, type ProviderLogout } from './session-directory.ts';
import type { SessionPorts } from './sessions.ts';

/** The instance whose sessions in the store a provider ends. */
export interface LogoutReceiver {
  readonly instance: string;
  /** Those whose word counts: with them the instance logs users in. */
  readonly providers: ReadonlyMap<string, AuthorizationServer>;
  readonly services: {
    readonly sessions: SessionPorts;
    readonly store: { readonly once: OnceMarkers };
    readonly telemetry: Telemetry;
  };
}

/** How far the provider's clock may be behind ours. */
const clockTolerance = secondsOf(60);

/** A logout token of a provider of ours. */
type OwnToken = { readonly provider: AuthorizationServer; readonly token: Extract<LogoutToken, { kind: 'valid' }> };

/**
 * Back-channel logout: the provider says that a login is over (OpenID Connect Back-Channel Logout 1.0 §2.5). `form`: the
 * body of its POST; '' for one that is no form. Throws StoreUnavailableError; then the provider may try again.
 */
export async function backChannelLogout(form: string, receiver: LogoutReceiver): Promise<PlainReply> {
  const [logoutToken, ...others] = new URLSearchParams(form).getAll('logout_token');
  if (logoutToken === undefined || others.length > 0) return refused('logout_token is missing or came twice');
  const found = await verify(logoutToken, receiver);
  if ('kind' in found) return found;
  const { provider, token } = found;
  const { subject, providerSessionId, tokenId, issuedAt, endsAt } = token;
  const isFirst = await receiver.services.store.once.take(`logout:${provider.registration}:${tokenId}`, endsAt);
  // The store may have failed in the midst of an earlier try: what it left is ended now. What began since stays (ADR 8).
  const begunBefore = isFirst ? after(issuedAt, clockTolerance) : issuedAt;
  const count = await end(provider, { subject, providerSessionId, begunBefore }, 'backchannel_logout', receiver);
  return isFirst || count > 0 ? done : refused('the token was used before');
}

/**
 * Front-channel logout: the same by GET from a frame in the provider's page (OpenID Connect Front-Channel Logout 1.0
 * §3). Our cookies are not sent there, so that `iss` and `sid` must say whose session it is.
 */
export async function frontChannelLogout(
  request: HttpRequest,
  origin: string,
  receiver: LogoutReceiver,
): Promise<PlainReply> {
  const query = request.target.length > 4_096 ? new URLSearchParams() : new URL(request.target, origin).searchParams;
  const [iss, sid] = [query.getAll('iss'), query.getAll('sid')];
  const isClear = iss.length === 1 && sid.length === 1 && sid[0] !== '';
  const providers = isClear ? await providersOf(iss[0] ?? '', receiver) : [];
  if (providers.length === 0) return refused('iss and sid must name a provider of ours and a session there');
  const whose = { subject: undefined, providerSessionId: sid[0], begunBefore: undefined };
  for (const provider of providers) await end(provider, whose, 'frontchannel_logout', receiver);
  return done;
}

async function verify(
  logoutToken: string,
  { instance, providers, services }: LogoutReceiver,
): Promise<OwnToken | PlainReply> {
  let isUnavailable = false;
  const details: string[] = [];
  for (const provider of providers.values()) {
    const token = await provider.verifyLogoutToken(logoutToken);
    if (token.kind === 'valid') return { provider, token };
    if (token.kind === 'unavailable') isUnavailable = true;
    details.push(`${provider.name}: ${token.detail}`);
  }
  services.telemetry.event('provider_logout_refused', { instance, reason: details.join('; ') });
  if (!isUnavailable) return refused('the logout token is not valid');
  return jsonReply(503, { error: 'temporarily_unavailable' }, [['retry-after', '5']]);
}

/** Several where we are more than one client of an issuer. */
async function providersOf(issuer: string, { providers }: LogoutReceiver): Promise<readonly AuthorizationServer[]> {
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
  { instance, services }: LogoutReceiver,
): Promise<number> {
  const { sessions, telemetry } = services;
  const count = await endProviderSessions({ instance, registration, ...whose }, sessions);
  telemetry.event('session_ended', { instance, outcome, provider: name, count });
  return count;
}

const done = emptyReply(200);

function refused(description: string): PlainReply {
  return jsonReply(400, { error: 'invalid_request', error_description: description });
}
