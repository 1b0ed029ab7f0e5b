import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { relyingPartyOf } from '../../../test/support/relying-party.ts';
import { startTinyProvider, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import { secondsOf } from '../../core/time.ts';

let provider: TinyProvider;
beforeEach(async () => {
  provider = await startTinyProvider();
});
afterEach(async () => {
  await provider.stop();
});

const now = () => Math.floor(Date.now() / 1000);

/** As a key of WebCrypto, which RSA keys become. */
async function publicKeyOf({ publicKey }: TinyProvider): Promise<CryptoKey> {
  const key = await importJWK(publicKey, 'RS256', { extractable: true });
  if (key instanceof Uint8Array) throw new Error('an RSA key is no secret');
  return key;
}

/** The claims of a good token, for tokens that somebody else makes. */
function goodClaims(): JWTPayload {
  return { iss: provider.origin, aud: provider.clientId, sub: 'alice', nonce: 'nonce', iat: now(), exp: now() + 300 };
}

async function redeemWith(idToken: string) {
  provider.tokens({ id_token: idToken });
  return await relyingPartyOf(provider).redeem();
}

const refusal = { kind: 'refused', code: 'invalid_response' };

// Names in brackets are modules of the OpenID Connect RP conformance suite.
describe('the ID token (OpenID Connect Core §3.1.3.7)', () => {
  it('is accepted when all is right [oidcc-client-test]', async () => {
    expect((await redeemWith(await provider.idToken())).kind).toBe('authenticated');
  });

  it.each([
    ['another iss [oidcc-client-test-invalid-iss]', { iss: 'https://evil.example' }],
    ['no iss', { iss: undefined }],
    ['another aud [oidcc-client-test-invalid-aud]', { aud: 'other' }],
    ['no aud', { aud: undefined }],
    ['several aud without azp', { aud: ['sallyport-test', 'other'] }],
    ['a foreign azp', { aud: ['sallyport-test', 'other'], azp: 'other' }],
    ['no sub [oidcc-client-test-missing-sub]', { sub: undefined }],
    ['an empty sub', { sub: '' }],
    ['no iat [oidcc-client-test-missing-iat]', { iat: undefined }],
    ['no exp', { exp: undefined }],
    ['an exp in the past', { exp: now() - 600 }],
    ['an nbf in the future', { nbf: now() + 600 }],
    ['another nonce [oidcc-client-test-nonce-invalid]', { nonce: 'other' }],
    ['no nonce [oidcc-client-test-nonce-required]', { nonce: undefined }],
  ] as [string, JWTPayload][])('is refused with %s (T2, T3)', async (_case, claims) => {
    expect(await redeemWith(await provider.idToken(claims))).toMatchObject(refusal);
    expect(provider.count('userinfo')).toBe(0);
  });

  it('is refused with a number for a sub', async () => {
    const claims = { sub: 7 } as unknown as JWTPayload; // a provider may send anything
    expect(await redeemWith(await provider.idToken(claims))).toMatchObject(refusal);
  });

  it('may have several aud when azp is us', async () => {
    const claims = { aud: ['other', 'sallyport-test'], azp: 'sallyport-test' };
    expect((await redeemWith(await provider.idToken(claims))).kind).toBe('authenticated');
  });

  it('is refused without a signature, even where the metadata offers none [oidcc-client-test-idtoken-sig-none] (T1)', async () => {
    const unsigned = new UnsecuredJWT(goodClaims()).encode();
    expect(await redeemWith(unsigned)).toMatchObject(refusal);
    provider.metadata({ id_token_signing_alg_values_supported: ['RS256', 'none'] });
    expect(await redeemWith(unsigned)).toMatchObject(refusal);
  });

  it('is refused with HS256 keyed with the public key, even where the metadata offers it (T1)', async () => {
    const pem = new TextEncoder().encode(await exportSPKI(await publicKeyOf(provider)));
    const confused = await new SignJWT(goodClaims()).setProtectedHeader({ alg: 'HS256', kid: 'key-1' }).sign(pem);
    expect(await redeemWith(confused)).toMatchObject(refusal);
    provider.metadata({ id_token_signing_alg_values_supported: ['RS256', 'HS256'] });
    expect(await redeemWith(confused)).toMatchObject(refusal);
  });

  it('is refused when another key signed it [oidcc-client-test-invalid-sig-rs256] (T1)', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const forged = await new SignJWT(goodClaims()).setProtectedHeader({ alg: 'RS256', kid: 'key-1' }).sign(privateKey);
    expect(await redeemWith(forged)).toMatchObject(refusal);
  });

  it('is refused when a claim was changed after signing (T1)', async () => {
    const [header = '', , signature = ''] = (await provider.idToken()).split('.');
    const claims = Buffer.from(JSON.stringify({ ...goodClaims(), sub: 'root' })).toString('base64url');
    expect(await redeemWith(`${header}.${claims}.${signature}`)).toMatchObject(refusal);
    expect(await redeemWith(`${header}.${claims}.`)).toMatchObject(refusal);
  });

  it('is refused with a key that it brings itself or names elsewhere (T5)', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    for (const header of [{ jwk }, { jku: `${provider.origin}/other` }, { x5u: `${provider.origin}/other` }]) {
      const forged = await new SignJWT(goodClaims())
        .setProtectedHeader({ alg: 'RS256', kid: 'key-1', ...header })
        .sign(privateKey);
      expect(await redeemWith(forged)).toMatchObject(refusal);
    }
    expect(provider.count('other')).toBe(0);
  });

  it('is refused with an extension that must be understood (T5, RFC 7515 §4.1.11)', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const critical = await new SignJWT(goodClaims())
      .setProtectedHeader({ alg: 'RS256', kid: 'key-1', crit: ['b64'], b64: true })
      .sign(privateKey);
    expect(await redeemWith(critical)).toMatchObject(refusal);
  });

  it('with an unknown kid is refused, and a thousand of them cost a few requests for keys (T4)', async () => {
    const { redeem } = relyingPartyOf(provider);
    for (let index = 0; index < 50; index += 1) {
      provider.tokens({ id_token: await provider.idToken({}, { kid: `random-${index}` }) });
      expect(await redeem()).toMatchObject(refusal);
    }
    expect(provider.count('jwks')).toBeLessThanOrEqual(6);
  });

  it('is accepted at once when its key is younger than our copy of the keys (T6)', async () => {
    const { redeem, clock } = relyingPartyOf(provider);
    expect((await redeem()).kind).toBe('authenticated');
    for (const kid of ['key-2', 'key-3', 'key-4', 'key-5', 'key-6']) {
      await provider.rotateKey(kid);
      expect((await redeem()).kind).toBe('authenticated');
      expect((await redeem()).kind).toBe('authenticated');
    }
    expect(provider.count('jwks')).toBe(6);
    // So many keys in a moment are too many; one more each ten seconds.
    await provider.rotateKey('key-7');
    expect(await redeem()).toMatchObject(refusal);
    clock.advance(9);
    expect(await redeem()).toMatchObject(refusal);
    expect(provider.count('jwks')).toBe(6);
    clock.advance(1);
    expect((await redeem()).kind).toBe('authenticated');
    expect(provider.count('jwks')).toBe(7);
  });

  it('is refused when its key left the provider’s set five minutes ago (T6)', async () => {
    const { redeem, clock } = relyingPartyOf(provider);
    const old = await provider.idToken();
    provider.tokens({ id_token: old });
    expect((await redeem()).kind).toBe('authenticated');
    await provider.rotateKey('key-2');
    expect((await redeem()).kind).toBe('authenticated');
    clock.advance(300);
    expect(await redeem()).toMatchObject(refusal);
  });

  it('asks once for the keys, however many log in at a time (T4)', async () => {
    const { redeem } = relyingPartyOf(provider);
    const redemptions = await Promise.all(Array.from({ length: 20 }, () => redeem()));
    expect(redemptions.every(({ kind }) => kind === 'authenticated')).toBe(true);
    expect(provider.count('jwks')).toBe(1);
  });

  it('is refused with another azp beside a single aud (T2)', async () => {
    expect(await redeemWith(await provider.idToken({ azp: 'other' }))).toMatchObject(refusal);
    expect((await redeemWith(await provider.idToken({ azp: provider.clientId }))).kind).toBe('authenticated');
  });

  it.each([
    ['exp', { exp: now() - 260 }, 'behind'],
    ['nbf', { nbf: now() + 280 }, 'ahead of'],
  ])('with %s five minutes off is refused, and the log says why and what to do (G10)', async (claim, claims, side) => {
    provider.tokens({ id_token: await provider.idToken(claims) });
    const redemption = await relyingPartyOf(provider).redeem();
    if (redemption.kind !== 'refused') throw new Error(redemption.kind);
    expect(redemption.detail).toMatch(
      new RegExp(
        `^${claim} of the ID token is 2[5-8][0-9] s ${side} our clock: set the clocks right, or raise clockTolerance \\(60 s\\)$`,
      ),
    );
    const patient = relyingPartyOf(provider, { clockTolerance: secondsOf(300) });
    expect((await patient.redeem()).kind).toBe('authenticated');
  });

  it.each(['yesterday', null, []])('is refused with the iat %j (T2)', async (iat) => {
    const claims = { iat } as unknown as JWTPayload; // a provider may send anything
    expect(await redeemWith(await provider.idToken(claims))).toMatchObject(refusal);
  });

  it('without a kid is accepted when one key fits, and refused when several do [oidcc-client-test-kid-absent-*] (T4)', async () => {
    const withoutKid = await provider.idToken({}, { kid: undefined });
    expect((await redeemWith(withoutKid)).kind).toBe('authenticated');
    const { kid: _gone, ...nameless } = provider.publicKey;
    provider.answer('jwks', { keys: [nameless, { ...provider.publicKey, kid: 'key-2' }] });
    expect(await redeemWith(withoutKid)).toMatchObject(refusal);
  });

  it.each([
    ['no keys', { keys: [] }],
    ['keys for encryption', { keys: [{ kty: 'RSA', use: 'enc', n: 'AQAB', e: 'AQAB', kid: 'key-1' }] }],
    ['no list', { keys: 'x' }],
    ['a private secret', { keys: [{ kty: 'oct', k: 'AAAA', kid: 'key-1', alg: 'RS256' }] }],
  ])('is refused when the provider publishes %s (T4)', async (_case, keys) => {
    provider.answer('jwks', keys);
    expect(await redeemWith(await provider.idToken())).toMatchObject(refusal);
  });

  it('may be as large as a megabyte allows, and no larger (T11)', async () => {
    expect((await redeemWith(await provider.idToken({ note: 'x'.repeat(200_000) }))).kind).toBe('authenticated');
    expect((await redeemWith(await provider.idToken({ note: 'x'.repeat(1_000_000) }))).kind).toBe('unavailable');
  });
});

