import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newBrowser, otherSession, type SessionWorld, sessionWorld } from '../../../test/support/session-world.ts';

let world: SessionWorld;
beforeEach(async () => {
  world = await sessionWorld();
});
afterEach(async () => {
  await world.close();
});

describe('GET /userinfo', () => {
  it('says who is logged in and until when, without tokens and uncached', async () => {
    const browser = newBrowser();
    await world.logIn(browser);
    const answer = await world.visit(browser, '/_auth/userinfo');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(answer.json()).toEqual({
      sub: 'alice',
      email: 'alice@example.com',
      name: 'Alice Adams',
      groups: ['staff', 'admins'],
      provider: 'idp',
      expires_at: world.clock.now() + 12 * 3600,
      idle_expires_at: world.clock.now() + 3600,
    });
    expect(answer.body).not.toContain('canary');
  });

  it('does not extend the session, however often it is asked', async () => {
    const browser = newBrowser();
    await world.close();
    world = await sessionWorld({ settings: { idleLifetime: '10m' } });
    await world.logIn(browser);
    for (let minute = 0; minute < 10; minute += 1) {
      expect((await world.visit(browser, '/_auth/userinfo')).statusCode).toBe(200);
      world.clock.advance(60);
    }
    expect((await world.visit(browser, '/_auth/userinfo')).statusCode).toBe(401);
  });

  it('never promises more idle time than there is session', async () => {
    await world.close();
    world = await sessionWorld({ settings: { idleLifetime: '12h', absoluteLifetime: '1h' } });
    const browser = newBrowser();
    await world.logIn(browser);
    const { expires_at, idle_expires_at } = (await world.visit(browser, '/_auth/userinfo')).json();
    expect(idle_expires_at).toBe(expires_at);
  });

  it('leaves out what is not known of the user', async () => {
    world.provider.logInAs({ subject: '7', claims: new Map() });
    const browser = newBrowser();
    await world.logIn(browser);
    const answer = (await world.visit(browser, '/_auth/userinfo')).json();
    expect(answer).toMatchObject({ sub: '7', groups: [] });
    expect(answer).not.toHaveProperty('email');
    expect(answer).not.toHaveProperty('name');
  });

  it('says 401 without a session, after its end, and for a session of another instance; never a redirect', async () => {
    const nobody = await world.visit(newBrowser(), '/_auth/userinfo');
    expect(nobody.statusCode).toBe(401);
    expect(nobody.json()).toMatchObject({ error: 'login_required' });

    const other = { cookies: new Map([['__Host-sallyport', await otherSession(world)]]) };
    expect((await world.visit(other, '/_auth/userinfo')).statusCode).toBe(401);

    const browser = newBrowser();
    await world.logIn(browser);
    world.clock.advance(3600);
    expect((await world.visit(browser, '/_auth/userinfo')).statusCode).toBe(401);
  });
});
