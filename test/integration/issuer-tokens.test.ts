import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser } from './issuer-browser.ts';
import { alice, begin, logIn, relyingParty, scope } from './issuer-relying-party.ts';
import { alicePassword, clientSecret, type IssuerWorld, issuer, loggedOut, startIssuer } from './issuer-world.ts';

let world: IssuerWorld;

beforeAll(async () => {
  world = await startIssuer();
});

afterAll(async () => {
  await world.stop();
});

describe('codes and tokens', () => {
  it('redeems a code once and revokes what came of it on reuse (RFC 6749 §4.1.2)', async () => {
    const party = await relyingParty(world);
    const { tokens, response, checks } = await logIn(world, party);
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
    const party = await relyingParty(world);
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
    const party = await relyingParty(world);
    const { tokens } = await logIn(world, party);
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
    const party = await relyingParty(world);
    const { tokens } = await logIn(world, party);
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
    const party = await relyingParty(world, 'public');
    const { tokens } = await logIn(world, party);
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
    const party = await relyingParty(world);
    const other = await relyingParty(world, 'third-party');
    const { tokens } = await logIn(world, party);
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

describe('logout (OpenID Connect RP-Initiated Logout 1.0)', () => {
  it('asks nothing when the ID token is of this very login, and ends session and tokens', async () => {
    const party = await relyingParty(world);
    const { browser, tokens } = await logIn(world, party);
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
    const party = await relyingParty(world);
    const { browser } = await logIn(world, party);
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
    const party = await relyingParty(world);
    const earlier = await logIn(world, party);
    const { browser } = await logIn(world, party);
    const url = client.buildEndSessionUrl(party, { id_token_hint: earlier.tokens.id_token ?? '' });
    expect((await browser.open(url.href)).body).toContain('<h1>Sign out?</h1>');
  });

  it('goes straight on when nobody is logged in any more, and never to an unregistered address (R3)', async () => {
    const party = await relyingParty(world);
    const { tokens } = await logIn(world, party);
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
    const party = await relyingParty(world);
    const { browser, tokens, response } = await logIn(world, party);
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
