/** An authorization response (RFC 6749 §4.1.2) as its query carried it. Nothing in it is trusted yet. */
export type AuthorizationResponse =
  | { readonly kind: 'code'; readonly state: string; readonly iss: string | undefined }
  | { readonly kind: 'error'; readonly error: string; readonly state: string; readonly iss: string | undefined }
  | { readonly kind: 'invalid'; readonly reason: string };

const single = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'response'];

/** A state with the longest return URL takes 6 kB, codes less. Past it lie 40,000 parameters that take long to read. */
const longestQuery = 24_576;

/** Reads the query of a redirect URI. Parameters that came twice or came empty make it invalid (RFC 6749 §3.1). */
export function parseAuthorizationResponse(query: string): AuthorizationResponse {
  if (query.length > longestQuery) return { kind: 'invalid', reason: 'the query is too long' };
  const parameters = new URLSearchParams(query);
  const doubled = single.find((name) => parameters.getAll(name).length > 1);
  if (doubled !== undefined) return { kind: 'invalid', reason: `${doubled} came twice` };
  const empty = single.find((name) => parameters.get(name) === '');
  if (empty !== undefined) return { kind: 'invalid', reason: `${empty} came empty` };
  const state = parameters.get('state');
  if (state === null) return { kind: 'invalid', reason: 'state is missing' };
  const iss = parameters.get('iss') ?? undefined;
  const error = parameters.get('error');
  const code = parameters.get('code');
  if (error !== null && code !== null) return { kind: 'invalid', reason: 'code and error came together' };
  if (error !== null) return { kind: 'error', error: errorCodeOf(error), state, iss };
  if (code === null) return { kind: 'invalid', reason: 'code is missing' };
  return { kind: 'code', state, iss };
}

/** An error code of small letters and underscores, as all registered ones are; `server_error` for anything else. */
export function errorCodeOf(error: string): string {
  return /^[a-z_]{1,64}$/.test(error) ? error : 'server_error';
}

/**
 * Whether the response names the issuer that the request went to (RFC 9207 §2.4). Where the authorization server
 * promised `iss`, a missing one is wrong; where it comes unpromised, it must still be right.
 */
export function namesIssuer(
  iss: string | undefined,
  expected: { readonly issuer: string; readonly sendsIss: boolean },
): boolean {
  return iss === undefined ? !expected.sendsIss : iss === expected.issuer;
}
