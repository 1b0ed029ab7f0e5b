import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createProvider } from '../../src/app/providers.ts';
import { codeChallengeOf } from '../../src/core/oauth/pkce.ts';
import { Secret } from '../../src/core/secret.ts';
import { secondsOf } from '../../src/core/time.ts';
import type { AuthorizationServer, Refresh, RefreshableGrant } from '../../src/ports/authorization-server.ts';
import { json, reset } from '../support/bad-answers.ts';
import { createClient } from '../support/client.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { followUpTo } from '../support/login-steps.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { recordingTelemetry } from '../support/recording-telemetry.ts';
import { noSteps } from '../support/refreshing.ts';
import { registrationAt } from '../support/relying-party.ts';
import { until } from '../support/until.ts';

const callback = 'http://app.example/_auth/callback';
const codeVerifier = 'v'.repeat(43);

let provider: TestProvider;
let server: AuthorizationServer;
beforeAll(async () => {
  provider = await startProvider();
  const registration = registrationAt(
    { origin: provider.issuer, clientId: provider.clientId },
    { clientSecret: new Secret(provider.clientSecret) },
  );
  server = createProvider(registration, { clock: fixedClock(), telemetry: recordingTelemetry() });
});
beforeEach(() => provider.reset());

async function logIn(): Promise<RefreshableGrant> {
  const extraParameters = new Map<string, string>();
  const codeChallenge = codeChallengeOf(codeVerifier);
  const request = { redirectUri: callback, state: 's', nonce: 'n', codeChallenge, extraParameters };
  const begun = await server.authorizationUrl(request);
  if (begun.kind !== 'url') throw new Error(begun.detail);
  const response = new URL(await followUpTo(createClient(), callback, begun.url));
  const redemption = await server.redeem(response, { state: 's', nonce: 'n', codeVerifier, maxAge: undefined });
  if (redemption.kind !== 'authenticated') throw new Error(redemption.detail);
  const { tokenSet, subject } = redemption.authentication;
  if (tokenSet.refreshToken === undefined) throw new Error('no refresh token');
  return { tokenSet, subject, refreshToken: tokenSet.refreshToken };
}

const refresh = async (grant: RefreshableGrant) => await server.refresh(grant, noSteps);

function next(grant: RefreshableGrant, outcome: Refresh): RefreshableGrant {
  if (outcome.kind !== 'refreshed') throw new Error(outcome.detail);
  const { tokenSet } = outcome;
  return { ...grant, tokenSet, refreshToken: tokenSet.refreshToken ?? grant.refreshToken };
}

describe('a refresh at a provider that rotates refresh tokens', () => {
  it('goes on as long as each one is redeemed once, and its ID tokens are about the same user (T9)', async () => {
    let grant = await logIn();
    const seen = new Set([grant.refreshToken.reveal()]);
    for (let round = 1; round <= 3; round += 1) {
      const outcome = await refresh(grant);
      expect(outcome.kind === 'refreshed' && outcome.claims?.get('sub')).toBe('alice');
      grant = next(grant, outcome);
      seen.add(grant.refreshToken.reveal());
      expect(seen.size).toBe(round + 1);
      expect(provider.countRefreshes()).toBe(round);
    }
    expect(provider.accessTokens()).toHaveLength(4);
    expect(provider.accessTokens().at(-1)).toBe(grant.tokenSet.accessToken.reveal());
  });

  it('ends with everything that came of it when one is redeemed twice', async () => {
    const grant = await logIn();
    const renewed = next(grant, await refresh(grant));
    expect(await refresh(grant)).toMatchObject({ kind: 'refused', code: 'invalid_grant' });
    expect(await refresh(renewed)).toMatchObject({ kind: 'refused', code: 'invalid_grant' });
  });

  it('is over when its answer got lost after the rotation (F6)', async () => {
    const grant = await logIn();
    provider.loseRefreshAnswers(1);
    expect(await refresh(grant)).toMatchObject({ kind: 'unavailable', isLost: true });
    expect(await refresh(grant)).toMatchObject({ kind: 'refused', code: 'invalid_grant' });
    expect(provider.accessTokens()).toHaveLength(2);
    expect(provider.countRefreshes()).toBe(2);
  });

  it('goes on when the provider never heard of the one that got lost (F6)', async () => {
    const grant = await logIn();
    provider.answerRefresh(reset);
    expect(await refresh(grant)).toMatchObject({ kind: 'unavailable', isLost: true });
    provider.answerRefresh(json('{"error":"temporarily_unavailable"}', 503, { 'retry-after': '9' }));
    expect(await refresh(grant)).toMatchObject({ kind: 'unavailable', retryAfter: 9 });
    provider.answerRefresh(undefined);
    expect((await refresh(grant)).kind).toBe('refreshed');
    expect(provider.countRefreshes()).toBe(3);
  });

  it.each(['arrival', 'answer'] as const)('waits for a provider that is slow at its %s', async (at) => {
    const grant = await logIn();
    const held = provider.holdRefreshes(at);
    provider.refreshesTake(1);
    const outcome = refresh(grant);
    await until('the refresh is there', () => provider.countRefreshes() === 1);
    if (at === 'answer') await until('it was carried out', () => provider.accessTokens().length === 2);
    else expect(provider.accessTokens()).toHaveLength(1);
    held.release();
    expect((await outcome).kind).toBe('refreshed');
  });

  it('gets the lifetime that the provider says', async () => {
    const grant = await logIn();
    provider.accessTokensLive(5);
    const { tokenSet } = next(grant, await refresh(grant));
    expect(tokenSet.expiresAt).toBe(tokenSet.obtainedAt / 1000 + secondsOf(5));
  });
});
