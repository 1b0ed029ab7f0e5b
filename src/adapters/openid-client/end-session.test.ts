import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { status } from '../../../test/support/bad-answers.ts';
import { relyingPartyOf } from '../../../test/support/relying-party.ts';
import { startTinyProvider, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import { Secret } from '../../core/secret.ts';

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
