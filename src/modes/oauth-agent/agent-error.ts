import { jsonReply } from '../../core/http/reply.ts';
import type { Header, PlainReply } from '../../core/verdict.ts';
import type { BrowserRefusal } from './browser-rules.ts';

/** An error as it is described. `code`: what applications read; of others it is their name. */
interface DescribedError {
  readonly status: number;
  readonly code?: string;
  readonly meaning: string;
}

/**
 * The errors, with the status that each has and what it means. Authorization responses bring codes of their own
 * (RFC 6749 §4.1.2.1).
 */
export const agentErrors = {
  invalid_request: { status: 400, meaning: 'The message names what is wrong in the request, and what was expected.' },
  authorization_error: { status: 400, meaning: 'The authorization server refused the request (4xx).' },
  unauthorized_request: { status: 401, meaning: 'Origin, session cookies, login cookie or CSRF token do not fit.' },
  token_expired: { status: 401, meaning: 'The access token has ended: refresh it and ask again.' },
  session_expired: { status: 401, meaning: 'The session has ended and its cookies are deleted: log in again.' },
  cross_site: { status: 403, code: 'unauthorized_request', meaning: 'A page of another site sent the request.' },
  unknown_host: { status: 403, meaning: 'The host of the request is not served.' },
  not_found: { status: 404, meaning: 'There is no such endpoint.' },
  method_not_allowed: { status: 405, meaning: 'The endpoint has another method.' },
  server_error: { status: 500, meaning: 'A fault of the agent.' },
  authorization_server_error: { status: 502, meaning: 'The authorization server gave no answer that can be used.' },
  temporarily_unavailable: { status: 503, meaning: 'The session could not be looked up. Nothing is lost: try again.' },
} as const satisfies Readonly<Record<string, DescribedError>>;

export type AgentErrorName = keyof typeof agentErrors;

/** The code of an error as applications read it. */
export function codeOf(name: AgentErrorName): string {
  const { code = name }: DescribedError = agentErrors[name];
  return code;
}

/** An error as applications read it. `message` is public, and repeats nothing of what came. */
export function agentError(name: AgentErrorName, message: string, headers: readonly Header[] = []): PlainReply {
  return errorReply(agentErrors[name].status, codeOf(name), message, headers);
}

/**
 * The error of an authorization response: its code, and none of its text, which anybody may have put into the URL. 401
 * where the user must log in by hand (OpenID Connect Core §3.1.2.6, after `prompt=none`).
 */
export function responseError(code: string): PlainReply {
  const status = code === 'login_required' ? 401 : 400;
  return errorReply(status, code, 'The authorization server answered the login with this error.');
}

/** A request that no page of a trusted origin sent, or that does not say so. */
export function refusedPage(refusal: BrowserRefusal): PlainReply {
  switch (refusal) {
    case 'cross_site':
      return agentError('cross_site', 'Pages of other sites cannot use this.');
    case 'origin_missing':
      return agentError('unauthorized_request', 'The request has no Origin header.');
    case 'origin_repeated':
      return agentError('unauthorized_request', 'The request has more than one Origin header.');
    case 'origin_not_trusted':
      return agentError('unauthorized_request', 'The origin of the page is not trusted.');
  }
}

function errorReply(status: number, code: string, message: string, headers: readonly Header[] = []): PlainReply {
  return jsonReply(status, { code, message }, headers);
}
