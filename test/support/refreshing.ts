import { expect } from 'vitest';
import type { ProviderOptions } from '../../src/adapters/openid-client/provider-options.ts';
import type { TokenSet } from '../../src/core/oauth/token-set.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Refresh, RefreshableGrant, RefreshSteps } from '../../src/ports/authorization-server.ts';
import { relyingPartyOf } from './relying-party.ts';
import { tokenSetAt } from './session.ts';
import type { TinyProvider } from './tiny-provider.ts';

/** Where the clock of {@link refreshAt} stands, in seconds since the epoch. */
export const refreshedAt = 1_767_225_600;

/** Alice's grant of two hours ago, whose token lived for one; `claims` differ in her first ID token. */
export async function grantAt(
  provider: TinyProvider,
  claims: object = {},
  parts: Partial<TokenSet> = {},
): Promise<RefreshableGrant> {
  const idToken = new Secret(await provider.idToken({ nonce: 'first-nonce', auth_time: 1000, ...claims }));
  const refreshToken = new Secret('canary-old-refresh');
  const tokenSet = tokenSetAt(refreshedAt - 7200, { refreshToken, idToken, ...parts });
  return { refreshToken, subject: 'alice', tokenSet };
}

/** Of somebody who refreshes alone and keeps nothing. */
export const noSteps: RefreshSteps = { maySend: async () => true, rotated: async () => undefined };

/** What came of a refresh, and the refresh tokens that were taken care of on the way. */
export interface Refreshed {
  readonly outcome: Refresh;
  readonly rotations: readonly string[];
}

/** Refreshes, and checks what always holds: one request, and no token in what is said of it. */
export async function refreshAt(
  provider: TinyProvider,
  grant: RefreshableGrant,
  changes: Partial<ProviderOptions> = {},
): Promise<Refreshed> {
  const { server, clock } = relyingPartyOf(provider, changes);
  await server.issuer();
  const asked = provider.count('token');
  const rotations: string[] = [];
  const outcome = await server.refresh(grant, {
    maySend: async () => true,
    async rotated(refreshToken) {
      clock.advance(5);
      rotations.push(refreshToken.reveal());
    },
  });
  expect(provider.count('token') - asked).toBe(1);
  expect(JSON.stringify(outcome)).not.toContain('canary');
  return { outcome, rotations };
}
