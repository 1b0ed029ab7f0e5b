import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpRequest } from '../../../test/support/http-request.ts';
import { tokenSetAt } from '../../../test/support/session.ts';
import {
  appOrigin,
  type Browser,
  cookieHeader,
  copyOf,
  newBrowser,
  type SessionWorld,
  sessionWorld,
} from '../../../test/support/session-world.ts';
import { Secret } from '../../core/secret.ts';
import type { Reply } from '../../core/verdict.ts';
import type { Pass } from '../mode.ts';

let world: SessionWorld;
beforeEach(async () => {
  world = await sessionWorld({ settings: { state: 'sealed', idleLifetime: '30m' } });
});
afterEach(async () => {
  await world.close();
});

async function check(browser: Browser): Promise<Pass | Reply> {
  const { authorize } = world.instance;
  if (authorize === undefined) throw new Error('a session instance decides requests');
  const headers = { cookie: cookieHeader(browser) };
  return await authorize(
    httpRequest({ target: '/app', headers }),
    { origin: appOrigin, rule: 'app', rejected: undefined },
    {},
  );
}

/** A browser that is logged in with an access token of so many characters. */
async function loggedIn(length = 20): Promise<Browser> {
  const accessToken = new Secret('t'.repeat(length));
  world.provider.logInAs({ tokenSet: tokenSetAt(world.clock.now(), { accessToken, expiresAt: undefined }) });
  const browser = newBrowser();
  await world.logIn(browser);
  return browser;
}

const sessionCookies = (browser: Browser) =>
  [...browser.cookies.keys()].filter((name) => /^__Host-sallyport(?:\.\d)?$/.test(name));

