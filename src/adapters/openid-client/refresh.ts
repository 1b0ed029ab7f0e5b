import {
  type Configuration,
  refreshTokenGrant,
  type TokenEndpointResponse,
  type TokenEndpointResponseHelpers,
} from 'openid-client';
import { claimsOf, type JsonValue } from '../../core/json.ts';
import type { TokenSet } from '../../core/oauth/token-set.ts';
import { after, between, secondOf } from '../../core/time.ts';
import type { Refresh, RefreshableGrant } from '../../ports/authorization-server.ts';
import { outcomeOf, refused } from './outcome.ts';
import { unavailable } from './refresh-answer.ts';
import { type RefreshWatch, watchRefresh } from './refresh-watch.ts';
import { objectionTo, withdrawnFrom } from './refreshed-id-token.ts';
import { readTokenResponse } from './token-response.ts';

/**
 * Redeems a refresh token (RFC 6749 §6) with a configuration that is used for nothing else. No proof of possession is
 * sent, so the library has no reason to repeat the request.
 */
export async function redeemRefreshToken(
  configuration: Configuration,
  grant: RefreshableGrant,
  watch: RefreshWatch,
): Promise<Refresh> {
  const seen = watchRefresh(configuration, grant.refreshToken, watch);
  let answer: TokenEndpointResponse & TokenEndpointResponseHelpers;
  try {
    answer = await refreshTokenGrant(configuration, grant.refreshToken.reveal());
  } catch (error) {
    if (seen.failure !== undefined) throw seen.failure.error;
    return seen.ended ?? (await verdictOn(error));
  }
  const received = readTokenResponse(answer, seen.receivedAt, seen.askedAt);
  if (received.kind === 'unusable') return refused(received.detail);
  const idToken = answer.claims();
  const objection =
    idToken === undefined ? undefined : objectionTo(idToken, grant, configuration.clientMetadata().client_id);
  if (objection !== undefined) return refused(objection);
  return {
    kind: 'refreshed',
    tokenSet: completed(received.tokenSet, grant.tokenSet),
    claims: idToken === undefined ? undefined : claimsOf(idToken as JsonValue), // parsed from JSON
    withdrawn: idToken === undefined ? [] : withdrawnFrom(idToken, grant),
  };
}

/** What the library objects to in a JSON object that came with 200. */
async function verdictOn(error: unknown): Promise<Refresh> {
  const outcome = await outcomeOf(error);
  return outcome.kind === 'refused' ? outcome : unavailable(outcome.detail);
}

/** RFC 6749 §5.1 and §6: what the answer leaves out is as it was. A lifetime counts from now on. */
function completed(received: TokenSet, before: TokenSet): TokenSet {
  const lifetime = before.expiresAt === undefined ? undefined : between(secondOf(before.obtainedAt), before.expiresAt);
  return {
    accessToken: received.accessToken,
    obtainedAt: received.obtainedAt,
    expiresAt:
      received.expiresAt ?? (lifetime === undefined ? undefined : after(secondOf(received.obtainedAt), lifetime)),
    refreshToken: received.refreshToken ?? before.refreshToken,
    idToken: received.idToken ?? before.idToken,
    scope: received.scope ?? before.scope,
  };
}
