import type { IDToken } from 'openid-client';
import type { RefreshableGrant } from '../../ports/authorization-server.ts';
import { jsonObjectOf } from './json-object.ts';

/**
 * What speaks against an ID token that came with a refresh (OpenID Connect Core §12.2), beside what speaks against any:
 * the library has validated it. `aud` holds us, then and now; further audiences do not concern us.
 */
export function objectionTo(idToken: IDToken, grant: RefreshableGrant, clientId: string): string | undefined {
  const before = payloadOf(grant.tokenSet.idToken?.reveal());
  const differs = (claim: string) => before[claim] !== undefined && idToken[claim] !== before[claim];
  const isAnother = grant.subject === undefined ? differs('sub') : idToken.sub !== grant.subject;
  if (isAnother) return 'the refreshed ID token is about another sub';
  // Whoever issues for many tenants has many issuers.
  if (differs('iss')) return 'the refreshed ID token has another iss';
  // As at the login: also beside a single audience, which the library lets pass.
  if (idToken.azp !== undefined && idToken.azp !== clientId) return 'azp of the refreshed ID token is another client';
  // It should have none. After a refreshed ID token without one the first is not known any more.
  if (idToken.nonce !== undefined && differs('nonce')) return 'the refreshed ID token has another nonce';
  // A later one would pass for a new login, which step-up asks for.
  if (idToken.auth_time !== undefined && differs('auth_time')) return 'the refreshed ID token has another auth_time';
  return undefined;
}

/** Names of claims that the ID token before had and this one has not. */
export function withdrawnFrom(idToken: IDToken, { tokenSet }: RefreshableGrant): readonly string[] {
  return Object.keys(payloadOf(tokenSet.idToken?.reveal())).filter((name) => !Object.hasOwn(idToken, name));
}

/** The claims of a token that was validated when it came; none of what cannot be read. */
function payloadOf(token: string | undefined): Readonly<Record<string, unknown>> {
  const [, payload = ''] = token?.split('.') ?? [];
  return jsonObjectOf(Buffer.from(payload, 'base64url').toString()) ?? {};
}
