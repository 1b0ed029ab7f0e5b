import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  alicePassword,
  Browser,
  backChannel,
  callback,
  clientSecret,
  type IssuerWorld,
  issuer,
  loggedOut,
  origin,
  send,
  startIssuer,
} from './issuer-world.ts';

let world: IssuerWorld;

beforeAll(async () => {
  world = await startIssuer();
});

afterAll(async () => {
  await world.stop();
});

const alice = { username: 'alice', password: alicePassword };
const scope = 'openid profile email groups';

function relyingParty(clientId = 'first-party'): Promise<client.Configuration> {
  const authentication = clientId === 'public' ? client.None() : client.ClientSecretBasic(clientSecret);
  return client.discovery(new URL(issuer), clientId, undefined, authentication, {
    [client.customFetch]: backChannel(world),
  });
}

/** Begins an authorization request, as a relying party does. */
async function begin(party: client.Configuration, parameters: Readonly<Record<string, string>> = {}) {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  };
  const url = client.buildAuthorizationUrl(party, {
    redirect_uri: callback,
    scope,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...parameters,
  });
  return { url: url.href, checks };
}

/** A whole login as alice at a client that skips consent. */
async function logIn(party: client.Configuration, browser = new Browser(world)) {
  const { url, checks } = await begin(party);
  const page = await browser.open(url);
  const back = await browser.submit(page.url, alice);
  const tokens = await client.authorizationCodeGrant(party, new URL(back.url), checks);
  return { browser, tokens, checks, response: new URL(back.url) };
}

describe('the authorization code flow', () => {
  it('logs in and asks for consent over two replicas, and puts the scopes’ claims in the ID token (OIDC Core §3.1)', async () => {
    const party = await relyingParty('third-party');
    const browser = new Browser(world);
    const { url, checks } = await begin(party);

    const login = await browser.open(url);
    expect(login.url).toMatch(/^https:\/\/app\.example\.com\/oauth2\/interaction\/[A-Za-z0-9_-]{43}$/);
    expect(login.body).toContain('<title>Sign in</title>');
    const consent = await browser.submit(login.url, alice);
    expect(consent.body).toContain('<title>Authorize Third &lt;Party&gt;?</title>');
    const back = await browser.submit(consent.url, { decision: 'allow' });
    expect(back.url.startsWith(`${callback}?`)).toBe(true);
    expect(new URL(back.url).searchParams.get('iss')).toBe(issuer);

    const tokens = await client.authorizationCodeGrant(party, new URL(back.url), checks);
    expect(tokens.claims()).toMatchObject({
      iss: issuer,
      sub: 'user-1',
      name: 'Alice Adams',
      preferred_username: 'alice',
      email: 'alice@example.com',
      email_verified: true,
      groups: ['staff'],
      sid: expect.any(String),
    });
    expect(tokens.expires_in).toBe(3600);
    const userInfo = await client.fetchUserInfo(party, tokens.access_token, 'user-1');
    expect(userInfo).toMatchObject({ sub: 'user-1', email: 'alice@example.com' });
  });

  it('does not ask again for what was granted, nor for the password while the session lives', async () => {
    const party = await relyingParty('third-party');
    const browser = new Browser(world);
    const first = await begin(party);
    const login = await browser.open(first.url);
    const consent = await browser.submit(login.url, alice);
    await browser.submit(consent.url, { decision: 'allow' });
    const second = await begin(party);
    expect((await browser.open(second.url)).url.startsWith(`${callback}?code=`)).toBe(true);
  });

  it('skips the consent page for clients that are configured so, and releases only the scopes asked for', async () => {
    const party = await relyingParty();
    const browser = new Browser(world);
    const { url, checks } = await begin(party, { scope: 'openid email' });
    const back = await browser.submit((await browser.open(url)).url, alice);
    const tokens = await client.authorizationCodeGrant(party, new URL(back.url), checks);
    expect(tokens.claims()).toMatchObject({ email: 'alice@example.com' });
    expect(tokens.claims()).not.toHaveProperty('name');
    expect(tokens.claims()).not.toHaveProperty('groups');
  });

  it('sends error=access_denied when the user declines (RFC 6749 §4.1.2.1)', async () => {
    const party = await relyingParty('third-party');
    const browser = new Browser(world);
    const { url, checks } = await begin(party);
    const consent = await browser.submit((await browser.open(url)).url, alice);
    const back = await browser.submit(consent.url, { decision: 'deny' });
    const parameters = new URL(back.url).searchParams;
    expect([parameters.get('error'), parameters.get('state'), parameters.get('iss')]).toEqual([
      'access_denied',
      checks.expectedState,
      issuer,
    ]);
    expect(world.events.some((event) => event.name === 'issuer_consent_denied')).toBe(true);
  });

  it('lets two tabs log in and finish in either order (L10)', async () => {
    const party = await relyingParty();
    const browser = new Browser(world);
    const one = await begin(party);
    const two = await begin(party);
    const pageOne = await browser.open(one.url);
    const pageTwo = await browser.open(two.url);
    const backTwo = await browser.submit(pageTwo.url, alice);
    const backOne = await browser.submit(pageOne.url, alice);
    await expect(client.authorizationCodeGrant(party, new URL(backOne.url), one.checks)).resolves.toBeDefined();
    await expect(client.authorizationCodeGrant(party, new URL(backTwo.url), two.checks)).resolves.toBeDefined();
  });

  it('takes pushed authorization requests, once (RFC 9126 §4)', async () => {
    const party = await relyingParty();
    const { url, checks } = await begin(party);
    const pushed = await client.buildAuthorizationUrlWithPAR(party, new URL(url).searchParams);
    const browser = new Browser(world);
    const back = await browser.submit((await browser.open(pushed.href)).url, alice);
    await expect(client.authorizationCodeGrant(party, new URL(back.url), checks)).resolves.toBeDefined();
    const again = await browser.open(pushed.href);
    expect([again.status, again.headers.get('location')]).toEqual([400, undefined]);
    expect(again.body).toContain('<code>invalid_request_uri</code>');
  });

  it('answers a form_post request with a page that may only post to the client', async () => {
    const party = await relyingParty();
    const browser = new Browser(world);
    const { url } = await begin(party, { response_mode: 'form_post' });
    const page = await browser.submit((await browser.open(url)).url, alice);
    expect(page.body).toContain(`action="${callback}"`);
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'sha256-[A-Za-z0-9+/]{43}='; form-action https:\/\/client\.example\.com; frame-ancestors 'none'; base-uri 'none'$/,
    );
  });
});

