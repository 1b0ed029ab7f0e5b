import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { json } from '../../../test/support/bad-answers.ts';
import { createAuthority, type KeyPair, type TestAuthority } from '../../../test/support/certificates.ts';
import { relyingPartyOf } from '../../../test/support/relying-party.ts';
import { startTinyProvider, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import { Secret } from '../../core/secret.ts';
import { secondsOf } from '../../core/time.ts';
import type { ClientKey, ProviderOptions } from './provider-options.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519 = generateKeyPairSync('ed25519');

function clientKey(key: KeyObject, changes: Partial<ClientKey> = {}): ClientKey {
  const pem = String(key.export({ type: 'pkcs8', format: 'pem' }));
  const rest = { id: undefined, algorithm: undefined, audience: 'issuer', certificate: undefined } as const;
  return { key: new Secret(pem), ...rest, ...changes };
}

let provider: TinyProvider;

function tokenRequest() {
  return provider.requests.find(({ endpoint }) => endpoint === 'token');
}

describe('private_key_jwt (OpenID Connect Core §9, RFC 7523 §3)', () => {
  beforeEach(async () => {
    provider = await startTinyProvider();
  });
  afterEach(async () => {
    await provider.stop();
  });

  async function assertionWith(changes: Partial<ProviderOptions>) {
    const { redeem } = relyingPartyOf(provider, { clientSecret: undefined, ...changes });
    expect((await redeem()).kind).toBe('authenticated');
    const { body, headers } = tokenRequest() ?? {};
    expect(body?.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    expect(headers?.authorization).toBeUndefined();
    expect(body?.has('client_secret')).toBe(false);
    return body?.get('client_assertion') ?? '';
  }

  it.each([
    ['RS256', rsa, undefined],
    ['PS384', rsa, 'PS384'],
    ['ES256', p256, undefined],
    ['EdDSA', ed25519, undefined],
    ['Ed25519', ed25519, 'Ed25519'],
  ] as const)(
    'signs with %s who asks whom, once and for a minute',
    async (alg, { privateKey, publicKey }, algorithm) => {
      const assertion = await assertionWith({ clientKey: clientKey(privateKey, { id: 'our-key', algorithm }) });
      expect(decodeProtectedHeader(assertion)).toEqual({ alg, kid: 'our-key' });
      const { payload } = await jwtVerify(assertion, publicKey, { audience: provider.origin });
      expect(payload).toMatchObject({ iss: provider.clientId, sub: provider.clientId, aud: provider.origin });
      expect(String(payload.jti).length).toBeGreaterThanOrEqual(32);
      expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60);
    },
  );

  it('takes kid and alg of a JWK', async () => {
    const jwk = { ...rsa.privateKey.export({ format: 'jwk' }), kid: 'from-jwk', alg: 'PS256' };
    const key = clientKey(rsa.privateKey, { key: new Secret(JSON.stringify(jwk)) });
    expect(decodeProtectedHeader(await assertionWith({ clientKey: key }))).toEqual({ alg: 'PS256', kid: 'from-jwk' });
  });

  it('names the token endpoint and the certificate where the provider wants that', async () => {
    const authority = await createAuthority('keys');
    const { certificate, privateKey } = await authority.issue('sallyport');
    await authority.remove();
    const key = clientKey(p256.privateKey, { key: new Secret(privateKey), audience: 'token_endpoint', certificate });
    const assertion = await assertionWith({ clientKey: key });
    expect(decodeProtectedHeader(assertion)['x5t#S256']).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const [, payload = ''] = assertion.split('.');
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({ aud: `${provider.origin}/token` });
  });

  it('is as good for pushed authorization requests (RFC 9126 §2)', async () => {
    provider.metadata({ pushed_authorization_request_endpoint: `${provider.origin}/par` });
    const { server } = relyingPartyOf(provider, {
      clientSecret: undefined,
      clientKey: clientKey(p256.privateKey),
      pushedAuthorization: true,
    });
    expect((await server.authorizationUrl(authorizationRequest)).kind).toBe('url');
    const pushed = provider.requests.find(({ endpoint }) => endpoint === 'par');
    await jwtVerify(pushed?.body.get('client_assertion') ?? '', p256.publicKey);
  });
});

const authorizationRequest = {
  redirectUri: 'https://app.example.com/_auth/callback',
  state: 'the state',
  nonce: 'the nonce',
  codeChallenge: 'the challenge',
  extraParameters: new Map<string, string>(),
};

describe('pushed authorization requests (RFC 9126)', () => {
  beforeEach(async () => {
    provider = await startTinyProvider();
    provider.metadata({ pushed_authorization_request_endpoint: `${provider.origin}/par` });
  });
  afterEach(async () => {
    await provider.stop();
  });

  it('are made where the provider demands them: the browser carries no more than a reference', async () => {
    provider.metadata({
      pushed_authorization_request_endpoint: `${provider.origin}/par`,
      require_pushed_authorization_requests: true,
    });
    const parameters = new Map([['prompt', 'select_account']]);
    const { server } = relyingPartyOf(provider, { authorizationParameters: parameters, responseMode: 'form_post' });
    const found = await server.authorizationUrl(authorizationRequest);
    expect(Object.fromEntries(new URL(found.kind === 'url' ? found.url : '').searchParams)).toEqual({
      client_id: provider.clientId,
      request_uri: 'urn:ietf:params:oauth:request_uri:pushed',
    });
    const pushed = provider.requests.find(({ endpoint }) => endpoint === 'par');
    expect(pushed?.headers.authorization).toMatch(/^Basic /);
    expect(Object.fromEntries(pushed?.body ?? [])).toMatchObject({
      response_type: 'code',
      state: 'the state',
      nonce: 'the nonce',
      code_challenge_method: 'S256',
      prompt: 'select_account',
      response_mode: 'form_post',
    });
  });

  it('are not made where the provider merely can: each would cost a request', async () => {
    await relyingPartyOf(provider).server.authorizationUrl(authorizationRequest);
    expect(provider.count('par')).toBe(0);
  });

  it('that fail send no browser anywhere', async () => {
    provider.answer('par', json('{"error":"invalid_client","error_description":"canary"}', 401));
    const { server, telemetry } = relyingPartyOf(provider, { pushedAuthorization: true });
    const found = await server.authorizationUrl(authorizationRequest);
    expect(found.kind).toBe('unavailable');
    expect(telemetry.names()).toEqual(['provider_discovered', 'provider_unavailable']);
    expect(JSON.stringify(found) + telemetry.text()).not.toContain('canary-client');
  });
});

describe('tls_client_auth (RFC 8705 §2)', () => {
  let authority: TestAuthority;
  let server: KeyPair;
  let client: KeyPair;
  beforeAll(async () => {
    authority = await createAuthority('provider');
    server = await authority.issue('localhost');
    client = await authority.issue('sallyport');
  });
  afterAll(async () => {
    await authority.remove();
  });
  beforeEach(async () => {
    const { certificate: cert, privateKey: key } = server;
    const tls = { cert, key, ca: authority.certificate, requestCert: true, rejectUnauthorized: false };
    provider = await startTinyProvider(undefined, tls);
  });
  afterEach(async () => {
    await provider.stop();
  });

  function withCertificate(changes: Partial<ProviderOptions> = {}) {
    return relyingPartyOf(provider, {
      clientSecret: undefined,
      clientCertificate: { certificate: client.certificate, privateKey: new Secret(client.privateKey) },
      ca: authority.certificate,
      allowHttp: false,
      requestTimeout: secondsOf(2),
      ...changes,
    });
  }

  it('shows the certificate and names the client', async () => {
    expect((await withCertificate().redeem()).kind).toBe('authenticated');
    expect(tokenRequest()).toMatchObject({ clientName: 'sallyport', url: '/token' });
    expect(tokenRequest()?.body.get('client_id')).toBe(provider.clientId);
    expect(tokenRequest()?.headers.authorization).toBeUndefined();
  });

  it('goes to the endpoints that the provider keeps for certificates (RFC 8705 §5)', async () => {
    provider.metadata({ mtls_endpoint_aliases: { token_endpoint: `${provider.origin}/token/mtls` } });
    expect((await withCertificate().redeem()).kind).toBe('authenticated');
    expect(tokenRequest()?.url).toBe('/token/mtls');
  });

  it('can stand beside a secret, for a gateway that wants to see it', async () => {
    const { redeem } = withCertificate({ clientSecret: new Secret('canary-client-secret') });
    expect((await redeem()).kind).toBe('authenticated');
    expect(tokenRequest()).toMatchObject({ clientName: 'sallyport' });
    expect(tokenRequest()?.headers.authorization).toMatch(/^Basic /);
  });
});

describe('a method that the operator chose', () => {
  beforeEach(async () => {
    provider = await startTinyProvider();
  });
  afterEach(async () => {
    await provider.stop();
  });

  it('counts, whatever the metadata lists', async () => {
    provider.metadata({ token_endpoint_auth_methods_supported: ['client_secret_basic'] });
    await relyingPartyOf(provider, { clientAuthentication: 'client_secret_post' }).redeem();
    expect(tokenRequest()?.body.get('client_secret')).toBe('canary-client-secret');
    expect(tokenRequest()?.headers.authorization).toBeUndefined();
  });

  it.each(['client_secret_basic', 'private_key_jwt'] as const)(
    'is an outage when its credential is missing: %s',
    async (clientAuthentication) => {
      const { redeem } = relyingPartyOf(provider, { clientAuthentication, clientSecret: undefined });
      expect((await redeem()).kind).toBe('unavailable');
      expect(provider.count('token')).toBe(0);
    },
  );
});
