import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newBrowser, type SessionWorld, sessionWorld } from '../../../test/support/session-world.ts';

let world: SessionWorld;
beforeEach(async () => {
  world = await sessionWorld();
});
afterEach(async () => {
  await world.close();
});

describe('GET /login', () => {
  it('goes to the provider with the one redirect URI of this origin', async () => {
    const started = await world.visit(newBrowser(), '/_auth/login');
    const url = new URL(String(started.headers.location));
    expect(url.searchParams.get('redirect_uri')).toBe('https://app.example.com/_auth/callback');
  });

  it.each([
    ['/app/orders?x=1&y=%2F#top', 'https://app.example.com/app/orders?x=1&y=%2F#top'],
    ['https://app.example.com/app', 'https://app.example.com/app'],
    ['https://evil.example/', 'https://app.example.com/'],
    ['//evil.example', 'https://app.example.com/'],
    ['/\\evil.example', 'https://app.example.com/'],
    ['javascript:alert(1)', 'https://app.example.com/'],
    ['/x\r\nSet-Cookie: a=b', 'https://app.example.com/'],
    ['', 'https://app.example.com/'],
  ])('with rd %j ends at %s (R1, R6)', async (returnTo, expected) => {
    const back = await world.logIn(newBrowser(), returnTo);
    expect(back.statusCode).toBe(302);
    expect(back.headers.location).toBe(expected);
  });

  it.each(['', '?rd=/a&rd=/b', '?rd[]=/a', '?RD=/a'])('with the query %j ends at the start page', async (query) => {
    const browser = newBrowser();
    const started = await world.visit(browser, `/_auth/login${query}`);
    const back = await world.visit(
      browser,
      `/_auth/callback?${world.provider.approve(String(started.headers.location))}`,
    );
    expect(back.headers.location).toBe('https://app.example.com/');
  });

  it('takes the longest return URL there is, encoded whole, and does not take apart what is longer', async () => {
    const longest = `/${'x'.repeat(4095)}`;
    const encoded = longest.replace(/./g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
    for (const [query, end] of [
      [`rd=${encoded}`, longest],
      [`rd=/app${'&a'.repeat(8200)}`, '/'],
    ] as const) {
      const browser = newBrowser();
      const started = await world.visit(browser, `/_auth/login?${query}`);
      const response = world.provider.approve(String(started.headers.location));
      const back = await world.visit(browser, `/_auth/callback?${response}`);
      expect(back.headers.location).toBe(`https://app.example.com${end}`);
    }
  });

  it.each([
    [{ 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    [{ 'sec-fetch-dest': 'iframe' }],
    [{ 'sec-purpose': 'prefetch' }],
  ])('begins nothing for %j (R10)', async (headers) => {
    const browser = newBrowser();
    const answer = await world.visit(browser, '/_auth/login?rd=/app', { headers });
    expect(answer.statusCode).toBe(401);
    expect(answer.json()).toMatchObject({ error: 'login_required' });
    expect(browser.cookies.size).toBe(0);
  });

  it('answers no other method', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'] as const) {
      expect((await world.visit(newBrowser(), '/_auth/login', { method })).statusCode).toBe(404);
    }
  });

  it('answers 503 while the provider is down, to people and programs', async () => {
    world.provider.setReachable(false);
    const page = await world.visit(newBrowser(), '/_auth/login');
    expect(page.statusCode).toBe(503);
    expect(page.headers['retry-after']).toBe('5');
    expect(page.headers['set-cookie']).toBeUndefined();
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.body).not.toContain('ECONNREFUSED');
    expect(world.telemetry.names()).toContain('provider_unavailable');
  });
});

describe('the side service of a session instance', () => {
  it('answers no host that is not configured', async () => {
    for (const target of [
      '/_auth/login',
      '/_auth/callback',
      '/_auth/logout',
      '/_auth/logout/callback',
      '/_auth/userinfo',
    ]) {
      const answer = await world.visit(newBrowser(), target, { headers: { host: 'evil.example' } });
      expect(answer.statusCode).toBe(403);
      expect(answer.body).toContain('unknown_host');
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
  });

  it('believes no forwarding header (H9)', async () => {
    const answer = await world.visit(newBrowser(), '/_auth/login', {
      headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http', forwarded: 'host=evil.example' },
    });
    const url = new URL(String(answer.headers.location));
    expect(url.searchParams.get('redirect_uri')).toBe('https://app.example.com/_auth/callback');
  });
});