describe('the login page', () => {
  it('says the same about a wrong password and an unknown user, and keeps the interaction', async () => {
    const party = await relyingParty();
    const browser = new Browser(world);
    const { url } = await begin(party);
    const page = await browser.open(url);
    const wrong = await browser.submit(page.url, { username: 'alice', password: 'wrong' });
    const unknown = await browser.submit(page.url, { username: 'mallory', password: 'wrong' });
    expect([wrong.status, unknown.status]).toEqual([400, 400]);
    expect(wrong.body).toContain('role="alert"');
    expect(unknown.body.replace('mallory', 'alice')).toBe(wrong.body);
    expect((await browser.submit(page.url, alice)).url.startsWith(`${callback}?code=`)).toBe(true);
  });

  it('has no action, so that the fragment survives, no script, and a policy that lets it lead to the client only', async () => {
    const party = await relyingParty();
    const page = await new Browser(world).open((await begin(party, { login_hint: '"><script>' })).url);
    expect(page.body).toContain('<form method="post">');
    expect(page.body).not.toContain('<script');
    expect(page.body).toContain('autocomplete="username"');
    expect(page.body).toContain('autocomplete="current-password"');
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self' https:\/\/client\.example\.com; frame-ancestors 'none'; base-uri 'none'$/,
    );
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('belongs to the browser that began (L1), and to forms of this site', async () => {
    const party = await relyingParty();
    const browser = new Browser(world);
    const page = await browser.open((await begin(party)).url);
    const stranger = new Browser(world);
    expect((await stranger.open(page.url)).status).toBe(400);
    expect((await stranger.submit(page.url, alice)).status).toBe(400);
    const foreign = await browser.open(page.url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams(alice).toString(),
    });
    expect(foreign.status).toBe(403);
  });

  it('gives Secure cookies below its path only, and a new session id at each login (S1)', async () => {
    const party = await relyingParty();
    const { url } = await begin(party);
    const first = await send(world, url);
    expect(first.setCookies.length).toBeGreaterThan(0);
    for (const cookie of first.setCookies)
      expect(cookie).toMatch(/^__Secure-sallyport-issuer-idp.*; path=\/oauth2\/.*; samesite=lax; secure; httponly$/);
    const { browser } = await logIn(party);
    expect(browser.cookieNames.every((name) => name.startsWith('__Secure-sallyport-issuer-idp'))).toBe(true);
  });

  it('ends the first user’s session and tokens when another one logs in with the same browser', async () => {
    const party = await relyingParty();
    const { browser, tokens } = await logIn(party);
    const { url, checks } = await begin(party, { prompt: 'login' });
    const page = await browser.open(url);
    const back = await browser.submit(page.url, { username: 'bob', password: 'bob-password' });
    const bobs = await client.authorizationCodeGrant(party, new URL(back.url), checks);
    expect(bobs.claims()?.sub).toBe('bob');
    await expect(client.refreshTokenGrant(party, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await expect(client.fetchUserInfo(party, tokens.access_token, 'user-1')).rejects.toThrow();
  });
});

describe('refusals', () => {
  it('shows a 400 page to an unknown client and to an unregistered redirect URI, never a redirect (RFC 6749 §4.1.2.1)', async () => {
    const party = await relyingParty();
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
    const party = await relyingParty();
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
    const party = await relyingParty();
    const { browser } = await logIn(party);
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

describe('codes and tokens', () => {
  it('redeems a code once and revokes what came of it on reuse (RFC 6749 §4.1.2)', async () => {
    const party = await relyingParty();
    const { tokens, response, checks } = await logIn(party);
    await expect(client.authorizationCodeGrant(party, response, checks)).rejects.toMatchObject({
      error: 'invalid_grant',
      status: 400,
    });
    await expect(client.refreshTokenGrant(party, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    expect(await client.tokenIntrospection(party, tokens.access_token)).toEqual({ active: false });
  });

  it('lets at most one of ten parallel redemptions over two replicas through, and leaves no token alive (X4)', async () => {
    const party = await relyingParty();
    const browser = new Browser(world);
    const { url, checks } = await begin(party);
    const back = await browser.submit((await browser.open(url)).url, alice);
    const attempts = await Promise.allSettled(
      Array.from({ length: 10 }, () => client.authorizationCodeGrant(party, new URL(back.url), checks)),
    );
    const successes = attempts.filter((attempt) => attempt.status === 'fulfilled');
    expect(successes.length).toBeLessThanOrEqual(1);
    for (const { value } of successes)
      expect(await client.tokenIntrospection(party, value.access_token)).toEqual({ active: false });
  });

  it('rotates refresh tokens and revokes the family on reuse (RFC 9700 §4.14.2)', async () => {
    const party = await relyingParty();
    const { tokens } = await logIn(party);
    const first = tokens.refresh_token ?? '';
    const second = await client.refreshTokenGrant(party, first);
    expect(second.refresh_token).not.toBe(first);
    await expect(client.refreshTokenGrant(party, first)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(client.refreshTokenGrant(party, second.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    expect(await client.tokenIntrospection(party, second.access_token)).toEqual({ active: false });
  });

  it('lets at most one of ten parallel refreshes through (X4)', async () => {
    const party = await relyingParty();
    const { tokens } = await logIn(party);
    const attempts = await Promise.allSettled(
      Array.from({ length: 10 }, () => client.refreshTokenGrant(party, tokens.refresh_token ?? '')),
    );
    const successes = attempts.filter((attempt) => attempt.status === 'fulfilled');
    expect(successes.length).toBeLessThanOrEqual(1);
    for (const { value } of successes) {
      await expect(client.refreshTokenGrant(party, value.refresh_token ?? '')).rejects.toMatchObject({
        error: 'invalid_grant',
      });
    }
  });

  it('gives a public client a code for PKCE alone, and refuses the code without its verifier', async () => {
    const party = await relyingParty('public');
    const { tokens } = await logIn(party);
    expect(tokens.claims()?.sub).toBe('user-1');
    const { url, checks } = await begin(party);
    const browser = new Browser(world);
    const back = await browser.submit((await browser.open(url)).url, alice);
    const otherVerifier = { ...checks, pkceCodeVerifier: client.randomPKCECodeVerifier() };
    await expect(client.authorizationCodeGrant(party, new URL(back.url), otherVerifier)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('revokes for the token’s own client only (RFC 7009 §2.1)', async () => {
    const party = await relyingParty();
    const other = await relyingParty('third-party');
    const { tokens } = await logIn(party);
    await expect(client.tokenRevocation(other, tokens.access_token)).rejects.toMatchObject({
      error: 'invalid_request',
    });
    expect(await client.tokenIntrospection(party, tokens.access_token)).toMatchObject({
      active: true,
      sub: 'user-1',
      scope,
    });
    await client.tokenRevocation(party, tokens.refresh_token ?? '');
    await expect(client.refreshTokenGrant(party, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
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
    const party = await relyingParty();
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
    const party = await relyingParty();
    const url = new URL((await begin(party)).url);
    url.pathname = `/oauth2${path}`;
    expect((await new Browser(world).open(url.href)).body).toContain('<title>Sign in</title>');
  });
});

describe('logout (OpenID Connect RP-Initiated Logout 1.0)', () => {
  it('asks nothing when the ID token is of this very login, and ends session and tokens', async () => {
    const party = await relyingParty();
    const { browser, tokens } = await logIn(party);
    const url = client.buildEndSessionUrl(party, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: loggedOut,
      state: 'a state',
    });
    expect((await browser.open(url.href)).url).toBe(`${loggedOut}?state=a+state`);
    await expect(client.refreshTokenGrant(party, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    expect(await client.tokenIntrospection(party, tokens.access_token)).toEqual({ active: false });
    expect((await browser.open((await begin(party)).url)).body).toContain('<title>Sign in</title>');
  });

  it('asks when nothing vouches for it, and stays logged in unless the user agrees', async () => {
    const party = await relyingParty();
    const { browser } = await logIn(party);
    const page = await browser.open(`${issuer}/end_session`);
    expect(page.body).toContain('<h1>Sign out?</h1>');
    expect(page.body).not.toContain('<script');
    const [, action = ''] = / action="([^"]+)"/.exec(page.body) ?? [];
    const [, xsrf = ''] = / name="xsrf" value="([^"]+)"/.exec(page.body) ?? [];
    expect(action).toBe(`${issuer}/end_session/confirm`);
    expect((await browser.submit(action, { xsrf: 'forged', logout: 'yes' })).status).toBe(400);
    expect((await browser.submit(action, { xsrf, logout: 'yes' })).body).toContain('<h1>Signed out</h1>');
    expect((await browser.open((await begin(party)).url)).body).toContain('<title>Sign in</title>');
  });

  it('asks when the ID token is of another login of the same user', async () => {
    const party = await relyingParty();
    const earlier = await logIn(party);
    const { browser } = await logIn(party);
    const url = client.buildEndSessionUrl(party, { id_token_hint: earlier.tokens.id_token ?? '' });
    expect((await browser.open(url.href)).body).toContain('<h1>Sign out?</h1>');
  });

  it('goes straight on when nobody is logged in any more, and never to an unregistered address (R3)', async () => {
    const party = await relyingParty();
    const { tokens } = await logIn(party);
    const hint = { id_token_hint: tokens.id_token ?? '' };
    const url = client.buildEndSessionUrl(party, { ...hint, post_logout_redirect_uri: loggedOut });
    expect((await new Browser(world).open(url.href)).url).toBe(loggedOut);
    const evil = client.buildEndSessionUrl(party, { ...hint, post_logout_redirect_uri: 'https://evil.example.com/' });
    const answer = await new Browser(world).open(evil.href);
    expect([answer.status, answer.headers.get('location')]).toEqual([400, undefined]);
  });
});

describe('what is left behind', () => {
  it('keeps no code, token, cookie or subject readable in the store (S12), and no secret in events (G8)', async () => {
    const party = await relyingParty();
    const { browser, tokens, response } = await logIn(party);
    await browser.submit((await browser.open((await begin(party, { prompt: 'login' })).url)).url, {
      ...alice,
      password: 'canary-wrong',
    });
    const stored = world.stored();
    const events = JSON.stringify(world.events);
    const secrets = [
      response.searchParams.get('code'),
      tokens.access_token,
      tokens.refresh_token,
      alicePassword,
      'canary-wrong',
      clientSecret,
    ];
    for (const secret of secrets) {
      expect(secret).toBeTruthy();
      expect(stored).not.toContain(secret);
      expect(events).not.toContain(secret);
    }
    expect(stored).not.toContain('user-1');
    expect(events).toContain('issuer_login_failed');
  });
});
