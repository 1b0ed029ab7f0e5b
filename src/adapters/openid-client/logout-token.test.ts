import { createHash } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { status } from '../../../test/support/bad-answers.ts';
import { type FixedClock, fixedClock } from '../../../test/support/fixed-clock.ts';
import { relyingPartyOf } from '../../../test/support/relying-party.ts';
import { startTinyProvider, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import { Secret } from '../../core/secret.ts';
import type { AuthorizationServer } from '../../ports/authorization-server.ts';

const event = 'http://schemas.openid.net/event/backchannel-logout';

const begin = fixedClock().now();

let provider: TinyProvider;
let server: AuthorizationServer;
let clock: FixedClock;
beforeEach(async () => {
  provider = await startTinyProvider();
  ({ server, clock } = relyingPartyOf(provider));
});
afterEach(async () => {
  await provider.stop();
});

type Claims = Readonly<Record<string, unknown>>;

/** A logout token that is good unless told otherwise; a claim that is undefined is left out. */
async function logoutToken(claims: Claims = {}, header: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const own = { nonce: undefined, jti: 'token-1', sid: 'session-1', events: { [event]: {} } };
  const times = { iat: clock.now(), exp: clock.now() + 120 };
  return await provider.idToken({ ...own, ...times, ...claims }, header);
}

describe('a logout token (OpenID Connect Back-Channel Logout 1.0 §2.6, X5)', () => {
  it('says whose login is over', async () => {
    expect(await server.verifyLogoutToken(await logoutToken())).toMatchObject({
      kind: 'valid',
      subject: 'alice',
      providerSessionId: 'session-1',
      tokenId: 'token-1',
    });
    for (const typ of ['logout+jwt', 'JWT']) {
      expect((await server.verifyLogoutToken(await logoutToken({}, { typ }))).kind).toBe('valid');
    }
    expect(await server.verifyLogoutToken(await logoutToken({ sub: undefined }))).toMatchObject({ subject: undefined });
    expect(await server.verifyLogoutToken(await logoutToken({ sid: undefined }))).toMatchObject({
      kind: 'valid',
      providerSessionId: undefined,
    });
  });

  it.each<[string, Claims]>([
    ['another issuer', { iss: 'https://evil.example' }],
    ['another audience', { aud: 'another-client' }],
    ['no audience', { aud: undefined }],
    ['no event', { events: undefined }],
    ['another event', { events: { 'http://schemas.openid.net/event/other': {} } }],
    ['an event that is no object', { events: { [event]: true } }],
    ['a nonce, as an ID token has', { nonce: 'n' }],
    ['neither sub nor sid', { sub: undefined, sid: undefined }],
    ['an empty sid', { sid: '' }],
    ['an empty sub', { sub: '' }],
    ['no jti', { jti: undefined }],
    ['an empty jti', { jti: '' }],
    ['no iat', { iat: undefined }],
    ['an old iat', { iat: begin - 400 }],
    ['an iat to come', { iat: begin + 400 }],
    ['an end that has passed', { exp: begin - 100 }],
  ])('is refused with %s', async (_what, claims) => {
    expect((await server.verifyLogoutToken(await logoutToken(claims))).kind).toBe('refused');
  });

  it('is refused when it is an ID token, or another kind of token by its typ (RFC 8725 §3.11)', async () => {
    expect((await server.verifyLogoutToken(await provider.idToken())).kind).toBe('refused');
    expect((await server.verifyLogoutToken(await logoutToken({}, { typ: 'at+jwt' }))).kind).toBe('refused');
  });

  it('is refused without a signature, with one by a shared secret, and with a changed one (T1)', async () => {
    const claims = {
      iss: provider.origin,
      aud: provider.clientId,
      iat: clock.now(),
      jti: 'x',
      sid: 's',
      events: { [event]: {} },
    };
    const publicKey = new TextEncoder().encode(JSON.stringify(provider.publicKey));
    const shared = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'key-1' });
    const good = await logoutToken();
    for (const token of [
      new UnsecuredJWT(claims).encode(),
      await shared.sign(createHash('sha512').update(publicKey).digest()),
      `${good.slice(0, -8)}AAAAAAAA`,
      good.slice(0, -1),
      good.split('.').slice(0, 2).join('.'),
      'x.y.z',
      '',
    ]) {
      expect((await server.verifyLogoutToken(token)).kind).toBe('refused');
    }
  });

  it('fetches no keys for kids that somebody made up, but those of the last half minute (T4)', async () => {
    await server.verifyLogoutToken(await logoutToken());
    const before = provider.count('jwks');
    for (let index = 0; index < 100; index += 1) {
      expect((await server.verifyLogoutToken(await logoutToken({}, { kid: `made-up-${index}` }))).kind).toBe('refused');
    }
    expect(provider.count('jwks') - before).toBeLessThanOrEqual(1);
  });

  it('is neither good nor bad while the keys cannot be had', async () => {
    provider.answer('jwks', status(500));
    expect((await server.verifyLogoutToken(await logoutToken())).kind).toBe('unavailable');
    provider.answer('jwks', undefined);
    expect((await server.verifyLogoutToken(await logoutToken())).kind).toBe('valid');
  });

  it('is none of a provider that cannot be asked', async () => {
    provider.answer('discovery', status(500));
    expect((await server.verifyLogoutToken(await logoutToken())).kind).toBe('unavailable');
  });
});

describe('the revocation of a grant (RFC 7009)', () => {
  const tokens = (refreshToken: string | undefined) => ({
    accessToken: new Secret('the-access-token'),
    obtainedAt: 0 as never, // not looked at
    expiresAt: undefined,
    refreshToken: refreshToken === undefined ? undefined : new Secret(refreshToken),
    idToken: undefined,
    scope: undefined,
  });

  it('names the refresh token, or else the access token', async () => {
    provider.metadata({ revocation_endpoint: `${provider.origin}/revoke` });
    expect(await server.revoke(tokens('the-refresh-token'))).toEqual({ kind: 'revoked' });
    expect(await server.revoke(tokens(undefined))).toEqual({ kind: 'revoked' });
    const sent = provider.requests.filter(({ url }) => url === '/revoke').map(({ body }) => Object.fromEntries(body));
    expect(sent).toMatchObject([
      { token: 'the-refresh-token', token_type_hint: 'refresh_token' },
      { token: 'the-access-token', token_type_hint: 'access_token' },
    ]);
  });

  it('is left out where the provider has no endpoint, and fails without a secret in its text', async () => {
    expect(await server.revoke(tokens('t'))).toEqual({ kind: 'unsupported' });
    const other = relyingPartyOf(provider).server;
    provider.metadata({ revocation_endpoint: `${provider.origin}/revoke` });
    provider.answer('other', status(500));
    const outcome = await other.revoke(tokens('the-refresh-token'));
    expect(outcome.kind).toBe('failed');
    expect(JSON.stringify(outcome)).not.toContain('the-refresh-token');
    provider.answer('discovery', status(500));
    expect((await relyingPartyOf(provider).server.revoke(tokens('t'))).kind).toBe('failed');
  });
});
