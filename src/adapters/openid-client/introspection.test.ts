import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drip, flood, gzipBomb, hang, json, reset, status } from '../../../test/support/bad-answers.ts';
import { relyingPartyOf } from '../../../test/support/relying-party.ts';
import { startTinyProvider, type TinyHandler, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import { Secret } from '../../core/secret.ts';
import { secondsOf } from '../../core/time.ts';
import type { Introspection } from '../../ports/authorization-server.ts';
import type { ProviderOptions } from './provider-options.ts';

let provider: TinyProvider;
beforeEach(async () => {
  provider = await startTinyProvider();
  provider.metadata({ introspection_endpoint: `${provider.origin}/introspect` });
});
afterEach(async () => {
  await provider.stop();
});

/** A JWT that is for somebody else: nobody here looks at its signature. */
function jwtOf(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.c2lnbmVk`;
}

const jwt = (text: string, type = 'application/jwt'): TinyHandler => {
  return (_request, response) => void response.setHeader('content-type', type).end(text);
};

async function ask(changes: Partial<ProviderOptions> = {}): Promise<Introspection> {
  const { server } = relyingPartyOf(provider, changes);
  await server.issuer();
  const introspection = await server.introspect(new Secret('canary-access-token'));
  expect(JSON.stringify(introspection)).not.toContain('canary');
  return introspection;
}

const asked = () => provider.requests.filter(({ endpoint }) => endpoint === 'introspect');

function shown(introspection: Introspection) {
  if (introspection.kind !== 'active') return introspection.kind;
  return [introspection.phantomToken?.reveal(), introspection.expiresAt];
}

describe('introspection of an access token (RFC 7662)', () => {
  it('asks for a JWT, once, with the token in the body and authenticated as we are', async () => {
    await ask();
    expect(asked()).toHaveLength(1);
    const [{ method, headers, body } = { headers: {} as Record<string, string>, body: [] }] = asked();
    expect({ method, accept: headers['accept'] }).toEqual({ method: 'POST', accept: 'application/jwt' });
    expect(headers['authorization']).toMatch(/^Basic /);
    expect(Object.fromEntries(body)).toEqual({ token: 'canary-access-token', token_type_hint: 'access_token' });
  });

  it('authenticates by private_key_jwt, or as a public client, where that is what we do', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = new Secret(String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
    const rest = { id: undefined, algorithm: undefined, audience: 'issuer', certificate: undefined } as const;
    await ask({ clientSecret: undefined, clientKey: { key, ...rest } });
    await ask({ clientSecret: undefined });
    expect(asked().map(({ body }) => [body.has('client_assertion'), body.get('client_id')])).toEqual([
      [true, provider.clientId],
      [false, provider.clientId],
    ]);
  });

  it('asks again for JSON where the server has no JWT to give, and says so with 406', async () => {
    provider.answer('introspect', (request, response) => {
      const isJson = request.headers.accept === 'application/json';
      return (isJson ? json('{"active":true}') : status(406))(request, response);
    });
    expect(shown(await ask())).toEqual([undefined, undefined]);
    expect(asked().map(({ headers }) => headers.accept)).toEqual(['application/jwt', 'application/json']);
  });

  it.each([
    ['with an end', { sub: 'alice', exp: 2_000_000_000 }, 2_000_000_000],
    ['with a fraction in its end', { exp: 2_000_000_000.9 }, 2_000_000_000],
    ['without an end', { sub: 'alice' }, undefined],
  ])('yields the JWT that is the whole answer: %s', async (_case, claims, expiresAt) => {
    provider.answer('introspect', jwt(`${jwtOf(claims)}\n`, 'application/jwt;charset=UTF-8'));
    expect(shown(await ask())).toEqual([jwtOf(claims), expiresAt]);
  });

  it.each([
    ['the earlier end, of the answer', 'phantom_token', { exp: 2000 }, 1000, 1000],
    ['the earlier end, of the JWT', 'phantom_token', { exp: 1000 }, 2000, 1000],
    ['the only end', 'phantom_token', { sub: 'alice' }, 2000, 2000],
    ['no end', 'phantom_token', { sub: 'alice' }, undefined, undefined],
    ['no end, in so many words', 'phantom_token', { sub: 'alice' }, null, undefined],
    ['the name that Keycloak has for it', 'jwt', { exp: 1000 }, 1000, 1000],
  ])('yields the JWT in a JSON answer, and %s', async (_case, member, claims, exp, expiresAt) => {
    provider.answer('introspect', { active: true, exp, [member]: jwtOf(claims) });
    expect(shown(await ask())).toEqual([jwtOf(claims), expiresAt]);
  });

  it('yields a JWT that is encrypted for an API (RFC 7516), whose end only the answer tells', async () => {
    provider.answer('introspect', { active: true, exp: 2000, phantom_token: 'e30..aXY.Yw.dA' });
    expect(shown(await ask())).toEqual(['e30..aXY.Yw.dA', 2000]);
  });

  it('may know a token without a JWT for it', async () => {
    provider.answer('introspect', { active: true, exp: 2000, phantom_token: null });
    expect(shown(await ask())).toEqual([undefined, 2000]);
  });

  it.each([
    ['204', (_request, response) => void response.writeHead(204).end()],
    ['active: false', json('{"active":false}')],
    ['active: false beside a token', json(`{"active":false,"phantom_token":"${jwtOf({})}"}`)],
  ] as readonly [string, TinyHandler][])('finds a token inactive by %s', async (_case, handler) => {
    provider.answer('introspect', handler);
    expect(await ask()).toEqual({ kind: 'inactive' });
  });

  it.each([
    ['no active', json('{}')],
    ['active in quotes', json('{"active":"true"}')],
    ['a list', json('[true]')],
    ['an empty body', json('')],
    ['HTML', status(200, { 'content-type': 'text/html' })],
    ['a JWT that is said to be JSON', json(jwtOf({}))],
    ['an empty JWT', jwt('')],
    ['a JWT that is none', jwt('canary')],
    ['a JWT that nobody signed', jwt(jwtOf({}).replace(/[^.]+$/, ''))],
    ['a JWT without claims', jwt('e30.canary.c2ln')],
    ['a JWT that ends the line', jwt(jwtOf({}).replace('.', '.\r\nx-user: root'))],
    ['a JWT whose end is a text', jwt(jwtOf({ exp: 'soon' }))],
    ['JSON that is said to be a JWT', jwt('{"active":true}')],
    ['an end that is a text', json('{"active":true,"exp":"soon"}')],
    ['an end before all time', json('{"active":true,"exp":-1}')],
    ['a phantom token that is no text', json('{"active":true,"phantom_token":{}}')],
    ['a phantom token with blanks', json('{"active":true,"phantom_token":"a.b c.d"}')],
    ['an empty phantom token', json('{"active":true,"phantom_token":""}')],
    ['400', json('{"error":"invalid_request"}', 400)],
    ['401 to us', json('{"error":"invalid_client"}', 401, { 'www-authenticate': 'Basic realm="canary"' })],
    ['403', status(403)],
    ['404', status(404)],
    ['406 twice', status(406)],
    ['429', status(429)],
    ['500', status(500)],
    ['a hang', hang],
    ['a drip', drip],
    ['100 MB', flood],
    ['a gzip bomb', gzipBomb],
    ['a reset', reset],
  ] as const)('says nothing of a token, for or against it, by %s (I1)', async (_case, handler) => {
    provider.answer('introspect', handler);
    expect((await ask({ requestTimeout: secondsOf(0.15) })).kind).toBe('unavailable');
  });

  it('says why it says nothing, for the log', async () => {
    provider.answer('introspect', json('{"error":"invalid_client"}', 401));
    const detail = 'the introspection endpoint answered with 401 (invalid_client)';
    expect(await ask()).toEqual({ kind: 'unavailable', detail });
  });

  it('follows no redirect: no token is sent on (I2)', async () => {
    for (const code of [302, 307, 308]) {
      provider.answer('introspect', status(code, { location: `${provider.origin}/elsewhere` }));
      expect((await ask()).kind).toBe('unavailable');
    }
    expect(provider.count('other')).toBe(0);
  });

  it('is unsupported where the provider publishes none, and unavailable where it cannot be asked', async () => {
    provider.metadata({});
    expect(await ask()).toEqual({ kind: 'unsupported' });
    provider.answer('discovery', status(500));
    expect((await ask()).kind).toBe('unavailable');
  });

  it('goes to no foreign origin, and logins do without it (I3)', async () => {
    provider.metadata({ introspection_endpoint: 'http://127.0.0.1:1/introspect' });
    expect(await ask()).toMatchObject({
      detail: expect.stringContaining('introspection_endpoint is on http://127.0.0.1:1, which is not the issuer'),
    });
    expect((await relyingPartyOf(provider).redeem()).kind).toBe('authenticated');
    provider.metadata({
      introspection_endpoint: `${provider.origin}/introspect`,
      mtls_endpoint_aliases: { introspection_endpoint: 'http://127.0.0.1:1/introspect' },
    });
    expect((await ask()).kind).toBe('active');
    const clientCertificate = { certificate: '', privateKey: new Secret('') };
    expect(await ask({ clientCertificate })).toMatchObject({
      detail: expect.stringContaining('mtls_endpoint_aliases.introspection_endpoint is on http://127.0.0.1:1'),
    });
  });
});
