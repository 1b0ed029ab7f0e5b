import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drip, flood, gzipBomb, hang, json, reset, status } from '../../../test/support/bad-answers.ts';
import { relyingPartyOf } from '../../../test/support/relying-party.ts';
import { startTinyProvider, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import { Secret } from '../../core/secret.ts';
import { secondsOf } from '../../core/time.ts';

let provider: TinyProvider;
beforeEach(async () => {
  provider = await startTinyProvider();
});
afterEach(async () => {
  await provider.stop();
});

/** For faults that are waited for. */
const impatient = { requestTimeout: secondsOf(0.15) };

const faults = [
  ['a hang', hang],
  ['a drip', drip],
  ['100 MB', flood],
  ['a gzip bomb', gzipBomb],
  ['a reset', reset],
  ['500', status(500)],
  ['503 with an error of its own', json('{"error":"server_error"}', 503)],
  ['429', status(429, { 'retry-after': '1' })],
] as const;

describe('the authorization URL', () => {
  const request = {
    redirectUri: 'https://app.example.com/_auth/callback',
    state: 'the state',
    nonce: 'the nonce',
    codeChallenge: 'the challenge',
    extraParameters: new Map<string, string>(),
  };

  it('asks for a code with S256, state and nonce, and holds no secret (RFC 9700 §2.1.1)', async () => {
    provider.metadata({ authorization_endpoint: `${provider.origin}/authorize?tenant=a` });
    const found = await relyingPartyOf(provider).server.authorizationUrl(request);
    const url = new URL(found.kind === 'url' ? found.url : '');
    expect(url.origin + url.pathname).toBe(`${provider.origin}/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      tenant: 'a',
      response_type: 'code',
      client_id: provider.clientId,
      redirect_uri: request.redirectUri,
      scope: 'openid email',
      state: 'the state',
      nonce: 'the nonce',
      code_challenge: 'the challenge',
      code_challenge_method: 'S256',
    });
    expect(url.href).not.toContain('canary');
  });

  it.each(faults)('is not known after %s of the metadata, in bounded time (I1)', async (_fault, handler) => {
    provider.answer('discovery', handler);
    const { server } = relyingPartyOf(provider, impatient);
    expect((await server.authorizationUrl(request)).kind).toBe('unavailable');
    expect(await server.issuer()).toMatchObject({ kind: 'unavailable' });
    expect(server.status()).toBe('unavailable');
  });
});

describe('the issuer', () => {
  it.each([
    [true, true],
    [false, false],
    [undefined, false],
    ['true', false],
  ])('promises iss when the metadata says %j: %j (RFC 9207 §3)', async (flag, sendsIss) => {
    provider.metadata({ authorization_response_iss_parameter_supported: flag });
    expect(await relyingPartyOf(provider).server.issuer()).toEqual({ issuer: provider.origin, sendsIss });
  });

  it('is named and vouched for as the operator says', () => {
    expect(relyingPartyOf(provider).server).toMatchObject({ name: 'idp', vouchesForEmail: false });
    expect(relyingPartyOf(provider, { allowUnverifiedEmail: true }).server.vouchesForEmail).toBe(true);
  });
});

describe('redeeming a code', () => {
  it('yields tokens by our own clock, the subject and its claims', async () => {
    const { redeem, clock } = relyingPartyOf(provider);
    provider.tokens({ id_token: await provider.idToken({ sid: 'session-7', email: 'signed@example.com' }) });
    provider.answer('userinfo', { sub: 'alice', email: 'alice@example.com', name: 'Alice Adams' });
    const redemption = await redeem();
    if (redemption.kind !== 'authenticated') throw new Error(redemption.detail);
    const { subject, providerSessionId, claims, tokenSet } = redemption.authentication;
    expect({ subject, providerSessionId }).toEqual({ subject: 'alice', providerSessionId: 'session-7' });
    expect(tokenSet).toMatchObject({
      obtainedAt: clock.milliseconds(),
      expiresAt: clock.now() + 3600,
      scope: 'openid email',
    });
    expect(tokenSet.accessToken.reveal()).toBe('canary-access-token');
    expect(tokenSet.refreshToken?.reveal()).toBe('canary-refresh-token');
    // The signed claim counts; userinfo adds what it does not have.
    expect(claims.get('email')).toBe('signed@example.com');
    expect(claims.get('name')).toBe('Alice Adams');
  });

  it('sends code, verifier and the exact redirect URI, once, in the body', async () => {
    await relyingPartyOf(provider).redeem();
    const sent = provider.requests.filter(({ endpoint }) => endpoint === 'token');
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({ method: 'POST', url: '/token' });
    expect(Object.fromEntries(sent[0]?.body ?? [])).toEqual({
      grant_type: 'authorization_code',
      code: 'canary-code',
      code_verifier: 'v'.repeat(43),
      redirect_uri: 'https://app.example.com/_auth/callback',
    });
  });

  it.each([
    [undefined, 'basic'],
    [['client_secret_basic', 'client_secret_post'], 'basic'],
    [['client_secret_post'], 'post'],
    [['private_key_jwt'], 'basic'],
  ])('with token_endpoint_auth_methods_supported %j authenticates by %s (RFC 8414 §2)', async (methods, way) => {
    provider.metadata({ token_endpoint_auth_methods_supported: methods });
    const { redeem } = relyingPartyOf(provider, { clientSecret: new Secret('s p:c%') });
    expect((await redeem()).kind).toBe('authenticated');
    const sent = provider.requests.find(({ endpoint }) => endpoint === 'token');
    const basic = Buffer.from(sent?.headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString();
    // RFC 6749 §2.3.1: form-encoded before Basic
    expect(basic).toBe(way === 'basic' ? 'sallyport%2Dtest:s+p%3Ac%25' : '');
    expect(sent?.body.get('client_secret')).toBe(way === 'post' ? 's p:c%' : null);
  });

  it('names itself only, as a public client', async () => {
    const { redeem } = relyingPartyOf(provider, { clientSecret: undefined });
    expect((await redeem()).kind).toBe('authenticated');
    const sent = provider.requests.find(({ endpoint }) => endpoint === 'token');
    expect(sent?.headers.authorization).toBeUndefined();
    expect(sent?.body.get('client_id')).toBe(provider.clientId);
  });

  it.each(faults)('is unavailable after %s of the token endpoint, in bounded time (I1)', async (_fault, handler) => {
    provider.answer('token', handler);
    const redemption = await relyingPartyOf(provider, impatient).redeem();
    expect(redemption.kind).toBe('unavailable');
    expect(JSON.stringify(redemption)).not.toContain('canary');
  });

  it.each(faults)('is unavailable after %s of userinfo: claims are not guessed (I1)', async (_fault, handler) => {
    provider.answer('userinfo', handler);
    expect((await relyingPartyOf(provider, impatient).redeem()).kind).toBe('unavailable');
  });

  it.each(faults)('is unavailable after %s of the keys: nothing goes unverified (I1)', async (_fault, handler) => {
    provider.answer('jwks', handler);
    expect((await relyingPartyOf(provider, impatient).redeem()).kind).toBe('unavailable');
  });

  it('is unavailable while the metadata is', async () => {
    provider.answer('discovery', status(500));
    expect((await relyingPartyOf(provider).redeem()).kind).toBe('unavailable');
    expect(provider.count('token')).toBe(0);
  });

  it.each(['token', 'userinfo', 'jwks'] as const)(
    'follows no redirect of %s: no secret is sent on (I2)',
    async (endpoint) => {
      for (const code of [302, 307, 308]) {
        provider.answer(endpoint, status(code, { location: `${provider.origin}/elsewhere` }));
        expect((await relyingPartyOf(provider).redeem()).kind).toBe('refused');
      }
      expect(provider.count('other')).toBe(0);
    },
  );

  it.each([
    ['invalid_grant', json('{"error":"invalid_grant","error_description":"canary-text"}', 400), 'invalid_grant'],
    [
      'invalid_client with a challenge',
      json('{"error":"invalid_client"}', 401, { 'www-authenticate': 'Basic realm="canary"' }),
      'invalid_client',
    ],
    ['a challenge without a reason', status(401, { 'www-authenticate': 'Basic realm="canary"' }), 'invalid_response'],
    ['an error that is markup', json('{"error":"<script>"}', 400), 'server_error'],
    ['an error that is no text', json('{"error":7}', 400), 'invalid_response'],
    ['400 without a reason', status(400), 'invalid_response'],
    ['HTML', status(200, { 'content-type': 'text/html' }), 'invalid_response'],
    ['null', json('null'), 'invalid_response'],
    ['a list', json('[]'), 'invalid_response'],
    ['half a JSON text', json('{"access_token":'), 'invalid_response'],
  ] as const)('is refused after %s, with a code and nothing private', async (_case, handler, code) => {
    provider.answer('token', handler);
    const redemption = await relyingPartyOf(provider).redeem();
    expect(redemption).toMatchObject({ kind: 'refused', code });
    expect(JSON.stringify(redemption)).not.toContain('canary');
  });

  it.each([
    ['no token_type', { token_type: undefined }],
    ['token_type DPoP', { token_type: 'DPoP' }],
    ['no access_token', { access_token: undefined }],
    ['an empty access_token', { access_token: '' }],
    ['an access_token that ends the line', { access_token: 'a\r\nX-Auth-User: root' }],
    ['no id_token', { id_token: undefined }],
    ['an id_token that is none', { id_token: 'x.y.z' }],
    ['an encrypted id_token', { id_token: 'a.b.c.d.e' }],
    ['expires_in 0', { expires_in: 0 }],
    ['expires_in -1', { expires_in: -1 }],
    ['expires_in "soon"', { expires_in: 'soon' }],
    ['expires_in null', { expires_in: null }],
    ['a scope list', { scope: ['openid'] }],
    ['a refresh_token that is no text', { refresh_token: 7 }],
  ])('is refused with %s (F8, F9, H16)', async (_case, changes) => {
    provider.tokens(changes);
    expect(await relyingPartyOf(provider).redeem()).toMatchObject({ kind: 'refused', code: 'invalid_response' });
  });

  it.each([
    ['"60"', '60', 60],
    ['1e99', 1e99, 366 * 86_400],
    ['no expires_in', undefined, undefined],
  ])('makes of %s a token that ends, or that the session ends (F9)', async (_case, expiresIn, seconds) => {
    provider.tokens({ expires_in: expiresIn });
    const { redeem, clock } = relyingPartyOf(provider);
    expect(await redeem()).toMatchObject({
      authentication: { tokenSet: { expiresAt: seconds === undefined ? undefined : clock.now() + seconds } },
    });
  });

  it.each<[Record<string, string>, string]>([
    [{ state: 'other' }, 'another state'],
    [{ iss: 'https://evil.example' }, 'another issuer (L6)'],
    [{ error: 'access_denied' }, 'an error beside the code'],
    [{ response: 'e30.e30.x' }, 'a response object'],
  ])('is refused before the token request for a response with %j: %s', async (parameters) => {
    expect((await relyingPartyOf(provider).redeem(parameters)).kind).toBe('refused');
    expect(provider.count('token')).toBe(0);
  });

  it('is refused without the iss that the server promised (RFC 9207 §2.4, L6)', async () => {
    provider.metadata({ authorization_response_iss_parameter_supported: true });
    expect((await relyingPartyOf(provider).redeem()).kind).toBe('refused');
    expect(provider.count('token')).toBe(0);
    expect((await relyingPartyOf(provider).redeem({ iss: provider.origin })).kind).toBe('authenticated');
  });
});

describe('userinfo', () => {
  it.each([
    ['another sub', { sub: 'mallory' }],
    ['no sub', { email: 'alice@example.com' }],
    ['a list', []],
  ])('with %s refuses the login (OpenID Connect Core §5.3.2, T8)', async (_case, answer) => {
    provider.answer('userinfo', answer);
    expect(await relyingPartyOf(provider).redeem()).toMatchObject({ kind: 'refused', code: 'invalid_response' });
  });

  it('refuses the login when it does not know the token', async () => {
    provider.answer('userinfo', status(401, { 'www-authenticate': 'Bearer error="invalid_token"' }));
    expect((await relyingPartyOf(provider).redeem()).kind).toBe('refused');
  });

  it('is done without where the provider has none', async () => {
    provider.metadata({ userinfo_endpoint: undefined });
    expect((await relyingPartyOf(provider).redeem()).kind).toBe('authenticated');
    expect(provider.count('userinfo')).toBe(0);
  });

  it.each([
    [{ email: 'ceo@corp.example' }, { email: 'mallory@evil.example', email_verified: true }, undefined],
    [{ email: 'ceo@corp.example' }, { email_verified: true }, undefined],
    [{ email_verified: true }, { email: 'ceo@corp.example' }, undefined],
    [{ email_verified: true }, { email: 'ceo@corp.example', email_verified: false }, false],
    [{ email: 'ceo@corp.example', email_verified: false }, { email: 'ceo@corp.example', email_verified: true }, false],
    [{ email: 'ceo@corp.example' }, { email: 'ceo@corp.example', email_verified: true }, true],
    [{ email: 'ceo@corp.example', email_verified: true }, { email: 'old@corp.example', email_verified: false }, true],
    [{}, { email: 'ceo@corp.example', email_verified: true }, true],
  ])(
    'of an ID token with %j and userinfo with %j, email_verified is of the address that is named: %s (T10)',
    async (signed, told, expected) => {
      provider.tokens({ id_token: await provider.idToken(signed) });
      provider.answer('userinfo', { sub: 'alice', ...told });
      const redemption = await relyingPartyOf(provider).redeem();
      if (redemption.kind !== 'authenticated') throw new Error(redemption.detail);
      expect(redemption.authentication.claims.get('email')).toBe('ceo@corp.example');
      expect(redemption.authentication.claims.get('email_verified')).toBe(expected);
    },
  );

  it('keeps a claim named __proto__ a claim (T11)', async () => {
    provider.answer('userinfo', json('{"sub":"alice","__proto__":{"admin":true},"sid":7}'));
    const redemption = await relyingPartyOf(provider).redeem();
    if (redemption.kind !== 'authenticated') throw new Error(redemption.detail);
    expect(redemption.authentication.claims.get('__proto__')).toEqual({ admin: true });
    expect(redemption.authentication.claims.get('admin')).toBeUndefined();
    expect(redemption.authentication.providerSessionId).toBeUndefined();
  });
});
