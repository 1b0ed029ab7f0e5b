import { randomUUID } from 'node:crypto';
import { type JWTPayload, SignJWT } from 'jose';
import { createClient } from './client.ts';
import type { World } from './world.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** What a logout token must have among its `events`. */
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

/** A logout token of the provider for alice, good unless told otherwise; a claim that is undefined is left out. */
export async function logoutTokenOf(
  { provider }: Pick<World, 'provider'>,
  claims: Claims = {},
  header: Claims = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const good = { iss: provider.issuer, aud: provider.clientId, iat: now, exp: now + 120, sub: 'alice' };
  const payload = { ...good, jti: randomUUID(), events: { [logoutEvent]: {} }, ...claims } as JWTPayload; // wrong on purpose
  return await new SignJWT(payload)
    .setProtectedHeader({ alg: 'RS256', kid: 'rs256', typ: 'logout+jwt', ...header })
    .sign(provider.signingKey);
}

/** Sends one as the provider does, through Envoy; resolves to the status of the answer. */
export async function postLogoutToken(
  { origin }: Pick<World, 'origin'>,
  token: string,
  basePath = '/_auth',
): Promise<number> {
  const answer = await createClient().send(`${origin}${basePath}/backchannel-logout`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ logout_token: token }).toString(),
  });
  return answer.status;
}
