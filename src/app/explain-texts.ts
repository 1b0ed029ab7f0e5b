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
  refuse: 'The answer is 403.',
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
  ['token_expired', 'The access token of the session has ended, and there is no refresh token to replace it with.'],
  ['email_not_verified', 'The rule asks for an e-mail address, and the provider does not say that it is verified.'],
  ['email_not_allowed', 'The user’s e-mail address is none that the rule lets in.'],
  ['group_not_allowed', 'The user is in none of the groups that the rule asks for.'],
  ['foreign_websocket', 'A page of another origin opens a WebSocket.'],
]);

/** A decision and its reason in sentences. */
export function explainReason(decision: Decision, reason: string): string {
  const because =
    reasons.get(reason) ??
    (/^[a-z_]+$/.test(reason) ? undefined : `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`);
  return [decisions[decision], because].filter((text) => text !== undefined).join(' ');
}
