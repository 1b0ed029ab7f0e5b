import { decodeJwt } from 'jose';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ProviderOptions } from '../../src/adapters/openid-client/provider-options.ts';
import { createProvider } from '../../src/app/providers.ts';
import { codeChallengeOf } from '../../src/core/oauth/pkce.ts';
import { Secret } from '../../src/core/secret.ts';
import { secondsOf } from '../../src/core/time.ts';
import type { AuthorizationServer } from '../../src/ports/authorization-server.ts';
import { createClient } from '../support/client.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { followUpTo } from '../support/login-steps.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { recordingTelemetry } from '../support/recording-telemetry.ts';
import { registrationAt } from '../support/relying-party.ts';

const callback = 'http://app.example/_auth/callback';
const codeVerifier = 'v'.repeat(43);

let provider: TestProvider;
let requestObject: ProviderOptions['requestObject'];
beforeAll(async () => {
  provider = await startProvider();
  const key = new Secret(String(provider.requestKey.export({ type: 'pkcs8', format: 'pem' })));
  requestObject = { key, id: undefined, algorithm: undefined };
});
beforeEach(() => provider.reset());

function serverWith(changes: Partial<ProviderOptions>): AuthorizationServer {
  const { issuer: origin, clientId, clientSecret } = provider;
  const registration = registrationAt({ origin, clientId }, { clientSecret: new Secret(clientSecret), ...changes });
  return createProvider(registration, { clock: fixedClock(), telemetry: recordingTelemetry() });
}

async function logIn(server: AuthorizationServer, extraParameters = new Map<string, string>(), maxAge = 0) {
  const request = { redirectUri: callback, state: 's', nonce: 'n', codeChallenge: codeChallengeOf(codeVerifier) };
  const begun = await server.authorizationUrl({ ...request, extraParameters });
  if (begun.kind !== 'url') throw new Error(begun.detail);
  const response = new URL(await followUpTo(createClient(), callback, begun.url));
  const checks = { state: 's', nonce: 'n', codeVerifier, maxAge: maxAge === 0 ? undefined : secondsOf(maxAge) };
  const redemption = await server.redeem(response, checks);
  if (redemption.kind !== 'authenticated') throw new Error(redemption.detail);
  return { query: new URL(begun.url).searchParams, ...redemption.authentication };
}

describe('a login at a certified provider', () => {
  it.each([
    ['plain', {}, ['response_type', 'redirect_uri', 'scope', 'state', 'nonce', 'max_age'], 0],
    ['with a signed request (RFC 9101)', { isSigned: true }, ['request'], 0],
    ['pushed (RFC 9126)', { pushedAuthorization: true }, ['request_uri'], 1],
    ['signed and pushed', { isSigned: true, pushedAuthorization: true }, ['request_uri'], 1],
  ])('%s ends with an ID token that proves the max_age of the application', async (_way, changes, names, pushed) => {
    const { isSigned, ...others } = { isSigned: false, ...changes };
    const server = serverWith({ ...others, ...(isSigned ? { requestObject } : {}) });
    const { query, tokenSet, subject } = await logIn(server, new Map([['max_age', '600']]), 600);
    expect(subject).toBe('alice');
    expect(decodeJwt(tokenSet.idToken?.reveal() ?? '')).toMatchObject({ nonce: 'n', auth_time: expect.any(Number) });
    for (const name of names) expect(query.has(name)).toBe(true);
    expect(query.has('state')).toBe(!isSigned && pushed === 0);
    expect(provider.count('par')).toBe(pushed);
  });

  it('whose request another key signed never comes back', async () => {
    const key = new Secret(String(provider.signingKey.export({ type: 'pkcs8', format: 'pem' })));
    const server = serverWith({ requestObject: { key, id: undefined, algorithm: undefined } });
    await expect(logIn(server)).rejects.toThrow();
  });

  it('gives an access token that userinfo and introspection know until it is revoked', async () => {
    const server = serverWith({});
    const { tokenSet } = await logIn(server);
    const { accessToken } = tokenSet;
    expect(await server.userinfo(accessToken, 'alice')).toMatchObject({ kind: 'claims' });
    expect(await server.userinfo(accessToken, 'bob')).toMatchObject({ kind: 'invalid' });
    expect(await server.introspect(accessToken)).toMatchObject({ kind: 'active', phantomToken: undefined });
    await server.revoke({ ...tokenSet, refreshToken: undefined });
    expect(await server.userinfo(accessToken, 'alice')).toEqual({ kind: 'expired' });
    expect(await server.introspect(accessToken)).toEqual({ kind: 'inactive' });
  });
});
