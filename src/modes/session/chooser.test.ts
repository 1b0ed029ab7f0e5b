import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { navigation } from '../../../test/support/browser-headers.ts';
import { httpRequest } from '../../../test/support/http-request.ts';
import {
  appOrigin,
  cookieHeader,
  newBrowser,
  type SessionWorld,
  sessionWorld,
} from '../../../test/support/session-world.ts';
import type { Reply } from '../../core/verdict.ts';
import type { Pass } from '../mode.ts';
import type { SessionRequirements } from './requirements.ts';

let world: SessionWorld;
beforeEach(async () => {
  world = await sessionWorld({ furtherProviders: ['partners', 'guests'] });
});
afterEach(async () => {
  await world.close();
});

async function check(requirements: SessionRequirements, browser = newBrowser()): Promise<Pass | Reply> {
  const cookie = browser.cookies.size === 0 ? {} : { cookie: cookieHeader(browser) };
  const request = httpRequest({ target: '/app?x=1', headers: { ...navigation, ...cookie } });
  const { authorize } = world.instance;
  if (authorize === undefined) throw new Error('a session instance decides requests');
  return await authorize(request, { origin: appOrigin, rule: 'the application', rejected: undefined }, requirements);
}

async function locationOf(requirements: SessionRequirements): Promise<string> {
  const answer = await check(requirements);
  return answer.kind === 'reply' ? (new Map(answer.headers).get('location') ?? '') : '';
}

describe('an instance with several providers', () => {
  it('asks which one, and comes back to the page that was wanted', async () => {
    const location = await locationOf({});
    expect(location).toBe(`${appOrigin}/_auth/login?rd=${encodeURIComponent('/app?x=1')}`);
    const browser = newBrowser();
    const page = await world.visit(browser, location.slice(appOrigin.length));
    expect(page.statusCode).toBe(200);
    // Nothing is begun before somebody has chosen.
    expect(browser.cookies.size).toBe(0);
    // Without an action, so that the page's fragment survives.
    expect(page.body).toContain('<form method="get">');
    expect(page.body).toContain('name="rd" value="/app?x=1"');
    for (const name of ['idp', 'partners', 'guests']) expect(page.body).toContain(`name="provider" value="${name}"`);

    const chosen = await world.visit(browser, `/_auth/login?rd=${encodeURIComponent('/app?x=1')}&provider=partners`);
    expect(chosen.headers.location).toMatch(/^https:\/\/partners\.example\/authorize\?/);
    const query = world.providers.get('partners')?.approve(String(chosen.headers.location));
    expect((await world.visit(browser, `/_auth/callback/partners?${query}`)).headers.location).toBe(
      `${appOrigin}/app?x=1`,
    );
    expect((await world.visit(browser, '/_auth/userinfo')).json()).toMatchObject({ provider: 'partners' });
  });

  it('asks for the providers that the rule names alone, and not at all for one', async () => {
    const location = await locationOf({ providers: ['partners', 'guests'] });
    expect(location).toMatch(/&provider=partners&provider=guests$/);
    const page = await world.visit(newBrowser(), location.slice(appOrigin.length));
    expect(page.body).not.toContain('value="idp"');
    expect(await locationOf({ providers: ['guests'] })).toMatch(/^https:\/\/guests\.example\/authorize\?/);
  });

  it('sends who is signed in elsewhere to the provider that the rule names', async () => {
    const browser = newBrowser();
    const started = await world.visit(browser, '/_auth/login?provider=idp');
    await world.visit(browser, `/_auth/callback/idp?${world.provider.approve(String(started.headers.location))}`);
    expect((await check({}, browser)).kind).toBe('pass');
    expect((await check({ providers: ['idp'] }, browser)).kind).toBe('pass');
    const answer = await check({ providers: ['partners'] }, browser);
    expect(answer).toMatchObject({ kind: 'reply', status: 302 });
  });

  it('takes the answer of one provider for an attempt at another for none (L5)', async () => {
    const browser = newBrowser();
    const started = await world.visit(browser, '/_auth/login?provider=partners');
    // The attacker's provider answers with its own `iss` for an attempt that began at the honest one.
    const query = world.provider.approve(String(started.headers.location));
    for (const name of ['idp', 'partners', 'guests']) {
      expect((await world.visit(browser, `/_auth/callback/${name}?${query}`)).statusCode).toBe(400);
    }
    expect(world.providers.get('partners')?.redemptions).toHaveLength(0);
  });

  it('hands no code of one provider to another, though neither says who it is (mix-up, RFC 9700 §4.4)', async () => {
    await world.close();
    world = await sessionWorld({ furtherProviders: ['mallory'], provider: { sendsIss: false } });
    const browser = newBrowser();
    const chosen = new URL(String((await world.visit(browser, '/_auth/login?provider=mallory')).headers.location));
    expect(chosen.searchParams.get('redirect_uri')).toBe(`${appOrigin}/_auth/callback/mallory`);
    // Mallory sends the victim on to the honest provider, which takes no redirect URI but the one registered there.
    chosen.searchParams.set('redirect_uri', `${appOrigin}/_auth/callback/idp`);
    const answer = world.provider.approve(chosen.href);
    expect((await world.visit(browser, `/_auth/callback/idp?${answer}`)).statusCode).toBe(400);
    expect(world.provider.redemptions).toHaveLength(0);
    expect(world.providers.get('mallory')?.redemptions).toHaveLength(0);
  });

  it.each(['/_auth/login?provider=nobody', '/_auth/login?provider='])('refuses %s', async (target) => {
    const answer = await world.visit(newBrowser(), target);
    expect(answer.statusCode).toBe(400);
    expect(answer.headers.location).toBeUndefined();
  });

  it('goes on with the others while one is down', async () => {
    world.provider.setReachable(false);
    expect((await world.visit(newBrowser(), '/_auth/login')).statusCode).toBe(200);
    expect((await world.visit(newBrowser(), '/_auth/login?provider=idp')).statusCode).toBe(503);
    expect((await world.visit(newBrowser(), '/_auth/login?provider=guests')).statusCode).toBe(302);
  });

  it('logs out at the provider of the session', async () => {
    const browser = newBrowser();
    const started = await world.visit(browser, '/_auth/login?provider=guests');
    const query = world.providers.get('guests')?.approve(String(started.headers.location));
    await world.visit(browser, `/_auth/callback/guests?${query}`);
    const page = await world.visit(browser, '/_auth/logout');
    expect(page.headers['content-security-policy']).toContain("form-action 'self' https:;");
    const out = await world.visit(browser, '/_auth/logout', { method: 'POST', headers: { origin: appOrigin } });
    expect(out.headers.location).toMatch(/^https:\/\/guests\.example\/logout\?/);
    const again = await world.visit(browser, '/_auth/logout', { method: 'POST', headers: { origin: appOrigin } });
    expect(again.headers.location).toBe(`${appOrigin}/_auth/logout/callback`);
  });
});
