import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeAuthorizationServer } from '../../../test/support/fake-authorization-server.ts';
import { httpRequest } from '../../../test/support/http-request.ts';
import {
  type Browser,
  cookieHeader,
  copyOf,
  newBrowser,
  otherSession,
  type SessionWorld,
  sessionWorld,
} from '../../../test/support/session-world.ts';
import { callback as answerCallback } from './callback.ts';
import { sessionRuntime } from './runtime.ts';
import { sessionSettings } from './settings.ts';

let world: SessionWorld;
beforeEach(async () => {
  world = await sessionWorld();
});
afterEach(async () => {
  await world.close();
});

/** Begins a login in `browser` and returns the provider's URL. */
async function begin(browser = newBrowser(), returnTo = '/app'): Promise<string> {
  const started = await world.visit(browser, `/_auth/login?rd=${encodeURIComponent(returnTo)}`);
  return String(started.headers.location);
}

async function callback(browser: Browser, query: string) {
  return await world.visit(browser, `/_auth/callback?${query}`);
}

describe('GET /callback', () => {
  it('logs in: a new session cookie, and back to the page', async () => {
    const browser = newBrowser();
    const back = await callback(browser, world.provider.approve(await begin(browser)));
    expect(back.statusCode).toBe(302);
    expect(back.headers).toMatchObject({ location: 'https://app.example.com/app', 'cache-control': 'no-store' });
    expect(back.headers['set-cookie']).toMatch(
      /^__Host-sallyport=[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    );
    expect(await world.isLoggedIn(browser)).toBe(true);
    expect(world.telemetry.names()).toEqual(['login_started', 'login_completed']);
  });

  it('gives a new id at every login and ends the old one: no fixation (S1)', async () => {
    const browser = newBrowser();
    await world.logIn(browser);
    const before = copyOf(browser);
    await world.logIn(browser);
    expect(browser.cookies.get('__Host-sallyport')).not.toBe(before.cookies.get('__Host-sallyport'));
    expect(await world.isLoggedIn(browser)).toBe(true);
    expect(await world.isLoggedIn(before)).toBe(false);
  });

  it('never takes an id over that the browser brought (S1)', async () => {
    const browser = newBrowser();
    const planted = world.services.sessions.idNames.mint();
    browser.cookies.set('__Host-sallyport', planted);
    await world.logIn(browser);
    expect(browser.cookies.get('__Host-sallyport')).not.toBe(planted);
    expect(await world.isLoggedIn({ cookies: new Map([['__Host-sallyport', planted]]) })).toBe(false);
  });

  it('refuses another browser’s code and state with a page, and spends nothing (L1)', async () => {
    const attacker = newBrowser();
    const query = world.provider.approve(await begin(attacker));
    const victim = newBrowser();
    await begin(victim);
    const without = newBrowser();
    for (const [browser, error] of [
      [victim, 'invalid_request'],
      // It has no cookie of ours at all: more likely it keeps none.
      [without, 'cookies_required'],
    ] as const) {
      const answer = await callback(browser, query);
      expect(answer.statusCode).toBe(400);
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect(answer.body).toContain(error);
      expect(answer.body).toContain('href="https://app.example.com/_auth/login?rd=%2Fapp"');
    }
    expect(world.provider.redemptions).toHaveLength(0);
    expect((await callback(attacker, query)).statusCode).toBe(302);
  });

  it.each(['', 'code=c', 'state=s', 'code=c&state=s', 'code=&state=', 'error=%3Cscript%3E&state=s'])(
    'answers %j with 400 and no token request (L2, L4, L9)',
    async (query) => {
      const browser = newBrowser();
      await begin(browser);
      const answer = await callback(browser, query);
      expect(answer.statusCode).toBe(400);
      expect(answer.body).not.toContain('<script');
      expect(world.provider.redemptions).toHaveLength(0);
    },
  );

  it('answers 400 without any query (L2)', async () => {
    expect((await world.visit(newBrowser(), '/_auth/callback')).statusCode).toBe(400);
  });

  it.each([
    '/_auth/callback/',
    '/_auth/callbackx',
    '/_auth/Callback',
    '/_auth/callback%20',
    '/_auth',
    '/_authx/callback',
  ])('is not at %s (P13)', async (target) => {
    expect((await world.visit(newBrowser(), `${target}?code=c&state=s`)).statusCode).toBe(404);
  });

  it('lets two tabs finish in either order (L10)', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const browser = newBrowser();
      const queries = [
        world.provider.approve(await begin(browser, '/first')),
        world.provider.approve(await begin(browser, '/second')),
      ];
      for (const tab of order) {
        const back = await callback(browser, queries[tab] ?? '');
        expect(back.headers.location).toBe(`https://app.example.com/${tab === 0 ? 'first' : 'second'}`);
      }
      expect(await world.isLoggedIn(browser)).toBe(true);
    }
  });

  it('continues to the page when it comes twice to who is logged in by now (L3)', async () => {
    const browser = newBrowser();
    const query = world.provider.approve(await begin(browser));
    await callback(browser, query);
    const again = await callback(browser, query);
    expect(again.statusCode).toBe(302);
    expect(again.headers.location).toBe('https://app.example.com/app');
    expect(again.headers['set-cookie']).toBeUndefined();
    expect(world.provider.redemptions).toHaveLength(1);
  });

  it('makes one session of fifty callbacks at a time (L3)', async () => {
    const browser = newBrowser();
    const query = world.provider.approve(await begin(browser));
    const answers = await Promise.all(Array.from({ length: 50 }, () => callback(copyOf(browser), query)));
    expect(answers.filter((answer) => answer.headers['set-cookie'] !== undefined)).toHaveLength(1);
    expect(world.provider.redemptions).toHaveLength(1);
  });

  it.each([
    ['comes twice', 0],
    ['comes late', 600],
    ['comes with an idle session', 3600],
  ])('offers a restart that keeps the page when it %s to who is not logged in (L13)', async (_case, seconds) => {
    const browser = newBrowser();
    const query = world.provider.approve(await begin(browser, '/app?x=1#top'));
    if (seconds === 0) await callback(copyOf(browser), query);
    if (seconds === 3600) await world.logIn(browser);
    world.clock.advance(seconds);
    const answer = await callback(browser, query);
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('login_expired');
    expect(answer.body).toContain('href="https://app.example.com/_auth/login?rd=%2Fapp%3Fx%3D1%23top"');
  });

  it('does not continue with a session of another instance', async () => {
    const browser = newBrowser();
    const query = world.provider.approve(await begin(browser));
    await callback(copyOf(browser), query);
    browser.cookies.set('__Host-sallyport', await otherSession(world));
    expect((await callback(browser, query)).statusCode).toBe(400);
  });

  it.each([
    ['access_denied', 403],
    ['login_required', 400],
    ['server_error', 400],
  ])('shows the provider’s %s as %i with a way to try again', async (error, status) => {
    const browser = newBrowser();
    const answer = await callback(browser, world.provider.decline(await begin(browser), error));
    expect(answer.statusCode).toBe(status);
    expect(answer.body).toContain(`<code>${error}</code>`);
    expect(answer.body).toContain('href="https://app.example.com/_auth/login?rd=%2Fapp"');
    expect(world.telemetry.events.at(-1)).toMatchObject({ name: 'login_failed', fields: { code: error } });
  });

  it('shows no markup of an error parameter (L9)', async () => {
    const browser = newBrowser();
    const query = world.provider.decline(await begin(browser), '<script>alert(1)</script>');
    const answer = await callback(browser, `${query}&error_description=%3Cscript%3E`);
    expect(answer.statusCode).toBe(400);
    expect(answer.body).not.toContain('<script');
    expect(answer.body).toContain('server_error');
  });

  it('shows nothing private of an answer that failed validation, and sets no cookie', async () => {
    world.provider.answer({ kind: 'refused', code: 'invalid_response', detail: 'canary-detail' });
    const browser = newBrowser();
    const answer = await callback(browser, world.provider.approve(await begin(browser)));
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('invalid_response');
    expect(answer.body).not.toContain('canary-detail');
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('answers 503 when the provider goes away in the middle (I1)', async () => {
    const browser = newBrowser();
    const query = world.provider.approve(await begin(browser));
    world.provider.setReachable(false);
    const answer = await callback(browser, query);
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['set-cookie']).toBeUndefined();
    world.provider.setReachable(true);
    expect((await callback(browser, query)).statusCode).toBe(302);
  });

  it('finishes no attempt that began at a provider which the instance does not use any more (L5)', async () => {
    const browser = newBrowser();
    const query = world.provider.approve(await begin(browser));
    const next = fakeAuthorizationServer({ name: 'next', now: () => world.clock.now() });
    const { services } = world;
    const providers = new Map([
      ['idp', world.provider],
      ['next', next],
    ]);
    const reply = await answerCallback(
      httpRequest({ target: `/_auth/callback?${query}`, headers: { cookie: cookieHeader(browser) } }),
      'https://app.example.com',
      next,
      sessionRuntime('web', sessionSettings.parse({ provider: 'next' }), { ...services, providers }),
    );
    expect(reply.status).toBe(400);
    expect(world.provider.redemptions).toHaveLength(0);
  });

  it('tells the log no code, state, verifier, token, cookie or URL (G8)', async () => {
    const browser = newBrowser();
    const url = await begin(browser);
    const query = world.provider.approve(url);
    await callback(browser, query);
    await callback(newBrowser(), query);
    const secrets = [
      'canary',
      'https://',
      ...browser.cookies.values(),
      ...new URLSearchParams(query).values(),
      ...world.provider.redemptions.map(({ checks }) => checks.codeVerifier),
    ];
    for (const secret of secrets) expect(world.telemetry.text()).not.toContain(secret);
  });
});
