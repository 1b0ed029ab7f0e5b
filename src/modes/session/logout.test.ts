import type { InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  appOrigin,
  type Browser,
  copyOf,
  newBrowser,
  type SessionWorld,
  sessionWorld,
} from '../../../test/support/session-world.ts';

let world: SessionWorld;
beforeEach(async () => {
  world = await sessionWorld();
});
afterEach(async () => {
  await world.close();
});

const fromOwnPage = { origin: appOrigin, 'sec-fetch-site': 'same-origin' };

async function loggedIn(): Promise<Browser> {
  const browser = newBrowser();
  await world.logIn(browser);
  return browser;
}

async function logOut(browser: Browser, headers: InjectOptions['headers'] = fromOwnPage) {
  return await world.visit(browser, '/_auth/logout', { method: 'POST', ...(headers === undefined ? {} : { headers }) });
}

describe('POST /logout', () => {
  it('ends the session here and goes on to the provider, with the ID token as hint (RP-Initiated Logout 1.0 §2)', async () => {
    const browser = await loggedIn();
    const thief = copyOf(browser);
    const answer = await logOut(browser);
    expect(answer.statusCode).toBe(303);
    expect(answer.headers.location).toMatch(/^https:\/\/idp\.example\/logout\?/);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['clear-site-data']).toBe('"cache"');
    const request = world.provider.logouts.at(-1);
    expect(request?.idToken?.reveal()).toBe('canary-id-token');
    expect(request?.postLogoutRedirectUri).toBe('https://app.example.com/_auth/logout/callback');
    expect(await world.isLoggedIn(thief)).toBe(false);
    expect(world.telemetry.names()).toContain('session_ended');
  });

  it('revokes the refresh token, which some providers accept after a logout (RFC 7009)', async () => {
    await logOut(await loggedIn());
    expect(world.provider.revoked).toEqual(['canary-refresh-token']);
  });

  it('ends the session here while the provider cannot be asked, and says so in the log', async () => {
    const browser = await loggedIn();
    world.provider.setReachable(false);
    const thief = copyOf(browser);
    expect((await logOut(browser)).headers.location).toBe('https://app.example.com/_auth/logout/callback');
    expect(await world.isLoggedIn(thief)).toBe(false);
    expect(world.telemetry.names()).toContain('provider_unavailable');
    expect(world.telemetry.text()).not.toContain('canary');
  });

  it('deletes both cookies with the attributes that they were set with (S3)', async () => {
    const browser = await loggedIn();
    const answer = await logOut(browser);
    expect(answer.headers['set-cookie']).toEqual([
      '__Host-sallyport=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0',
      '__Host-sallyport-login=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0',
    ]);
    expect(browser.cookies.size).toBe(0);
  });

  it.each<[Record<string, string>, string]>([
    [{}, 'no Origin'],
    [{ origin: 'https://evil.example' }, 'another site'],
    [{ origin: 'https://sibling.example.com' }, 'a sibling'],
    [{ origin: 'https://app.example.com.evil.example' }, 'a look-alike'],
    [{ origin: 'http://app.example.com' }, 'another scheme'],
    [{ origin: 'https://app.example.com:8443' }, 'another port'],
    [{ origin: 'null' }, 'an opaque origin'],
    [{ origin: 'null', 'sec-fetch-site': 'cross-site' }, 'a sandboxed frame'],
    [{ origin: 'null', 'sec-fetch-site': 'same-site' }, 'an opaque origin of a sibling'],
    [{ origin: 'null', 'sec-fetch-site': 'none' }, 'an opaque origin without an initiator'],
    [{ 'sec-fetch-site': 'same-origin' }, 'Fetch Metadata without Origin'],
    [{ referer: 'https://app.example.com/app' }, 'a Referer of ours'],
  ])('ends nothing when asked with %j: %s (CSRF)', async (headers) => {
    const browser = await loggedIn();
    const answer = await logOut(browser, headers);
    expect(answer.statusCode).toBe(403);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(await world.isLoggedIn(browser)).toBe(true);
  });

  it('believes Fetch Metadata where a page of ours hides its Origin', async () => {
    const answer = await logOut(await loggedIn(), { origin: 'null', 'sec-fetch-site': 'same-origin' });
    expect(answer.statusCode).toBe(303);
  });

  it('reads no body, whatever it is', async () => {
    for (const [type, payload] of [
      ['application/x-www-form-urlencoded', 'post_logout_redirect_uri=https://evil.example'],
      ['application/json', '{"__proto__":'],
      ['text/plain', 'x'.repeat(10_000)],
      ['multipart/form-data; boundary=x', '--x'],
    ] as const) {
      const answer = await world.visit(await loggedIn(), '/_auth/logout', {
        method: 'POST',
        headers: { ...fromOwnPage, 'content-type': type },
        payload,
      });
      expect(answer.statusCode).toBe(303);
      expect(answer.headers.location).not.toContain('evil');
    }
  });

  it('takes no destination from the query (R3)', async () => {
    const query = '?rd=https://evil.example&post_logout_redirect_uri=https://evil.example';
    const answer = await world.visit(await loggedIn(), `/_auth/logout${query}`, {
      method: 'POST',
      headers: fromOwnPage,
    });
    expect(answer.headers.location).not.toContain('evil');
    expect(world.provider.logouts.at(-1)?.postLogoutRedirectUri).toBe('https://app.example.com/_auth/logout/callback');
  });

  it('works without a session, and says nothing of one ended', async () => {
    const answer = await logOut(newBrowser());
    expect(answer.statusCode).toBe(303);
    expect(world.provider.logouts.at(-1)?.idToken).toBeUndefined();
    expect(world.telemetry.names()).not.toContain('session_ended');
  });

  it.each([
    ['has no logout', { hasLogout: false }],
    ['is down', {}],
  ])('ends the session when the provider %s, and goes to our own page', async (_case, provider) => {
    await world.close();
    world = await sessionWorld({ provider });
    const browser = await loggedIn();
    const thief = copyOf(browser);
    world.provider.setReachable('hasLogout' in provider);
    const answer = await logOut(browser);
    expect(answer.headers.location).toBe('https://app.example.com/_auth/logout/callback');
    expect(await world.isLoggedIn(thief)).toBe(false);
  });

  it('claims no logout while the store is down: cookie and session stay (I4)', async () => {
    const browser = await loggedIn();
    world.store.setReachable(false);
    const answer = await logOut(browser);
    expect(answer.statusCode).toBe(500); // the side service makes 503 of the error
    expect(answer.headers['set-cookie']).toBeUndefined();
    world.store.setReachable(true);
    expect(await world.isLoggedIn(browser)).toBe(true);
  });
});