describe('a sealed session', () => {
  it('needs no store: it logs in, is used and logs out while the store is down', async () => {
    const browser = newBrowser();
    const started = await world.visit(browser, '/_auth/login');
    const query = world.provider.approve(String(started.headers.location));
    // The marker of the attempt alone is of this process.
    await world.visit(browser, `/_auth/callback?${query}`);
    world.store.setReachable(false);
    expect(await check(browser)).toMatchObject({
      kind: 'pass',
      setHeaders: [
        ['authorization', 'Bearer canary-access-token'],
        ['x-auth-request-user', 'alice'],
        ['x-auth-request-email', 'alice@example.com'],
        ['x-auth-request-name', 'Alice Adams'],
      ],
    });
    expect((await world.visit(browser, '/_auth/userinfo')).json()).toMatchObject({ sub: 'alice' });
    await world.visit(browser, '/_auth/logout', { method: 'POST', headers: { origin: appOrigin } });
    expect(sessionCookies(browser)).toEqual([]);
    expect(await check(browser)).toMatchObject({ kind: 'reply', status: 401 });
  });

  it('takes as many cookies as it needs, and fewer again after the next login', async () => {
    const browser = await loggedIn(6_000);
    expect(sessionCookies(browser)).toEqual(['__Host-sallyport', '__Host-sallyport.1', '__Host-sallyport.2']);
    expect((await check(browser)).kind).toBe('pass');
    world.provider.logInAs({});
    await world.logIn(browser);
    expect(sessionCookies(browser)).toEqual(['__Host-sallyport']);
    expect((await check(browser)).kind).toBe('pass');
  });

  it('says so when it is larger than browsers keep, and goes in no circle', async () => {
    world.provider.logInAs({
      tokenSet: tokenSetAt(world.clock.now(), { accessToken: new Secret('t'.repeat(20_000)) }),
    });
    const browser = newBrowser();
    const answer = await world.logIn(browser);
    expect(answer.statusCode).toBe(503);
    expect(sessionCookies(browser)).toEqual([]);
    expect(world.telemetry.events.at(-1)).toMatchObject({ fields: { outcome: 'session_too_large' } });
  });

  it('lives as long as it is used: its use is noted in the cookie, seldom', async () => {
    const browser = await loggedIn();
    expect((await check(browser)) as Pass).not.toHaveProperty('setCookies');
    for (let minutes = 0; minutes < 60; minutes += 20) {
      world.clock.advance(1_200);
      const passed = await check(browser);
      const [, value = ''] = /^__Host-sallyport=([^;]+)/.exec((passed as Pass).setCookies?.[0] ?? '') ?? [];
      browser.cookies.set('__Host-sallyport', value);
    }
    world.clock.advance(1_799);
    expect((await check(browser)).kind).toBe('pass');
    world.clock.advance(1);
    expect((await check(browser)).kind).toBe('reply');
  });

  it('is not brought back by the late answer to a request that was under way at the logout', async () => {
    const browser = await loggedIn();
    world.clock.advance(1_200);
    const late = (await check(browser)) as Pass;
    await world.visit(browser, '/_auth/logout', { method: 'POST', headers: { origin: appOrigin } });
    const [, value = ''] = /^__Host-sallyport=([^;]+)/.exec(late.setCookies?.[0] ?? '') ?? [];
    expect(value).not.toBe('');
    browser.cookies.set('__Host-sallyport', value);
    expect(await check(browser)).toMatchObject({ kind: 'reply', status: 401 });
    // Another cookie of that name hides nothing.
    browser.cookies.set('planted', '1; __Host-sallyport.out=0; __Host-sallyport.out=x');
    expect(await check(browser)).toMatchObject({ kind: 'reply', status: 401 });
    // And a login after it counts.
    world.provider.logInAs({});
    await world.logIn(browser);
    expect((await check(browser)).kind).toBe('pass');
  });

  it('travels on no answer that a cache may keep, whatever the workload says of its own', async () => {
    const browser = await loggedIn();
    world.clock.advance(1_200);
    expect(await check(browser)).toMatchObject({ setResponseHeaders: [['cache-control', 'private, no-store']] });
  });

  it('ends at its absolute end, however often it is used', async () => {
    const browser = await loggedIn();
    const copy = copyOf(browser);
    world.clock.advance(12 * 3600);
    expect((await check(copy)).kind).toBe('reply');
  });

  it('is none with any bit flipped, cut anywhere, or with chunks of another session (S4, S5, S6, S7)', async () => {
    const browser = await loggedIn(3_000);
    const other = await loggedIn(3_000);
    const answers = new Set<string>();
    const collect = async (changed: Browser) => answers.add(JSON.stringify(await check(changed)));
    for (const name of sessionCookies(browser)) {
      const value = browser.cookies.get(name) ?? '';
      for (let index = 0; index < value.length; index += 7) {
        const flipped = `${value.slice(0, index)}${value[index] === 'A' ? 'B' : 'A'}${value.slice(index + 1)}`;
        for (const wrong of [flipped, value.slice(0, index)]) {
          const changed = copyOf(browser);
          changed.cookies.set(name, wrong);
          await collect(changed);
        }
      }
      const mixed = copyOf(browser);
      mixed.cookies.set(name, other.cookies.get(name) ?? '');
      await collect(mixed);
      const missing = copyOf(browser);
      missing.cookies.delete(name);
      await collect(missing);
    }
    const surplus = copyOf(browser);
    surplus.cookies.set('__Host-sallyport.4', 'AAAA');
    await collect(surplus);
    expect(answers.size).toBe(1);
    expect(JSON.parse([...answers][0] ?? '')).toMatchObject({ kind: 'reply', status: 401 });
  });

  it('shows no token and no claim to who reads the cookie', async () => {
    const text = Buffer.from((await loggedIn()).cookies.get('__Host-sallyport') ?? '', 'base64url').toString('latin1');
    for (const secret of ['ttttt', 'alice', 'canary']) expect(text).not.toContain(secret);
  });

  it('never reaches the workload: every cookie that it may take is ours', () => {
    expect(world.instance.ownCookies).toEqual([
      '__Host-sallyport',
      '__Host-sallyport.1',
      '__Host-sallyport.2',
      '__Host-sallyport.3',
      '__Host-sallyport.4',
      '__Host-sallyport.out',
      '__Host-sallyport-login',
    ]);
  });
});
