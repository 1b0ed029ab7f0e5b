import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drip, flood, gzipBomb, hang, json, reset, status } from '../../../test/support/bad-answers.ts';
import { relyingPartyOf } from '../../../test/support/relying-party.ts';
import { startTinyProvider, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import type { JsonValue } from '../../core/json.ts';
import { secondsOf } from '../../core/time.ts';
import type { IdentityMapping, ProviderOptions } from './provider-options.ts';

let provider: TinyProvider;
beforeEach(async () => {
  provider = await startTinyProvider();
  // As GitHub answers: no expires_in, no ID token, scopes with commas, the type in small letters.
  provider.tokens({
    token_type: 'bearer',
    expires_in: undefined,
    id_token: undefined,
    refresh_token: undefined,
    scope: 'read:user,user:email',
  });
  provider.answer('userinfo', { id: 583231, login: 'octocat', name: 'The Octocat', email: 'public@example.com' });
  provider.answer('emails', [
    { email: 'old@example.com', primary: false, verified: true },
    { email: 'octocat@example.com', primary: true, verified: true },
  ]);
});
afterEach(async () => {
  await provider.stop();
});

function gitHub(identity: Partial<IdentityMapping> = {}, changes: Partial<ProviderOptions> = {}) {
  const mapping: IdentityMapping = {
    subject: 'id',
    claims: new Map([
      ['name', 'name'],
      ['preferred_username', 'login'],
      ['email', 'email'],
    ]),
    emailsUrl: `${provider.origin}/emails`,
    ...identity,
  };
  return relyingPartyOf(provider, {
    protocol: { kind: 'oauth2', identity: mapping },
    metadata: {
      authorization_endpoint: `${provider.origin}/authorize`,
      token_endpoint: `${provider.origin}/token`,
      userinfo_endpoint: `${provider.origin}/userinfo`,
    },
    scopes: ['read:user', 'user:email'],
    ...changes,
  });
}

async function claimsWith(identity: Partial<IdentityMapping>): Promise<Readonly<Record<string, JsonValue>>> {
  const redemption = await gitHub(identity).redeem();
  if (redemption.kind !== 'authenticated') throw new Error(redemption.detail);
  return Object.fromEntries(redemption.authentication.claims);
}

describe('a provider with OAuth 2.0 alone', () => {
  it('reads a token response that is a form, as GitHub writes it unless asked for JSON', async () => {
    const form = 'access_token=canary-access-token&scope=read%3Auser%2Cuser%3Aemail&token_type=bearer';
    provider.answer('token', (_request, response) => {
      response.setHeader('content-type', 'application/x-www-form-urlencoded; charset=utf-8').end(form);
    });
    expect(await gitHub().redeem()).toMatchObject({
      kind: 'authenticated',
      authentication: { subject: '583231', tokenSet: { scope: 'read:user user:email' } },
    });
    provider.answer('token', (_request, response) => {
      response.setHeader('content-type', 'application/x-www-form-urlencoded').end('error=bad_verification_code');
    });
    expect(await gitHub().redeem()).toMatchObject({ kind: 'refused', code: 'bad_verification_code' });
  });

  it('is asked for a code with S256 and state, and for no nonce', async () => {
    const found = await gitHub().server.authorizationUrl({
      redirectUri: 'https://app.example.com/_auth/callback',
      state: 'the state',
      nonce: 'the nonce',
      codeChallenge: 'the challenge',
      extraParameters: new Map<string, string>(),
    });
    expect(Object.fromEntries(new URL(found.kind === 'url' ? found.url : '').searchParams)).toEqual({
      response_type: 'code',
      client_id: provider.clientId,
      redirect_uri: 'https://app.example.com/_auth/callback',
      scope: 'read:user user:email',
      state: 'the state',
      code_challenge: 'the challenge',
      code_challenge_method: 'S256',
    });
    expect(provider.requests).toHaveLength(0);
  });

  it('says by its userinfo who the user is', async () => {
    const { redeem, clock } = gitHub();
    const redemption = await redeem();
    if (redemption.kind !== 'authenticated') throw new Error(redemption.detail);
    const { subject, providerSessionId, claims, tokenSet } = redemption.authentication;
    expect({ subject, providerSessionId }).toEqual({ subject: '583231', providerSessionId: undefined });
    expect(Object.fromEntries(claims)).toEqual({
      sub: '583231',
      name: 'The Octocat',
      preferred_username: 'octocat',
      email: 'octocat@example.com',
      email_verified: true,
    });
    expect(tokenSet).toMatchObject({
      obtainedAt: clock.milliseconds(),
      expiresAt: undefined,
      refreshToken: undefined,
      idToken: undefined,
      scope: 'read:user user:email',
    });
    const [token, ...asked] = provider.requests;
    expect(token?.headers.accept).toBe('application/json');
    expect(token?.body.get('code_verifier')).toBe('v'.repeat(43));
    expect(asked.map(({ endpoint, headers }) => [endpoint, headers.authorization])).toEqual([
      ['userinfo', 'Bearer canary-access-token'],
      ['emails', 'Bearer canary-access-token'],
    ]);
  });

  it.each([
    ['is not verified', [{ email: 'a@b', primary: true, verified: false }], { email: 'a@b', email_verified: false }],
    [
      'is verified in words',
      [{ email: 'a@b', primary: true, verified: 'yes' }],
      { email: 'a@b', email_verified: false },
    ],
    ['is not among them', [{ email: 'a@b', primary: false, verified: true }], {}],
    ['is no text', [{ email: 7, primary: true, verified: true }], {}],
    ['is in no list', { email: 'a@b', primary: true, verified: true }, {}],
  ])('whose primary address %s vouches for none (T10)', async (_case, emails, expected) => {
    provider.answer('emails', emails);
    const { email, email_verified } = await claimsWith({});
    expect({ email, email_verified }).toEqual({ email: undefined, email_verified: undefined, ...expected });
  });

  it('without a list of addresses says of its address what the profile says', async () => {
    expect(await claimsWith({ emailsUrl: undefined })).toMatchObject({ email: 'public@example.com' });
    expect(await claimsWith({ emailsUrl: undefined })).not.toHaveProperty('email_verified');
  });

  it('redeems no code of a login that had to be young: nothing could prove it', async () => {
    const redemption = await gitHub().redeem({}, secondsOf(3600));
    expect(redemption).toMatchObject({ kind: 'refused', code: 'invalid_response' });
    expect(provider.count('token')).toBe(0);
  });

  it('keeps no ID token that nobody asked for', async () => {
    provider.tokens({ id_token: await provider.idToken({ nonce: 'another' }) });
    expect(await gitHub().redeem()).toMatchObject({ authentication: { tokenSet: { idToken: undefined } } });
  });

  it('may answer 200 to a code that it refuses, as GitHub does', async () => {
    provider.answer('token', json('{"error":"bad_verification_code","error_description":"canary"}'));
    const redemption = await gitHub().redeem();
    expect(redemption).toMatchObject({ kind: 'refused', code: 'bad_verification_code' });
    expect(JSON.stringify(redemption)).not.toContain('canary');
  });

  it.each([
    ['no subject', {}],
    ['no object', [7]],
    ['an empty subject', { id: '' }],
    ['a subject that is a list', { id: ['a'] }],
    ['a subject that is null', { id: null }],
    ['a fraction', { id: 1.5 }],
    ['a number that JSON cannot carry', json('{"id":9007199254740993}')],
    ['a subject on the prototype', json('{"__proto__":{"id":1}}')],
  ])('authenticates nobody with %s (T8)', async (_case, userinfo) => {
    provider.answer('userinfo', userinfo);
    expect(await gitHub().redeem()).toMatchObject({ kind: 'refused', code: 'invalid_response' });
  });

  it('finds members inside others', async () => {
    provider.answer('userinfo', { data: { id: 'u-1', 'a.b': 'dotted' }, 'x.y': 'whole' });
    const claims = new Map([
      ['one', 'data.a.b'],
      ['two', 'x.y'],
      ['three', 'data.missing.deep'],
    ]);
    const found = await claimsWith({ subject: 'data.id', claims, emailsUrl: undefined });
    expect(found).toEqual({ sub: 'u-1', one: 'dotted', two: 'whole' });
  });

  it.each(['userinfo', 'emails'] as const)('is refused when %s does not answer with 200 and JSON', async (endpoint) => {
    for (const answer of [status(401), status(403), status(404), status(200), json('{"id":')]) {
      provider.answer(endpoint, answer);
      const redemption = await gitHub().redeem();
      expect(redemption).toMatchObject({ kind: 'refused', code: 'invalid_response' });
      expect(JSON.stringify(redemption)).not.toContain('canary');
    }
  });

  it.each(['userinfo', 'emails'] as const)('follows no redirect of %s: no token is sent on (I2)', async (endpoint) => {
    for (const code of [301, 302, 303, 307, 308]) {
      provider.answer(endpoint, status(code, { location: `${provider.origin}/elsewhere` }));
      expect((await gitHub().redeem()).kind).toBe('refused');
    }
    expect(provider.count('other')).toBe(0);
  });

  it.each([
    ['a hang', hang],
    ['a drip', drip],
    ['100 MB', flood],
    ['a gzip bomb', gzipBomb],
    ['a reset', reset],
    ['500', status(500)],
    ['429', status(429)],
  ] as const)('is unavailable after %s, in bounded time (I1)', async (_fault, handler) => {
    for (const endpoint of ['token', 'userinfo', 'emails'] as const) {
      provider.answer(endpoint, handler);
      const impatient = gitHub({}, { requestTimeout: secondsOf(0.15) });
      expect((await impatient.redeem()).kind).toBe('unavailable');
      provider.answer(endpoint, endpoint === 'userinfo' ? { id: 1 } : undefined);
    }
  });

  it.each([
    ['another token_type', { token_type: 'mac' }],
    ['no access_token', { access_token: undefined }],
    ['a token that no header carries', { access_token: 'a\r\nb' }],
  ])('is refused with %s', async (_case, changes) => {
    provider.tokens({ expires_in: undefined, id_token: undefined, ...changes });
    expect(await gitHub().redeem()).toMatchObject({ kind: 'refused', code: 'invalid_response' });
    expect(provider.count('userinfo')).toBe(0);
  });
});
