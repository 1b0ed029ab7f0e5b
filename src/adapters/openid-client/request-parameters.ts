import type { AuthorizationRequest } from '../../ports/authorization-server.ts';
import type { ProviderOptions } from './provider-options.ts';

/**
 * Parameters of the authorization request that only we may set: what we send, what would take its place, credentials,
 * and the claims that make a signed request (RFC 9101 §4) what it is. With `sub` it would pass for a client assertion
 * (§10.8).
 */
const ours: ReadonlySet<string> = new Set(
  [
    ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'],
    ['redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce'],
    ['code_challenge', 'code_challenge_method', 'code_verifier', 'dpop_jkt'],
    ['request', 'request_uri', 'registration', 'client_metadata', 'client_metadata_uri'],
    ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'],
    // Of answers and token requests: a pushed request is a form that carries our credentials.
    ['code', 'access_token', 'refresh_token', 'id_token', 'response', 'grant_type'],
  ]
    .flat()
    .map(plainly),
);

/** RFC 6749 §8.2: what names of parameters are made of. */
const nameForm = /^[A-Za-z0-9._-]+$/;

/** Whether a parameter of the authorization request is ours alone, however it is spelled. */
export function isOurParameter(name: string): boolean {
  return ours.has(plainly(name));
}

/** Whether the application may not set a parameter: it is ours or the operator's, or no name at all. */
export function isReservedParameter(name: string, options: ProviderOptions): boolean {
  if (!nameForm.test(name) || isOurParameter(name)) return true;
  const plain = plainly(name);
  // Without an ID token nothing could prove that it was heeded.
  if (plain === 'maxage' && options.protocol.kind === 'oauth2') return true;
  return [...options.authorizationParameters.keys()].some((own) => plainly(own) === plain);
}

/** The authorization request. What the application adds can replace nothing of the operator's, and he nothing of ours. */
export function parametersOf(request: AuthorizationRequest, options: ProviderOptions): Record<string, string> {
  const extra = [...request.extraParameters].filter(([name]) => !isReservedParameter(name, options));
  return {
    ...Object.fromEntries(extra),
    ...Object.fromEntries(options.authorizationParameters),
    response_type: 'code',
    redirect_uri: request.redirectUri,
    ...(options.scopes.length === 0 ? {} : { scope: options.scopes.join(' ') }),
    state: request.state,
    // Without an ID token nothing could bring it back (OpenID Connect Core §3.1.2.1).
    ...(options.protocol.kind === 'oidc' ? { nonce: request.nonce } : {}),
    code_challenge: request.codeChallenge,
    code_challenge_method: 'S256',
    ...(options.responseMode === 'query' ? {} : { response_mode: options.responseMode }),
  };
}

/** A name as a lenient server might read it: PHP, for one, takes `client.id` and `client id[]` for `client_id`. */
function plainly(name: string): string {
  return name
    .replace(/\[.*/s, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
}
