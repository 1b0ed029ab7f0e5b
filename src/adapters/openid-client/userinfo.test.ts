import { type CryptoKey, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drip, flood, gzipBomb, hang, json, reset, status } from '../../../test/support/bad-answers.ts';
import { relyingPartyOf } from '../../../test/support/relying-party.ts';
import { startTinyProvider, type TinyHandler, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import { Secret } from '../../core/secret.ts';
import { secondsOf } from '../../core/time.ts';
import type { Userinfo } from '../../ports/authorization-server.ts';
import type { ProviderOptions } from './provider-options.ts';

let provider: TinyProvider;
beforeEach(async () => {
  provider = await startTinyProvider();
});
afterEach(async () => {
  await provider.stop();
});

const accessToken = new Secret('canary-access-token');
const noContent: TinyHandler = (_request, response) => void response.writeHead(204).end();

/** OpenID Connect, and OAuth 2.0 alone as at GitHub: both send a user whose subject is `alice`. */
function kinds(): Readonly<Record<'oidc' | 'oauth2', Partial<ProviderOptions>>> {
  return {
    oidc: {},
    oauth2: {
      protocol: { kind: 'oauth2', identity: { subject: 'sub', claims: new Map(), emailsUrl: undefined } },
      metadata: {
        authorization_endpoint: `${provider.origin}/authorize`,
        token_endpoint: `${provider.origin}/token`,
        userinfo_endpoint: `${provider.origin}/userinfo`,
      },
    },
  };
}

async function ask(changes: Partial<ProviderOptions> = {}, subject: string | undefined = 'alice'): Promise<Userinfo> {
  const { server } = relyingPartyOf(provider, changes);
  await server.issuer();
  const userinfo = await server.userinfo(accessToken, subject);
  expect(JSON.stringify(userinfo)).not.toContain('canary');
  return userinfo;
}

const claimsIn = (userinfo: Userinfo) => (userinfo.kind === 'claims' ? Object.fromEntries(userinfo.claims) : userinfo);

describe.each(['oidc', 'oauth2'] as const)('userinfo with protocol %s (OpenID Connect Core §5.3)', (kind) => {
  it('is what the endpoint says of the user', async () => {
    provider.answer(
      'userinfo',
      json('{"sub":"alice","name":"Alice","address":{"locality":"Bonn"},"__proto__":{"a":1}}'),
    );
    const userinfo = await ask(kinds()[kind]);
    if (userinfo.kind !== 'claims') throw new Error(userinfo.kind);
    expect([...userinfo.claims.keys()]).toEqual(['sub', 'name', 'address', '__proto__']);
    const [asked] = provider.requests.filter(({ endpoint }) => endpoint === 'userinfo');
    expect(asked).toMatchObject({ method: 'GET', url: '/userinfo' });
    expect(asked?.headers.authorization).toBe('Bearer canary-access-token');
  });

  it('is compared with no subject where none is known', async () => {
    const { server } = relyingPartyOf(provider, kinds()[kind]);
    expect((await server.userinfo(accessToken, undefined)).kind).toBe('claims');
  });

  it.each([
    ['another sub (T8)', json('{"sub":"mallory"}')],
    ['no sub', json('{"email":"alice@example.com"}')],
    ['an empty sub', json('{"sub":""}')],
    ['a list', json('[]')],
    ['null', json('null')],
    ['half a JSON text', json('{"sub":')],
    ['HTML', status(200, { 'content-type': 'text/html' })],
    ['201', json('{"sub":"alice"}', 201)],
    ['204', noContent],
  ] as const)('is invalid with %s', async (_case, handler) => {
    provider.answer('userinfo', handler);
    expect((await ask(kinds()[kind])).kind).toBe('invalid');
    const { server } = relyingPartyOf(provider, kinds()[kind]);
    // Without a subject to compare with, another one is as good; nobody is not.
    if (_case !== 'another sub (T8)') expect((await server.userinfo(accessToken, undefined)).kind).toBe('invalid');
  });

  it.each([
    ['401', status(401)],
    ['401 with a challenge', status(401, { 'www-authenticate': 'Bearer error="invalid_token"' })],
    ['401 with JSON', json('{"message":"Bad credentials"}', 401)],
  ] as const)('of a token that ended is %s', async (_case, handler) => {
    provider.answer('userinfo', handler);
    expect(await ask(kinds()[kind])).toEqual({ kind: 'expired' });
  });

  it.each([
    ['403 with a challenge', status(403, { 'www-authenticate': 'Bearer realm="x", error="insufficient_scope"' })],
    ['403 with a bare word', status(403, { 'www-authenticate': 'Bearer error=insufficient_scope, scope="a"' })],
    ['403 with JSON', json('{"error":"insufficient_scope"}', 403)],
  ] as const)('is refused for what the provider says: %s', async (_case, handler) => {
    provider.answer('userinfo', handler);
    expect(await ask(kinds()[kind])).toMatchObject({ kind: 'refused', code: 'insufficient_scope' });
  });

  it.each([
    ['400', status(400)],
    ['404 with JSON', json('{"message":"Not Found"}', 404)],
    ['403 with markup for an error', json('{"error":"<script>canary"}', 403)],
    ['403 with a sentence', status(403, { 'www-authenticate': 'Bearer error="canary Sentence"' })],
    ['403 with an error that is no text', json('{"error":7}', 403)],
  ] as const)('is refused as invalid_request for %s', async (_case, handler) => {
    provider.answer('userinfo', handler);
    expect(await ask(kinds()[kind])).toMatchObject({ kind: 'refused', code: 'invalid_request' });
  });

  it('follows no redirect: no token is sent on (I2)', async () => {
    for (const code of [301, 302, 303, 307, 308]) {
      provider.answer('userinfo', status(code, { location: `${provider.origin}/elsewhere` }));
      expect((await ask(kinds()[kind])).kind).toBe('invalid');
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
    ['503 with a challenge', status(503, { 'www-authenticate': 'Bearer' })],
    ['429', status(429)],
  ] as const)('is unavailable after %s, in bounded time (I1)', async (_case, handler) => {
    provider.answer('userinfo', handler);
    expect((await ask({ ...kinds()[kind], requestTimeout: secondsOf(0.15) })).kind).toBe('unavailable');
  });
});

describe('userinfo', () => {
  it('is unsupported where the provider publishes none, and unavailable where it cannot be asked', async () => {
    provider.metadata({ userinfo_endpoint: undefined });
    expect(await ask()).toEqual({ kind: 'unsupported' });
    provider.answer('discovery', status(500));
    expect((await ask()).kind).toBe('unavailable');
  });

  it('with OAuth 2.0 alone is compared by the member that names the user, and is otherwise as it is', async () => {
    provider.answer('userinfo', { id: 583231, login: 'octocat' });
    const identity = { subject: 'id', claims: new Map([['name', 'login']]), emailsUrl: `${provider.origin}/emails` };
    const gitHub = { ...kinds().oauth2, protocol: { kind: 'oauth2', identity } as const };
    expect(claimsIn(await ask(gitHub, '583231'))).toEqual({ id: 583231, login: 'octocat' });
    expect((await ask(gitHub, '583232')).kind).toBe('invalid');
    expect(provider.count('emails')).toBe(0);
  });
});

describe('userinfo that is a JWT (OpenID Connect Core §5.3.2)', () => {
  async function askFor(token: string) {
    provider.metadata({ userinfo_signing_alg_values_supported: ['RS256', 'HS256', 'none'] });
    provider.answer('userinfo', (_request, response) => {
      response.setHeader('content-type', 'application/jwt').end(token);
    });
    return await ask();
  }
  const signed = async (key: CryptoKey, claims: object = {}) =>
    await new SignJWT({ iss: provider.origin, aud: provider.clientId, sub: 'alice', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
      .sign(key);

  it('counts when a published key signed it', async () => {
    const token = await provider.idToken({ name: 'Alice', nonce: undefined });
    expect(claimsIn(await askFor(token))).toMatchObject({ sub: 'alice', name: 'Alice' });
  });

  it('may say no more than who it is about', async () => {
    const claims: object = { iss: undefined, aud: undefined, iat: undefined, exp: undefined };
    expect(claimsIn(await askFor(await provider.idToken({ nonce: undefined, ...claims })))).toEqual({ sub: 'alice' });
  });

  it.each([
    ['another sub (T8)', { sub: 'mallory' }],
    ['another iss', { iss: 'https://evil.example' }],
    ['another aud', { aud: 'other' }],
    ['an end in the past', { exp: 1000 }],
  ])('is invalid with %s', async (_case, claims) => {
    expect((await askFor(await provider.idToken(claims))).kind).toBe('invalid');
  });

  it('is invalid when nobody, anybody or our own secret signed it', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const secret = new TextEncoder().encode('canary-client-secret'.padEnd(32, '.'));
    const tokens = [
      await signed(privateKey),
      new UnsecuredJWT({ sub: 'alice' }).encode(),
      await new SignJWT({ sub: 'alice' }).setProtectedHeader({ alg: 'HS256' }).sign(secret),
      'x.y.z',
    ];
    for (const token of tokens) expect((await askFor(token)).kind).toBe('invalid');
  });

  it('is of no use where the metadata names no algorithm for it', async () => {
    const token = await provider.idToken();
    provider.answer('userinfo', (_request, response) => {
      response.setHeader('content-type', 'application/jwt').end(token);
    });
    expect(await ask()).toMatchObject({ detail: expect.stringContaining('"alg"') });
  });

  it('is no word on the access token when its keys cannot be had', async () => {
    const token = await provider.idToken();
    for (const [handler, kind] of [
      [status(500), 'unavailable'],
      [reset, 'unavailable'],
      [status(401), 'invalid'],
    ] as const) {
      provider.answer('jwks', handler);
      expect((await askFor(token)).kind).toBe(kind);
    }
  });
});
