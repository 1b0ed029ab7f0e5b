import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, send } from './issuer-browser.ts';
import { alice, begin, logIn, relyingParty } from './issuer-relying-party.ts';
import { callback, type IssuerWorld, issuer, startIssuer } from './issuer-world.ts';

let world: IssuerWorld;

beforeAll(async () => {
  world = await startIssuer();
});

afterAll(async () => {
  await world.stop();
});

describe('the authorization code flow', () => {
  it('logs in and asks for consent over two replicas, and puts the scopes’ claims in the ID token (OIDC Core §3.1)', async () => {
    const party = await relyingParty(world, 'third-party');
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
    const party = await relyingParty(world, 'third-party');
    const browser = new Browser(world);
    const first = await begin(party);
    const login = await browser.open(first.url);
    const consent = await browser.submit(login.url, alice);
    await browser.submit(consent.url, { decision: 'allow' });
    const second = await begin(party);
    expect((await browser.open(second.url)).url.startsWith(`${callback}?code=`)).toBe(true);
  });

  it('skips the consent page for clients that are configured so, and releases only the scopes asked for', async () => {
    const party = await relyingParty(world);
    const browser = new Browser(world);
    const { url, checks } = await begin(party, { scope: 'openid email' });
    const back = await browser.submit((await browser.open(url)).url, alice);
    const tokens = await client.authorizationCodeGrant(party, new URL(back.url), checks);
    expect(tokens.claims()).toMatchObject({ email: 'alice@example.com' });
    expect(tokens.claims()).not.toHaveProperty('name');
    expect(tokens.claims()).not.toHaveProperty('groups');
  });

  it('sends error=access_denied when the user declines (RFC 6749 §4.1.2.1)', async () => {
    const party = await relyingParty(world, 'third-party');
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
    const party = await relyingParty(world);
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
    const party = await relyingParty(world);
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
    const party = await relyingParty(world);
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
    const party = await relyingParty(world);
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
    const party = await relyingParty(world);
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
    const party = await relyingParty(world);
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
    const party = await relyingParty(world);
    const { url } = await begin(party);
    const first = await send(world, url);
    expect(first.setCookies.length).toBeGreaterThan(0);
    for (const cookie of first.setCookies)
      expect(cookie).toMatch(/^__Secure-sallyport-issuer-idp.*; path=\/oauth2\/.*; samesite=lax; secure; httponly$/);
    const { browser } = await logIn(world, party);
    expect(browser.cookieNames.every((name) => name.startsWith('__Secure-sallyport-issuer-idp'))).toBe(true);
  });

  it('ends the first user’s session and tokens when another one logs in with the same browser', async () => {
    const party = await relyingParty(world);
    const { browser, tokens } = await logIn(world, party);
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