describe('GET /logout', () => {
  it('changes nothing, and shows a form that may lead on to any provider (B5, ADR 7)', async () => {
    const browser = await loggedIn();
    const answer = await world.visit(browser, '/_auth/logout?rd=https://evil.example');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['content-security-policy']).toContain("form-action 'self' https:;");
    // Under no-referrer browsers would send `Origin: null` with the form (Fetch §3.1).
    expect(answer.headers['referrer-policy']).toBe('same-origin');
    expect(answer.body).toContain('<form method="post" action="/_auth/logout">');
    expect(answer.body).not.toContain('evil');
    expect(await world.isLoggedIn(browser)).toBe(true);
  });

  it('needs neither the provider nor the store', async () => {
    world.provider.setReachable(false);
    world.store.setReachable(false);
    const answer = await world.visit(newBrowser(), '/_auth/logout');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-security-policy']).toContain("form-action 'self' https:;");
  });
});

describe('GET /logout/callback', () => {
  it('says that it is over, and offers to sign in', async () => {
    const answer = await world.visit(newBrowser(), '/_auth/logout/callback?state=x');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toContain('href="https://app.example.com/_auth/login?rd=%2F"');
  });

  it('takes no cookie: any site can send a browser there (CSRF)', async () => {
    const browser = await loggedIn();
    const answer = await world.visit(browser, '/_auth/logout/callback', {
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(await world.isLoggedIn(browser)).toBe(true);
  });
});
