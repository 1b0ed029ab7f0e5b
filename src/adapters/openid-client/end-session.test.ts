import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hang, reset, status } from '../../../test/support/bad-answers.ts';
import { relyingPartyOf } from '../../../test/support/relying-party.ts';
import { startTinyProvider, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import { Secret } from '../../core/secret.ts';
import { epochMillisecondsOf, secondsOf } from '../../core/time.ts';

let provider: TinyProvider;
beforeEach(async () => {
  provider = await startTinyProvider();
});
afterEach(async () => {
  await provider.stop();
});

describe('the end-session URL (OpenID Connect RP-Initiated Logout 1.0 §2)', () => {
  const request = {
    idToken: new Secret('the-id-token'),
    postLogoutRedirectUri: 'https://app.example.com/_auth/logout/callback',
    state: 's',
  };

  it('has hint, client, redirect and state', async () => {
    const url = new URL((await relyingPartyOf(provider).server.endSessionUrl(request)) ?? '');
    expect(url.origin + url.pathname).toBe(`${provider.origin}/logout`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      id_token_hint: 'the-id-token',
      client_id: provider.clientId,
      post_logout_redirect_uri: request.postLogoutRedirectUri,
      state: 's',
    });
  });

  it('has no state where none is wanted', async () => {
    const url = await relyingPartyOf(provider).server.endSessionUrl({ ...request, state: undefined });
    const names = [...new URL(url ?? '').searchParams.keys()].toSorted();
    expect(names).toEqual(['client_id', 'id_token_hint', 'post_logout_redirect_uri']);
  });

  it('has no hint where there is no ID token', async () => {
    const url = await relyingPartyOf(provider).server.endSessionUrl({ ...request, idToken: undefined });
    expect(new URL(url ?? '').searchParams.has('id_token_hint')).toBe(false);
  });

  it('is none where the provider has no logout, or cannot be asked', async () => {
    provider.metadata({ end_session_endpoint: undefined });
    expect(await relyingPartyOf(provider).server.endSessionUrl(request)).toBeUndefined();
    provider.answer('discovery', status(500));
    expect(await relyingPartyOf(provider).server.endSessionUrl(request)).toBeUndefined();
  });
});

describe('revocation (RFC 7009 §2.1)', () => {
  const tokenSet = {
    accessToken: new Secret('canary-access-token'),
    refreshToken: new Secret('canary-refresh-token'),
    idToken: undefined,
    obtainedAt: epochMillisecondsOf(0),
    expiresAt: undefined,
    scope: undefined,
  };
  const sent = () => provider.requests.find(({ url }) => url === '/revoke');
  beforeEach(() => provider.metadata({ revocation_endpoint: `${provider.origin}/revoke` }));

  it('is asked for the refresh token, authenticated as we are', async () => {
    expect(await relyingPartyOf(provider).server.revoke(tokenSet)).toEqual({ kind: 'revoked' });
    expect(Object.fromEntries(sent()?.body ?? [])).toEqual({
      token: 'canary-refresh-token',
      token_type_hint: 'refresh_token',
    });
    expect(sent()?.headers.authorization).toMatch(/^Basic /);
  });

  it('is asked for the access token where there is no other', async () => {
    await relyingPartyOf(provider).server.revoke({ ...tokenSet, refreshToken: undefined });
    expect(sent()?.body.get('token')).toBe('canary-access-token');
  });

  it('is done without where the provider has none', async () => {
    provider.metadata({});
    expect(await relyingPartyOf(provider).server.revoke(tokenSet)).toEqual({ kind: 'unsupported' });
  });

  it.each([
    ['500', status(500)],
    ['a redirect', status(307, { location: '/elsewhere' })],
    ['a reset', reset],
    ['a hang', hang],
  ])('that fails is a value that tells no token: %s', async (_fault, handler) => {
    provider.answer('other', handler);
    const { server } = relyingPartyOf(provider, { requestTimeout: secondsOf(0.15) });
    await server.issuer();
    const revocation = await server.revoke(tokenSet);
    expect(revocation.kind).toBe('failed');
    expect(JSON.stringify(revocation)).not.toContain('canary');
    expect(provider.requests.filter(({ url }) => url === '/elsewhere')).toEqual([]);
  });

  it('that the metadata puts elsewhere is refused with all of it (I3)', async () => {
    provider.metadata({ revocation_endpoint: 'https://evil.example/revoke' });
    expect(await relyingPartyOf(provider).server.revoke(tokenSet)).toMatchObject({ kind: 'failed' });
  });
});
