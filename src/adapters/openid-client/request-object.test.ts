import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { json } from '../../../test/support/bad-answers.ts';
import { relyingPartyOf } from '../../../test/support/relying-party.ts';
import { startTinyProvider, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import { Secret } from '../../core/secret.ts';
import type { ProviderOptions, SigningKey } from './provider-options.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519 = generateKeyPairSync('ed25519');

function keyOf(key: KeyObject, changes: Partial<SigningKey> = {}): SigningKey {
  const pem = String(key.export({ type: 'pkcs8', format: 'pem' }));
  return { key: new Secret(pem), id: undefined, algorithm: undefined, ...changes };
}

let provider: TinyProvider;
beforeAll(async () => {
  provider = await startTinyProvider();
});
afterAll(async () => {
  await provider.stop();
});
beforeEach(() => {
  provider.metadata({ pushed_authorization_request_endpoint: `${provider.origin}/par` });
  provider.answer('par', undefined);
});

const request = {
  redirectUri: 'https://app.example.com/_auth/callback',
  state: 'the state',
  nonce: 'the nonce',
  codeChallenge: 'the challenge',
};

async function queryWith(changes: Partial<ProviderOptions>, extra: Readonly<Record<string, string>> = {}) {
  const { server } = relyingPartyOf(provider, { requestObject: keyOf(p256.privateKey), ...changes });
  const found = await server.authorizationUrl({ ...request, extraParameters: new Map(Object.entries(extra)) });
  if (found.kind !== 'url') throw new Error(found.detail);
  return Object.fromEntries(new URL(found.url).searchParams);
}

async function claimsWith(extra: Readonly<Record<string, string>>, changes: Partial<ProviderOptions> = {}) {
  const { request: object = '' } = await queryWith(changes, extra);
  return (await jwtVerify(object, p256.publicKey, { audience: provider.origin })).payload;
}

describe('a signed authorization request (RFC 9101)', () => {
  it.each([
    ['RS256', rsa, undefined],
    ['PS512', rsa, 'PS512'],
    ['ES256', p256, undefined],
    ['EdDSA', ed25519, undefined],
    ['Ed25519', ed25519, 'Ed25519'],
  ] as const)('is signed with %s, for the provider alone, once and for a minute', async (alg, pair, algorithm) => {
    const requestObject = keyOf(pair.privateKey, { id: 'request-key', algorithm });
    const { request: object = '', ...others } = await queryWith({ requestObject });
    // RFC 9101 §5: the browser carries nothing else.
    expect(others).toEqual({ client_id: provider.clientId });
    expect(decodeProtectedHeader(object)).toEqual({ alg, typ: 'oauth-authz-req+jwt', kid: 'request-key' });
    const { payload } = await jwtVerify(object, pair.publicKey, {
      audience: provider.origin,
      issuer: provider.clientId,
      typ: 'oauth-authz-req+jwt',
    });
    const { jti, iat = 0, nbf, exp, ...parameters } = payload;
    expect(String(jti).length).toBeGreaterThanOrEqual(32);
    expect({ nbf, exp }).toEqual({ nbf: iat, exp: iat + 60 });
    expect(parameters).toEqual({
      iss: provider.clientId,
      aud: provider.origin,
      client_id: provider.clientId,
      response_type: 'code',
      redirect_uri: request.redirectUri,
      scope: 'openid email',
      state: 'the state',
      nonce: 'the nonce',
      code_challenge: 'the challenge',
      code_challenge_method: 'S256',
    });
  });

  it('holds what the operator and the application add', async () => {
    const authorizationParameters = new Map([['prompt', 'login']]);
    const claims = await claimsWith({ login_hint: 'alice', prompt: 'none' }, { authorizationParameters });
    expect(claims).toMatchObject({ login_hint: 'alice', prompt: 'login' });
  });

  it('is no client assertion and lives no longer, whatever the application adds (RFC 9101 §10.8)', async () => {
    const extra = { sub: provider.clientId, exp: '9999999999', jti: 'fixed', iss: 'x', aud: 'x', SUB: 'x' };
    const { sub, SUB, exp = 0, iat = 0, jti } = await claimsWith(extra);
    expect({ sub, SUB, lifetime: exp - iat }).toEqual({ sub: undefined, SUB: undefined, lifetime: 60 });
    expect(jti).not.toBe('fixed');
  });

  it.each([
    [{ max_age: '3600' }, { max_age: 3600 }],
    [{ max_age: 'soon' }, { max_age: 'soon' }],
    [{ max_age: '60s' }, { max_age: '60s' }],
    [{ claims: '{"id_token":{"acr":null}}' }, { claims: { id_token: { acr: null } } }],
    [{ claims: '{' }, { claims: '{' }],
    [{ authorization_details: '[{"type":"x"}]' }, { authorization_details: [{ type: 'x' }] }],
    [{ authorization_details: '{}' }, { authorization_details: '{}' }],
    [{ authorization_details: '[' }, { authorization_details: '[' }],
  ])('says %j as JSON where it is, and throws never', async (extra, members) => {
    expect(await claimsWith(extra)).toMatchObject(members);
  });

  it('leaves the query of the authorization endpoint where it is', async () => {
    provider.metadata({ authorization_endpoint: `${provider.origin}/authorize?tenant=a` });
    const { request: object, ...others } = await queryWith({});
    expect(others).toEqual({ tenant: 'a', client_id: provider.clientId });
    expect(object).toBeDefined();
  });

  it('is pushed and nothing beside it but our authentication (RFC 9126 §3)', async () => {
    const query = await queryWith({ pushedAuthorization: true }, { login_hint: 'alice' });
    const reference = 'urn:ietf:params:oauth:request_uri:pushed';
    expect(query).toEqual({ client_id: provider.clientId, request_uri: reference });
    const pushed = provider.requests.findLast(({ endpoint }) => endpoint === 'par');
    expect(pushed?.headers.authorization).toMatch(/^Basic /);
    const { request: object = '', ...others } = Object.fromEntries(pushed?.body ?? []);
    expect(others).toEqual({ client_id: provider.clientId });
    const { payload } = await jwtVerify(object, p256.publicKey, { audience: provider.origin });
    expect(payload).toMatchObject({ state: 'the state', login_hint: 'alice' });
  });

  it('sends no browser anywhere when the pushing fails', async () => {
    provider.answer('par', json('{"error":"invalid_request_object"}', 400));
    await expect(queryWith({ pushedAuthorization: true })).rejects.toThrow('invalid_request_object');
  });

  it('is an outage with a key that cannot sign, and quotes nothing of it', async () => {
    const { server } = relyingPartyOf(provider, { requestObject: keyOf(p256.privateKey, { algorithm: 'RS256' }) });
    expect(await server.issuer()).toEqual({
      kind: 'unavailable',
      detail: 'requestObject: the key cannot sign with the algorithm; it fits ES256',
    });
  });
});

describe('a pushed request (RFC 9126)', () => {
  it('holds what the application adds, and the browser sees none of it', async () => {
    const query = await queryWith({ requestObject: undefined, pushedAuthorization: true }, { login_hint: 'alice' });
    expect(Object.keys(query).sort()).toEqual(['client_id', 'request_uri']);
    const pushed = provider.requests.findLast(({ endpoint }) => endpoint === 'par');
    expect(pushed?.body.get('login_hint')).toBe('alice');
  });
});
