import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  appOrigin,
  type Browser,
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

async function approved(browser: Browser): Promise<string> {
  const started = await world.visit(browser, '/_auth/login?rd=/app');
  return world.provider.approve(String(started.headers.location));
}

/** The form that the provider's page sends: across sites, so without our cookies. */
async function post(payload: string, headers: Readonly<Record<string, string>> = {}) {
  return await world.visit(newBrowser(), '/_auth/callback', {
    method: 'POST',
    payload,
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://idp.example', ...headers },
  });
}

/** Path and query on our origin. */
function targetOf(location: unknown): string {
  expect(location).toMatch(new RegExp(`^${appOrigin}/_auth/callback\\?handle=[A-Za-z0-9_-]+$`));
  return String(location).slice(appOrigin.length);
}

describe('POST /callback (OAuth 2.0 Form Post Response Mode)', () => {
  it('sends the browser on with a sealed handle, and the GET that follows logs in', async () => {
    const browser = newBrowser();
    const form = await approved(browser);
    const answer = await post(form);
    expect(answer.statusCode).toBe(303);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(String(answer.headers.location)).not.toContain(new URLSearchParams(form).get('code'));
    const back = await world.visit(browser, targetOf(answer.headers.location));
    expect(back.headers.location).toBe(`${appOrigin}/app`);
    expect((await world.visit(browser, '/_auth/userinfo')).statusCode).toBe(200);
  });

  it('keeps the binding: the handle is of no use in another browser, and works once (L1, L3)', async () => {
    const browser = newBrowser();
    const target = targetOf((await post(await approved(browser))).headers.location);
    const victim = newBrowser();
    await approved(victim);
    expect((await world.visit(victim, target)).statusCode).toBe(400);
    expect((await world.visit(browser, target)).statusCode).toBe(302);
    expect((await world.visit(newBrowser(), target)).statusCode).toBe(400);
    expect(world.provider.redemptions).toHaveLength(1);
  });

  it('passes the provider’s refusal on', async () => {
    const browser = newBrowser();
    const started = await world.visit(browser, '/_auth/login?rd=/app');
    const form = world.provider.decline(String(started.headers.location));
    const back = await world.visit(browser, targetOf((await post(form)).headers.location));
    expect(back.statusCode).toBe(403);
    expect(back.body).toContain('access_denied');
  });

  it('takes no handle after a minute, changed, or beside other parameters', async () => {
    const browser = newBrowser();
    const form = await approved(browser);
    const target = targetOf((await post(form)).headers.location);
    for (const wrong of [
      `${target}A`,
      target.slice(0, -1),
      `${target}&x=1`,
      `/_auth/callback?handle=${new URLSearchParams(form).get('state')}`,
    ]) {
      expect((await world.visit(browser, wrong)).statusCode).toBe(400);
    }
    world.clock.advance(60);
    expect((await world.visit(browser, target)).statusCode).toBe(400);
    expect(world.provider.redemptions).toHaveLength(0);
  });

  it.each([
    ['', 'an empty form'],
    ['code=c', 'no state'],
    ['code=c&state=s', 'a state that is not ours'],
    ['code=c&code=d&state=s', 'a doubled parameter'],
    [`x=${'a'.repeat(30_000)}`, 'a long form'],
  ])('seals nothing for %j: %s', async (form) => {
    expect((await post(form)).statusCode).toBe(400);
  });

  it('reads forms alone, and none that is too large', async () => {
    const form = await approved(newBrowser());
    expect((await post(form, { 'content-type': 'text/plain' })).statusCode).toBe(400);
    expect((await post(form, { 'content-type': 'multipart/form-data; boundary=x' })).statusCode).toBe(400);
    expect((await post(`${form}&x=${'a'.repeat(40_000)}`)).statusCode).toBe(413);
  });
});
