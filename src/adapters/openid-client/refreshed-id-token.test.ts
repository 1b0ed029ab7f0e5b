import { generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { grantAt, noSteps, refreshAt } from '../../../test/support/refreshing.ts';
import { relyingPartyOf } from '../../../test/support/relying-party.ts';
import { startTinyProvider, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import { Secret } from '../../core/secret.ts';
import type { RefreshableGrant } from '../../ports/authorization-server.ts';

let provider: TinyProvider;
let first: RefreshableGrant;
beforeEach(async () => {
  provider = await startTinyProvider();
  first = await grantAt(provider);
  provider.tokens({ access_token: 'canary-new-access', refresh_token: 'canary-new-refresh', id_token: undefined });
});
afterEach(async () => {
  await provider.stop();
});

const invalid = { kind: 'refused', code: 'invalid_response' };

describe('a refreshed ID token (T9, OpenID Connect Core §12.2)', () => {
  const refreshWith = async (claims: object, grant = first) => {
    provider.tokens({ id_token: await provider.idToken({ nonce: undefined, ...claims }) });
    return (await refreshAt(provider, grant)).outcome;
  };

  it.each([
    ['another sub', { sub: 'bob' }],
    ['no sub', { sub: undefined }],
    ['another iss', { iss: 'https://evil.example' }],
    ['another aud', { aud: 'other' }],
    ['another azp', { azp: 'other' }],
    ['another nonce', { nonce: 'other' }],
    ['another auth_time', { auth_time: 1001 }],
    ['an exp in the past', { exp: 1000 }],
  ])('with %s ends the grant', async (_case, claims) => {
    expect(await refreshWith(claims)).toMatchObject(invalid);
  });

  it('that another key signed ends the grant', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const claims = { iss: provider.origin, aud: provider.clientId, sub: 'alice' };
    const forged = new SignJWT(claims).setIssuedAt().setExpirationTime('5m');
    provider.tokens({ id_token: await forged.setProtectedHeader({ alg: 'RS256', kid: 'key-1' }).sign(privateKey) });
    expect((await refreshAt(provider, first)).outcome).toMatchObject(invalid);
  });

  it.each([
    ['no nonce and no auth_time', {}],
    ['the nonce and auth_time of the first', { nonce: 'first-nonce', auth_time: 1000 }],
    ['other claims', { email: 'new@example.com', acr: '2' }],
    ['our azp', { azp: 'sallyport-test' }],
  ])('may have %s', async (_case, claims) => {
    expect((await refreshWith(claims)).kind).toBe('refreshed');
  });

  it('is told from the first by what it has no more', async () => {
    const grant = await grantAt(
      provider,
      {},
      {
        idToken: new Secret(await provider.idToken({ groups: ['admins'], email: 'alice@example.com' })),
      },
    );
    expect(await refreshWith({ email: 'alice@example.com' }, grant)).toMatchObject({ withdrawn: ['nonce', 'groups'] });
  });

  it('is compared with the first as far as that is known', async () => {
    for (const idToken of [undefined, new Secret('unreadable'), new Secret('a.bm8ganNvbg.c')]) {
      const outcome = await refreshWith({ nonce: 'any', auth_time: 5 }, await grantAt(provider, {}, { idToken }));
      expect(outcome.kind).toBe('refreshed');
    }
    const bobs = { ...(await grantAt(provider, {}, { idToken: undefined })), subject: 'bob' };
    expect(await refreshWith({}, bobs)).toMatchObject(invalid);
  });

  it('is compared with no subject where none is known, unless the token before names one', async () => {
    const nobodys = { ...(await grantAt(provider, {}, { idToken: undefined })), subject: undefined };
    expect((await refreshWith({ sub: 'anybody' }, nobodys)).kind).toBe('refreshed');
    expect(await refreshWith({ aud: 'other' }, nobodys)).toMatchObject(invalid);
    expect(await refreshWith({ sub: 'bob' }, { ...first, subject: undefined })).toMatchObject(invalid);
    expect((await refreshWith({}, { ...first, subject: undefined })).kind).toBe('refreshed');
  });

  it('is compared with the issuer that logged the user in, where one provider has many', async () => {
    expect(await refreshWith({}, await grantAt(provider, { iss: 'https://another.example' }))).toMatchObject(invalid);
  });

  it('is accepted at once when its key is younger than our copy (T6)', async () => {
    const { server } = relyingPartyOf(provider);
    for (const kid of ['key-1', 'key-2']) {
      await provider.rotateKey(kid);
      provider.tokens({ id_token: await provider.idToken({ nonce: undefined }) });
      expect((await server.refresh(first, noSteps)).kind).toBe('refreshed');
    }
  });
});

describe('a refresh at a provider with OAuth 2.0 alone', () => {
  const identity = { subject: 'id', claims: new Map<string, string>(), emailsUrl: undefined };
  const gitHub = async () => {
    const metadata = {
      authorization_endpoint: `${provider.origin}/authorize`,
      token_endpoint: `${provider.origin}/token`,
      userinfo_endpoint: `${provider.origin}/userinfo`,
    };
    const grant = await grantAt(provider, {}, { idToken: undefined });
    return await refreshAt(provider, grant, { protocol: { kind: 'oauth2', identity }, metadata });
  };

  it('drops an ID token, and reads a form', async () => {
    provider.tokens({ id_token: 'x.y.z', scope: 'a,b' });
    const { outcome } = await gitHub();
    expect(outcome).toMatchObject({ tokenSet: { idToken: undefined, scope: 'a b' }, claims: undefined });
    provider.answer('token', (_request, response) => {
      response.setHeader('content-type', 'application/x-www-form-urlencoded');
      response.end('access_token=a&token_type=bearer&refresh_token=canary-new-refresh');
    });
    const form = await gitHub();
    expect(form).toMatchObject({ outcome: { kind: 'refreshed' }, rotations: ['canary-new-refresh'] });
    expect(provider.count('userinfo')).toBe(0);
  });

  it('is refused by an error with status 200', async () => {
    provider.answer('token', { error: 'bad_refresh_token', refresh_token: 'canary-new-refresh' });
    const { outcome, rotations } = await gitHub();
    expect(outcome).toMatchObject({ kind: 'refused', code: 'bad_refresh_token' });
    expect(rotations).toEqual([]);
  });
});
