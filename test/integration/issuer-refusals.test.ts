import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, send } from './issuer-browser.ts';
import { begin, logIn, relyingParty } from './issuer-relying-party.ts';
import { callback, clientSecret, type IssuerWorld, issuer, origin, otherOrigin, startIssuer } from './issuer-world.ts';

let world: IssuerWorld;

beforeAll(async () => {
  world = await startIssuer();
});

afterAll(async () => {
  await world.stop();
});

describe('refusals', () => {
  it('shows a 400 page to an unknown client and to an unregistered redirect URI, never a redirect (RFC 6749 §4.1.2.1)', async () => {
    const party = await relyingParty(world);
    const { url } = await begin(party);
    for (const [name, value] of [
      ['client_id', 'unknown'],
      ['redirect_uri', 'https://evil.example.com/callback'],
      ['redirect_uri', `${callback}/`],
      ['redirect_uri', `${callback}?x`],
    ] as const) {
      const changed = new URL(url);
      changed.searchParams.set(name, value);
      const answer = await new Browser(world).open(changed.href);
      expect(answer.status).toBe(400);
      expect(answer.headers.get('location')).toBeUndefined();
      expect(answer.body).toContain('<h1>This did not work</h1>');
      expect(answer.headers.get('content-security-policy')).toContain("form-action 'self'; frame-ancestors 'none'");
    }
  });

  it.each([
    ['plain PKCE', 'invalid_request', { code_challenge_method: 'plain' }],
    ['a request without PKCE', 'invalid_request', { code_challenge: undefined, code_challenge_method: undefined }],
    ['an implicit response type', 'unsupported_response_type', { response_type: 'id_token' }],
    ['a request_uri to an internal host', 'request_uri_not_supported', { request_uri: 'http://127.0.0.1/' }],
    ['a request object', 'request_not_supported', { request: 'e30.e30.' }],
  ] as const)('refuses %s with %s (X4, RFC 9700 §2.1)', async (_what, error, changes) => {
    const party = await relyingParty(world);
    const url = new URL((await begin(party)).url);
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    const answer = await new Browser(world).open(url.href);
    const { searchParams, hash } = new URL(answer.url);
    expect(answer.url.startsWith(callback)).toBe(true);
    expect(searchParams.get('error') ?? new URLSearchParams(hash.slice(1)).get('error')).toBe(error);
  });

  it('has no development pages (X4), and answers other methods and paths plainly', async () => {
    expect((await send(world, `${issuer}/interaction/abc/abort`)).status).toBe(404);
    const got = await send(world, `${issuer}/token/`);
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await send(world, `${issuer}/reg`, { method: 'POST' })).status).toBe(404);
  });

  it.each([
    [
      'invalid_client',
      401,
      { authorization: `Basic ${btoa('first-party:wrong')}` },
      'grant_type=authorization_code&code=x&redirect_uri=x',
    ],
    [
      'invalid_client',
      401,
      { authorization: `Basic ${btoa('unknown:wrong')}` },
      'grant_type=authorization_code&code=x&redirect_uri=x',
    ],
    [
      'unsupported_grant_type',
      400,
      { authorization: `Basic ${btoa(`first-party:${clientSecret}`)}` },
      'grant_type=password&username=alice&password=x',
    ],
  ] as const)('answers %s with %i at the token endpoint (RFC 6749 §5.2)', async (error, status, headers, body) => {
    const answer = await send(world, `${issuer}/token/`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
    expect([answer.status, JSON.parse(answer.body).error]).toEqual([status, error]);
  });

  it('answers 503 while the store is down, without a redirect or a new cookie (I4)', async () => {
    const party = await relyingParty(world);
    const { browser } = await logIn(world, party);
    const { url } = await begin(party);
    world.breakStore();
    try {
      const answer = await browser.open(url);
      expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('location')]).toEqual([
        503,
        '5',
        undefined,
      ]);
      expect(answer.setCookies).toEqual([]);
    } finally {
      world.mendStore();
    }
    expect((await browser.open(url)).url.startsWith(`${callback}?code=`)).toBe(true);
  });
});

