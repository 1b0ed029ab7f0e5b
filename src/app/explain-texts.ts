import type { Explanation } from './gateway.ts';

/** What the gateway decides; or a page of ours, which it is not asked about; or that it cannot. */
export type Decision = Explanation['decision'] | 'own_page' | 'unavailable';

const decisions: Readonly<Record<Decision, string>> = {
  forward: 'The request goes to the workload.',
  anonymous: 'The request goes to the workload. The rule lets it through without an identity.',
  own_page: 'Sallyport answers this address itself (login, logout and the like); no rule is asked.',
  login: 'The browser is sent to log in.',
  unauthenticated:
    'The answer is 401: there is no session, and this is not a person who opens a page, so a redirect to a login would be of no use.',
  unauthorized: 'The answer is 401, to whoever it may be: the application logs its users in itself.',
  refuse: 'The answer is 403.',
  answered: 'Sallyport answers the request itself; the workload does not see it.',
  unknown_host: 'The answer is 403: no entry of origins has this host.',
  bad_request: 'The answer is 400: servers are known to read such a request in more than one way.',
  too_large: 'The answer is 431: the headers are larger than requests.maxHeaderBytes or maxHeaderCount allow.',
  unavailable: 'The answer is 503 with Retry-After: the store does not answer.',
};

const reasons: ReadonlyMap<string, string> = new Map([
  ['session_live', 'The session is live, and the rule lets its user in.'],
  ['token_refresh', 'The session is live; its access token has ended or was refused, and is replaced first.'],
  ['no_session', 'The request brings no session that is known here.'],
  ['other_instance', 'The session was made by another instance than the one that the rule names.'],
  ['other_provider', 'The session comes from a provider, or a client id, that this instance no longer uses.'],
  ['provider_not_allowed', 'The session comes from a provider that the rule does not list under require.providers.'],
  ['absolute_lifetime', 'The session is older than absoluteLifetime.'],
  ['idle_lifetime', 'The session was not used for longer than idleLifetime.'],
  [
    'token_expired',
    'The access token of the session has ended, and the check has no refresh token to replace it with.',
  ],
  ['email_not_verified', 'The rule asks for an e-mail address, and the provider does not say that it is verified.'],
  ['email_not_allowed', 'The user’s e-mail address is none that the rule lets in.'],
  ['group_not_allowed', 'The user is in none of the groups that the rule asks for.'],
  ['foreign_websocket', 'A page of another origin opens a WebSocket.'],
  ['preflight', 'A browser asks whether a page of a trusted origin may send a request, and may (CORS).'],
  [
    'own_authorization',
    'The request brings an Authorization of its own; require.clientAuthorization lets it go on with that.',
  ],
  [
    'other_authorization',
    'The request brings an Authorization of its own, which the rule has no require.clientAuthorization for.',
  ],
  ['cross_site', 'A page of another site sends the request (Sec-Fetch-Site).'],
  ['origin_missing', 'The request names no origin, which those of the application do.'],
  [
    'origin_not_trusted',
    'The request comes from a page of an origin that trustedOrigins of the instance does not list.',
  ],
  ['origin_repeated', 'The request names its origin more than once.'],
  ['csrf_missing', 'The request may change something and does not repeat the CSRF token in its header.'],
  ['csrf_mismatch', 'The CSRF token that the request repeats is not the one of this session.'],
  [
    'invalid_session',
    'The cookies of the request open no session: they were changed, cut, mixed, or sealed with another key.',
  ],
  ['not_there', 'The session that the cookies name has ended, and nothing is left of it.'],
  ['token_inactive', 'The provider says that the access token of the session is not valid.'],
]);

/** A decision and its reason in sentences. */
export function explainReason(decision: Decision, reason: string): string {
  const because =
    reasons.get(reason) ??
    (/^[a-z_]+$/.test(reason) ? undefined : `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`);
  return [decisions[decision], because].filter((text) => text !== undefined).join(' ');
}
