import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Browser,
  copyOf,
  newBrowser,
  type SessionWorld,
  sessionWorld,
} from '../../../test/support/session-world.ts';

let world: SessionWorld;
beforeEach(async () => {
  world = await sessionWorld({ furtherProviders: ['partners'] });
});
afterEach(async () => {
  await world.close();
});

/** A browser with a session at `provider`, whose session there is `sid`. */
async function loggedIn(sid: string, provider = 'idp', subject = 'alice'): Promise<Browser> {
  const server = world.providers.get(provider);
  server?.logInAs({ providerSessionId: sid, subject });
  const browser = newBrowser();
  const started = await world.visit(browser, `/_auth/login?provider=${provider}`);
  await world.visit(browser, `/_auth/callback/${provider}?${server?.approve(String(started.headers.location))}`);
  return browser;
}

/** As a provider sends it: no cookie of ours, no navigation. */
async function post(form: Readonly<Record<string, string>> | string) {
  return await world.visit(newBrowser(), '/_auth/backchannel-logout', {
    method: 'POST',
    payload: new URLSearchParams(form).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
}

describe('POST /backchannel-logout (OpenID Connect Back-Channel Logout 1.0)', () => {
  it('ends the session that the provider names, and no other', async () => {
    const [meant, other] = [await loggedIn('one'), await loggedIn('two')];
    const answer = await post({ logout_token: world.provider.logoutToken({ subject: 'alice', sid: 'one' }) });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(await world.isLoggedIn(meant)).toBe(false);
    expect(await world.isLoggedIn(other)).toBe(true);
  });

  it('ends all sessions of a user where the token names no session', async () => {
    const browsers = [await loggedIn('one'), await loggedIn('two')];
    const bob = await loggedIn('three', 'idp', 'bob');
    await post({ logout_token: world.provider.logoutToken({ subject: 'alice' }) });
    for (const browser of browsers) expect(await world.isLoggedIn(browser)).toBe(false);
    expect(await world.isLoggedIn(bob)).toBe(true);
  });

  it('ends no session that another provider began, whatever the token names', async () => {
    const elsewhere = await loggedIn('one', 'partners');
    await post({ logout_token: world.provider.logoutToken({ sid: 'one' }) });
    await post({ logout_token: world.provider.logoutToken({ subject: 'alice' }) });
    expect(await world.isLoggedIn(elsewhere)).toBe(true);
    // Nor the session of another user than the one it names beside the session.
    await post({ logout_token: world.providers.get('partners')?.logoutToken({ subject: 'bob', sid: 'one' }) ?? '' });
    expect(await world.isLoggedIn(elsewhere)).toBe(true);
  });

  it('takes a token once (X5)', async () => {
    const form = { logout_token: world.provider.logoutToken({ subject: 'alice' }) };
    expect((await post(form)).statusCode).toBe(200);
    const later = await loggedIn('one');
    expect((await post(form)).statusCode).toBe(400);
    expect(await world.isLoggedIn(later)).toBe(true);
  });

  it('takes it again when the store failed in its midst', async () => {
    const browser = await loggedIn('one');
    world.clock.advance(1);
    const form = { logout_token: world.provider.logoutToken({ sid: 'one' }) };
    world.store.failNext('list');
    // Of which the side service makes 503.
    expect((await post(form)).statusCode).toBe(500);
    expect(await world.isLoggedIn(browser)).toBe(true);
    expect((await post(form)).statusCode).toBe(200);
    expect(await world.isLoggedIn(browser)).toBe(false);
    expect((await post(form)).statusCode).toBe(400);
  });

  it.each([
    ['', 'no token'],
    ['logout_token=', 'an empty token'],
    ['logout_token=a&logout_token=b', 'two tokens'],
    ['logout_token=forged', 'a token that is not valid'],
  ])('refuses %j: %s', async (form) => {
    const answer = await post(form);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ error: 'invalid_request' });
  });

  it('asks to come again while the provider’s keys cannot be had', async () => {
    world.provider.setReachable(false);
    expect((await post({ logout_token: 'any' })).statusCode).toBe(503);
  });
});

describe('GET /frontchannel-logout (OpenID Connect Front-Channel Logout 1.0)', () => {
  it('ends the session that `iss` and `sid` name', async () => {
    const [meant, other] = [await loggedIn('one'), await loggedIn('one', 'partners')];
    const answer = await world.visit(newBrowser(), '/_auth/frontchannel-logout?iss=https://idp.example&sid=one');
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toBe('');
    expect(await world.isLoggedIn(meant)).toBe(false);
    expect(await world.isLoggedIn(other)).toBe(true);
  });

  it('ends it whichever of our clients at this issuer began it', async () => {
    await world.close();
    world = await sessionWorld({ furtherProviders: ['partners'], provider: { issuer: 'https://partners.example' } });
    const browser = await loggedIn('one', 'partners');
    await world.visit(newBrowser(), '/_auth/frontchannel-logout?iss=https://partners.example&sid=one');
    expect(await world.isLoggedIn(browser)).toBe(false);
  });

  it.each([
    '',
    '?sid=one',
    '?iss=https://idp.example',
    '?iss=https://idp.example&sid=',
    '?iss=https://evil.example&sid=one',
    '?iss=https://idp.example&iss=https://partners.example&sid=one',
    '?iss=https://idp.example&sid=one&sid=two',
  ])('does nothing for %j', async (query) => {
    const browser = await loggedIn('one');
    const answer = await world.visit(copyOf(browser), `/_auth/frontchannel-logout${query}`);
    expect(answer.statusCode).toBe(400);
    expect(await world.isLoggedIn(browser)).toBe(true);
  });
});

describe('an instance with sealed sessions', () => {
  it('has no logout for providers: it could end nothing', async () => {
    await world.close();
    world = await sessionWorld({ settings: { state: 'sealed' } });
    expect((await post({ logout_token: 'any' })).statusCode).toBe(404);
    expect((await world.visit(newBrowser(), '/_auth/frontchannel-logout?iss=a&sid=b')).statusCode).toBe(404);
  });
});