describe('requests that nobody needs', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const long = 's'.repeat(16_384);

  it('are refused with 400 for a target over 16 kB, before anything is stored', async () => {
    const { url } = await begin(await relyingParty(world), { state: long });
    const before = world.stored();
    const page = await send(world, url, { headers: { accept: 'text/html' } });
    expect([page.status, page.headers.get('content-type'), page.setCookies]).toEqual([
      400,
      'text/html; charset=utf-8',
      [],
    ]);
    const answer = await send(world, url);
    expect([answer.status, JSON.parse(answer.body).error]).toEqual([400, 'invalid_request']);
    expect(world.stored()).toBe(before);
  });

  it.each(['/par', '/token'])('are refused with 413 for a body over 16 kB at %s', async (path) => {
    const { search } = new URL((await begin(await relyingParty(world, 'public'), { state: long })).url);
    const before = world.stored();
    const body = search.slice(1);
    const headers = { ...form, 'content-length': String(body.length) };
    const answer = await send(world, `${issuer}${path}`, { method: 'POST', headers, body });
    expect([answer.status, JSON.parse(answer.body).error, answer.setCookies]).toEqual([413, 'invalid_request', []]);
    expect(world.stored()).toBe(before);
  });

  it('are refused with 411 for a body of unknown length (RFC 9110 §15.5.12)', async () => {
    const { search } = new URL((await begin(await relyingParty(world, 'public'))).url);
    const before = world.stored();
    const headers = { ...form, 'transfer-encoding': 'chunked' };
    const answer = await send(world, `${issuer}/par`, { method: 'POST', headers, body: search.slice(1) });
    expect([answer.status, answer.setCookies]).toEqual([411, []]);
    expect(world.stored()).toBe(before);
  });

  it('are no requests just below the limits', async () => {
    const { url } = await begin(await relyingParty(world, 'public'), { state: 's'.repeat(15_000) });
    const { search } = new URL(url);
    expect((await send(world, url)).status).toBe(303);
    const headers = { ...form, 'content-length': String(search.length - 1) };
    const answer = await send(world, `${issuer}/par`, { method: 'POST', headers, body: search.slice(1) });
    expect(answer.status).toBe(201);
  });
});

describe('another configured origin', () => {
  it('has nothing of the issuer: 404 below the base path, without a cookie or a record', async () => {
    const { url } = await begin(await relyingParty(world));
    const { pathname, search } = new URL(url);
    const page = await new Browser(world).open(url);
    const before = world.stored();
    for (const target of [
      pathname + search,
      new URL(page.url).pathname,
      '/oauth2',
      '/oauth2/jwks',
      '/oauth2/.well-known/openid-configuration',
    ]) {
      const answer = await send(world, otherOrigin + target);
      expect([target, answer.status, answer.setCookies]).toEqual([target, 404, []]);
      expect(JSON.parse(answer.body).error).toBe('not_found');
    }
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const path of ['/token', new URL(page.url).pathname.replace('/oauth2', '')]) {
      const answer = await send(world, `${otherOrigin}/oauth2${path}`, { method: 'POST', headers, body: 'x=y' });
      expect([path, answer.status]).toEqual([path, 404]);
    }
    expect(world.stored()).toBe(before);
  });

  it('is not the back channel, whose host no origin has', async () => {
    const answer = await send(world, `${issuer}/jwks`, { headers: { host: '127.0.0.1:4181' } });
    expect(answer.status).toBe(200);
  });
});

describe('the issuer’s own address', () => {
  it('does not change with Host, X-Forwarded-* or Forwarded of a client (H9)', async () => {
    const honest = await send(world, `${issuer}/.well-known/openid-configuration`);
    const forged = await send(world, `${issuer}/.well-known/openid-configuration`, {
      headers: {
        host: 'evil.example.com',
        'x-forwarded-host': 'evil.example.com',
        'x-forwarded-proto': 'http',
        'x-forwarded-port': '666',
        'x-forwarded-prefix': '/evil',
        forwarded: 'host=evil.example.com;proto=http',
      },
    });
    expect(forged.body).toBe(honest.body);
    const metadata = JSON.parse(honest.body);
    expect(metadata).toMatchObject({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      userinfo_endpoint: `${issuer}/userinfo`,
      revocation_endpoint: `${issuer}/revoke_token`,
      introspection_endpoint: `${issuer}/introspect`,
      end_session_endpoint: `${issuer}/end_session`,
      pushed_authorization_request_endpoint: `${issuer}/par`,
      code_challenge_methods_supported: ['S256'],
      response_types_supported: ['code'],
      authorization_response_iss_parameter_supported: true,
    });
  });

  it('does not change in the redirects of a login either', async () => {
    const party = await relyingParty(world);
    const { url } = await begin(party);
    const forged = { host: 'evil.example.com', 'x-forwarded-host': 'evil.example.com', 'x-forwarded-proto': 'http' };
    const answer = await send(world, url, { headers: forged });
    expect(new URL(answer.headers.get('location') ?? '', url).origin).toBe(origin);
    expect(answer.setCookies.every((cookie) => cookie.includes('; secure'))).toBe(true);
  });

  it('publishes public keys only', async () => {
    const { keys } = JSON.parse((await send(world, `${issuer}/jwks`)).body);
    expect(keys.map((key: { alg: string }) => key.alg)).toEqual(['RS256', 'ES256']);
    for (const key of keys)
      expect(Object.keys(key).filter((name) => ['d', 'p', 'q', 'dp', 'dq', 'qi'].includes(name))).toEqual([]);
  });

  it.each(['/authorize', '/authorize/'])('takes %s with and without the slash', async (path) => {
    const party = await relyingParty(world);
    const url = new URL((await begin(party)).url);
    url.pathname = `/oauth2${path}`;
    expect((await new Browser(world).open(url.href)).body).toContain('<title>Sign in</title>');
  });
});
