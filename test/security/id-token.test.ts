// More than 300 lines: one row for each way in which a token or a claim may lie, all against one world.
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { createClient } from '../support/client.ts';
import { type JwtParts, signJwt } from '../support/jws.ts';
import { failureOf } from '../support/login-failures.ts';
import { callbackUrlOf, followUpTo } from '../support/login-steps.ts';
import { sessionCookie, startWorld, type World } from '../support/world.ts';

// Names in brackets are modules of the OpenID Connect RP conformance suite.

let world: World;

beforeAll(async () => {
  world = await startWorld({
    rules: [
      { path: { prefix: '/corp' }, use: 'web', require: { domains: ['corp.example'] } },
      { path: { prefix: '/boss' }, use: 'web', require: { emails: ['boss@corp.example'] } },
      { path: { prefix: '/' }, use: 'web' },
    ],
  });
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

const now = () => Math.floor(Date.now() / 1000);
const anotherKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const anotherEcKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

/** A token signed by the provider, with changes to what it says; a claim that is undefined is left out. */
function withClaims(changes: Readonly<Record<string, unknown>>): (token: JwtParts) => string {
  return ({ header, claims }) => signJwt({ header, claims: { ...claims, ...changes } }, world.provider.signingKey);
}

/** A token of somebody else, who claims to be root. */
function forged(
  changes: Readonly<Record<string, unknown>>,
  key: Parameters<typeof signJwt>[1] = anotherKey,
): (token: JwtParts) => string {
  return ({ header, claims }) =>
    signJwt({ header: { ...header, ...changes }, claims: { ...claims, sub: 'root' } }, key);
}

/** Logs in with the ID token that `change` makes; nobody may be logged in by it, and the log says why. */
async function expectRefused(change: (token: JwtParts) => string, reason = /./): Promise<void> {
  world.provider.editIdToken(change);
  const failure = await failureOf(world, async () => {
    const client = createClient();
    const answer = await client.follow(`${world.origin}/orders`);
    expect(`${answer.status} ${answer.url}`).toContain(`400 ${world.origin}/_auth/callback?`);
    expect(client.cookies(world.origin).has(sessionCookie)).toBe(false);
  });
  expect(world.upstream.requests).toEqual([]);
  expect([world.provider.count('token'), world.provider.count('userinfo')]).toEqual([1, 0]);
  expect(failure).toMatchObject({ outcome: 'refused', code: 'invalid_response' });
  expect(failure['reason']).toMatch(reason);
}

async function expectAccepted(change: (token: JwtParts) => string): Promise<void> {
  world.provider.editIdToken(change);
  await world.logIn('/orders');
  expect(world.upstream.requests.map((request) => request.values('x-auth-request-user'))).toEqual([['alice']]);
}

describe('T1 an ID token whose signature proves nothing', () => {
  const publicPem = () =>
    Buffer.from(createPublicKey(world.provider.signingKey).export({ type: 'spki', format: 'pem' }));
  const publicJwk = () =>
    Buffer.from(JSON.stringify(createPublicKey(world.provider.signingKey).export({ format: 'jwk' })));

  it('is not what a good one is [oidcc-client-test, oidcc-client-test-idtoken-sig-rs256]', async () => {
    await expectAccepted((token) => signJwt(token, world.provider.signingKey));
  });

  it.each<readonly [string, () => (token: JwtParts) => string]>([
    ['alg none [oidcc-client-test-idtoken-sig-none]', () => forged({ alg: 'none', kid: undefined })],
    ['alg none and a signature', () => forged({ alg: 'none' })],
    ['alg None', () => forged({ alg: 'None' })],
    ['no alg', () => forged({ alg: undefined })],
    ['HS256 keyed with the public key as PEM', () => forged({ alg: 'HS256' }, publicPem())],
    ['HS256 keyed with the public key as JWK', () => forged({ alg: 'HS256' }, publicJwk())],
    ['HS256 keyed with our secret', () => forged({ alg: 'HS256' }, Buffer.from(world.provider.clientSecret))],
    ['HS256 keyed with nothing', () => forged({ alg: 'HS256' }, Buffer.alloc(0))],
    ['the signature of another key [oidcc-client-test-invalid-sig-rs256]', () => forged({})],
    [
      'the signature of another EC key [oidcc-client-test-invalid-sig-es256]',
      () => forged({ alg: 'ES256', kid: 'es256' }, anotherEcKey),
    ],
    ['an algorithm that is not of its key', () => forged({ alg: 'ES256', kid: 'rs256' }, anotherEcKey)],
    ['RS1', () => forged({ alg: 'RS1' })],
  ])('logs nobody in: %s', async (_case, change) => {
    await expectRefused(change());
  });

  it.each<readonly [string, (parts: readonly string[]) => string]>([
    ['claims that were changed afterwards', ([header, , signature]) => `${header}.${claimsOfRoot()}.${signature}`],
    ['no signature', ([header, claims]) => `${header}.${claims}.`],
    ['half a signature', ([header, claims, signature = '']) => `${header}.${claims}.${signature.slice(0, 100)}`],
    ['two parts', ([header, claims]) => `${header}.${claims}`],
    ['four parts', ([header, claims, signature]) => `${header}.${claims}.${signature}.x`],
    ['five parts, as if it were encrypted', ([header, claims, signature]) => `${header}.x.x.${claims}.${signature}`],
    ['no JSON', () => 'x.y.z'],
    ['nothing', () => ''],
  ])('logs nobody in: %s', async (_case, change) => {
    await expectRefused((token) => change(signJwt(token, world.provider.signingKey).split('.')));
  });

  function claimsOfRoot(): string {
    const claims = {
      iss: world.provider.issuer,
      aud: world.provider.clientId,
      sub: 'root',
      iat: now(),
      exp: now() + 60,
    };
    return Buffer.from(JSON.stringify(claims)).toString('base64url');
  }
});

describe('T2 an ID token that is of somebody else, for somebody else, or over', () => {
  it.each<readonly [string, Readonly<Record<string, unknown>>, RegExp]>([
    ['another iss [oidcc-client-test-invalid-iss]', { iss: 'https://evil.example' }, /"iss"/],
    ['no iss', { iss: undefined }, /"iss"/],
    ['an iss that is a list', { iss: ['https://evil.example'] }, /"iss"/],
    ['another aud [oidcc-client-test-invalid-aud]', { aud: 'other' }, /"aud"/],
    ['no aud [oidcc-client-test-missing-aud]', { aud: undefined }, /"aud"/],
    ['an empty list of aud', { aud: [] }, /"aud"/],
    ['several aud without azp', { aud: ['sallyport-test', 'other'] }, /"aud"/],
    ['several aud with a foreign azp', { aud: ['sallyport-test', 'other'], azp: 'other' }, /"azp"/],
    ['a foreign azp beside one aud', { azp: 'other' }, /azp/],
    ['no sub [oidcc-client-test-missing-sub]', { sub: undefined }, /"sub"/],
    ['an empty sub', { sub: '' }, /names nobody/],
    ['a sub that is a number', { sub: 7 }, /"sub"/],
    ['no iat [oidcc-client-test-missing-iat]', { iat: undefined }, /"iat"/],
    ['an iat in words', { iat: 'yesterday' }, /"iat"/],
    ['no exp', { exp: undefined }, /"exp"/],
    ['an exp in words', { exp: 'tomorrow' }, /"exp"/],
    ['an exp that is over', { exp: now() - 3600 }, /^exp of the ID token is 3\d\d\d s behind our clock/],
    ['an nbf that is not yet', { nbf: now() + 3600 }, /^nbf of the ID token is 3\d\d\d s ahead of our clock/],
  ])('logs nobody in: %s', async (_case, claims, reason) => {
    await expectRefused(withClaims(claims), reason);
  });

  it('may be for others as well, when we are the authorized party', async () => {
    await expectAccepted(withClaims({ aud: ['other', 'sallyport-test'], azp: 'sallyport-test' }));
  });
});

describe('T3 a nonce that is not of this attempt', () => {
  it.each([
    ['another one [oidcc-client-test-nonce-invalid]', 'another'],
    ['none', undefined],
    ['an empty one', ''],
    ['one that is a list', ['another']],
  ])('logs nobody in: %s', async (_case, nonce) => {
    await expectRefused(withClaims({ nonce }), /nonce/);
  });

  it('logs nobody in when it is of another attempt, whose ID token was stolen', async () => {
    const other = await followUpTo(createClient(), world.provider.issuer, `${world.origin}/other`);
    const nonce = new URL(other).searchParams.get('nonce');
    expect(nonce).toMatch(/^[\w-]{43}$/);
    await expectRefused(withClaims({ nonce }), /nonce/);
  });
});

describe('T5 an ID token that says where its key is', () => {
  it('is believed by the keys of the provider alone, and nothing is fetched', async () => {
    const jwk = createPublicKey(anotherKey).export({ format: 'jwk' });
    // Where every request would be seen; expectRefused looks.
    const elsewhere = `http://127.0.0.1:${world.upstream.port}/elsewhere`;
    for (const header of [
      { jwk },
      { jwk, kid: undefined },
      { jku: elsewhere },
      { x5u: elsewhere },
      { x5c: [Buffer.from('certificate').toString('base64')] },
    ]) {
      world.reset();
      await expectRefused(forged(header));
    }
  });

  it.each([
    ['an unknown extension', { crit: ['http://example.com/x'], 'http://example.com/x': 1 }],
    ['a known extension', { crit: ['b64'], b64: true }],
    ['an empty list', { crit: [] }],
  ])(
    'is refused with extensions that must be understood, though the provider signed it: %s',
    async (_case, changes) => {
      await expectRefused(
        ({ header, claims }) => signJwt({ header: { ...header, ...changes }, claims }, world.provider.signingKey),
        /crit/,
      );
    },
  );
});

describe('T8 userinfo about somebody else', () => {
  it.each([
    ['another sub [oidcc-client-test-userinfo-invalid-sub]', { sub: 'mallory' }],
    ['no sub', { sub: undefined }],
    ['a sub that is a list', { sub: ['alice'] }],
  ])('logs nobody in: %s', async (_case, changes) => {
    world.provider.edit('userinfo', (body) => ({ ...body, ...changes }));
    const failure = await failureOf(world, async () => {
      const client = createClient();
      const answer = await client.open(await callbackUrlOf(client, world.origin, '/orders'));
      expect([answer.status, client.cookies(world.origin).has(sessionCookie)]).toEqual([400, false]);
    });
    expect(world.upstream.requests).toEqual([]);
    expect(failure).toMatchObject({ outcome: 'refused', reason: expect.stringMatching(/"sub"/) });
  });
});

describe('T10 rules for addresses and domains', () => {
  const verified = (email: unknown) => ({ email, email_verified: true });

  async function visit(claims: Readonly<Record<string, unknown>>, path: string): Promise<number> {
    world.provider.logInAs('alice', claims);
    const client = await world.logIn('/orders');
    world.upstream.clear();
    const answer = await client.open(`${world.origin}${path}`);
    expect(answer.header('location')).toBeUndefined();
    expect(world.upstream.requests).toHaveLength(answer.status === 200 ? 1 : 0);
    return answer.status;
  }

  it.each([
    ['of the domain', verified('alice@corp.example')],
    ['of the domain in other letters', verified('Alice@CORP.example')],
  ])('let an address in: %s', async (_case, claims) => {
    expect(await visit(claims, '/corp')).toBe(200);
  });

  it('let the one address in that is named, and no other of its domain', async () => {
    expect(await visit(verified('Boss@corp.example'), '/boss')).toBe(200);
    for (const email of ['alice@corp.example', 'boss@corp.example@evil.example', 'xboss@corp.example']) {
      expect(await visit(verified(email), '/boss')).toBe(403);
    }
  });

  it.each([
    ['two at signs', verified('a@evil@corp.example')],
    ['two at signs, the other way round', verified('a@corp.example@evil.example')],
    ['another domain', verified('a@evil.example')],
    ['a domain below it', verified('a@sub.corp.example')],
    ['a domain that ends like it', verified('a@evilcorp.example')],
    ['a domain that begins like it', verified('a@corp.example.evil')],
    ['look-alike letters', verified('a@\u0441orp.example')],
    ['nobody before the at sign', verified('@corp.example')],
    ['a blank at its end', verified('a@corp.example ')],
    ['a line end', verified('a@corp.example\n')],
    ['a list', verified(['a@corp.example'])],
    ['a list of several', verified(['a@evil.example', 'a@corp.example'])],
    ['a map', verified({ email: 'a@corp.example' })],
    ['nothing', verified('')],
    ['no address', { email_verified: true }],
    ['an address that is not verified', { email: 'a@corp.example', email_verified: false }],
    ['an address of which nothing is said', { email: 'a@corp.example' }],
    ['an address verified in words', { email: 'a@corp.example', email_verified: 'true' }],
    ['an address verified by number', { email: 'a@corp.example', email_verified: 1 }],
    ['an address verified by a list', { email: 'a@corp.example', email_verified: [true] }],
  ])('refuse %s', async (_case, claims) => {
    expect(await visit(claims, '/corp')).toBe(403);
  });
});

describe('T11 claims that are odd or huge', () => {
  const odd =
    '{"sub":"alice","__proto__":{"email":"root@corp.example","x-auth-request-user":"root"},"name":"a\\r\\nX-Evil: 1\\u0000"}';

  it('stay claims: __proto__ gives nobody an identity, control characters start no header', async () => {
    world.provider.editIdToken(({ header, claims: { name: _n, email: _e, groups: _g, ...claims } }) => {
      return signJwt({ header, claims }, world.provider.signingKey);
    });
    world.provider.answer('userinfo', (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(odd);
    });
    await world.logIn('/orders');
    const [request, ...further] = world.upstream.requests;
    expect(further).toEqual([]);
    expect(request?.values('x-auth-request-user')).toEqual(['alice']);
    expect(request?.values('x-auth-request-email')).toEqual([]);
    expect(request?.values('x-auth-request-name')).toEqual(['a%0D%0AX-Evil: 1%00']);
    expect(request?.values('x-evil')).toEqual([]);
  });

  it('are no obstacle up to 100 kB, where no header has to carry them', async () => {
    await expectAccepted(withClaims({ note: 'x'.repeat(100_000) }));
  });

  it('of a megabyte log nobody in, in bounded time', async () => {
    world.provider.editIdToken(withClaims({ note: 'x'.repeat(1_000_000) }));
    const client = createClient();
    const begun = performance.now();
    const answer = await client.follow(`${world.origin}/orders`);
    expect([answer.status, client.cookies(world.origin).has(sessionCookie)]).toEqual([503, false]);
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(world.upstream.requests).toEqual([]);
  });

  it('nested a hundred thousand deep log nobody in, and nothing falls over', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    world.provider.answer('userinfo', (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(`{"sub":"alice","name":${deep}}`);
    });
    const answer = await createClient().follow(`${world.origin}/orders`);
    expect([200, 400, 500, 503]).toContain(answer.status);
  });
});