describe('max_age (OpenID Connect Core §3.1.2.1, §3.1.3.7)', () => {
  async function redeemAfter(claims: JWTPayload, maxAge: number) {
    provider.tokens({ id_token: await provider.idToken(claims) });
    return await relyingPartyOf(provider).redeem({}, secondsOf(maxAge));
  }

  it.each([
    ['of now, for 0 s', () => ({ auth_time: now() }), 0],
    ['of 50 minutes ago, for an hour', () => ({ auth_time: now() - 3000 }), 3600],
    ['past the limit by less than clocks may differ', () => ({ auth_time: now() - 3630 }), 3600],
  ])('accepts a login %s', async (_case, claims, maxAge) => {
    expect((await redeemAfter(claims(), maxAge)).kind).toBe('authenticated');
  });

  it.each([
    ['that is too old', () => ({ auth_time: now() - 3700 }), 3600],
    ['that is too old for 0 s', () => ({ auth_time: now() - 100 }), 0],
    ['of no time', () => ({}), 3600],
    ['of no time, for 0 s', () => ({}), 0],
    ['of a time that is a text', () => ({ auth_time: String(now()) }), 3600],
    ['before all time', () => ({ auth_time: -1 }), 3600],
  ])('refuses a login %s', async (_case, claims, maxAge) => {
    expect(await redeemAfter(claims(), maxAge)).toMatchObject(refusal);
  });

  it('blames no clock for a login that is too old', async () => {
    const redemption = await redeemAfter({ auth_time: now() - 3700 }, 3600);
    expect(redemption).toMatchObject({ detail: expect.stringContaining('too much time has elapsed') });
  });
});
