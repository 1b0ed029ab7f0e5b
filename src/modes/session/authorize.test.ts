import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { navigation } from '../../../test/support/browser-headers.ts';
import type { HttpRequestParts } from '../../../test/support/http-request.ts';
import { type CheckParts, checkIn, headerOf, loggedInTo, refusalIn } from '../../../test/support/session-check.ts';
import {
  appOrigin,
  type Browser,
  cookieHeader,
  newBrowser,
  otherSession,
  type SessionWorld,
  sessionWorld,
} from '../../../test/support/session-world.ts';
import type { Reply } from '../../core/verdict.ts';
import { StoreUnavailableError } from '../../ports/store.ts';

let world: SessionWorld;
beforeEach(async () => {
  world = await sessionWorld();
});
afterEach(async () => {
  await world.close();
});

const check = (parts?: CheckParts) => checkIn(world, parts);
const refusal = (parts?: CheckParts) => refusalIn(world, parts);
const loggedIn = () => loggedInTo(world);

describe('the check of session mode, without a session', () => {
  it('redirects a navigation to the provider, uncached, with one binding cookie (R8)', async () => {
    const reply = await refusal({ headers: navigation, target: '/app/orders?x=1' });
    expect(reply.status).toBe(302);
    expect(headerOf(reply, 'location')).toMatch(/^https:\/\/idp\.example\/authorize\?/);
    expect(headerOf(reply, 'cache-control')).toBe('no-store');
    expect(headerOf(reply, 'set-cookie')).toMatch(
      /^__Host-sallyport-login=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    );
    expect(world.telemetry.names()).toEqual(['login_started']);
  });

  it.each<[HttpRequestParts, string]>([
    [{ method: 'POST', headers: navigation }, 'a POST with an expired session (R9)'],
    [{ headers: { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', accept: '*/*' } }, 'fetch() (R10)'],
    [{ headers: { ...navigation, 'sec-fetch-dest': 'iframe' } }, 'an iframe (R10)'],
    [{ headers: { ...navigation, 'sec-purpose': 'prefetch' } }, 'a prefetch (R10)'],
    [{ headers: { upgrade: 'websocket', origin: appOrigin } }, 'a WebSocket (P11)'],
    [{ headers: { 'content-type': 'application/grpc' }, method: 'POST' }, 'gRPC'],
    [{ headers: { 'user-agent': 'kube-probe/1.30' } }, 'a probe (H10)'],
    [{ headers: { 'user-agent': 'GoogleHC/1.0' } }, 'a health check (H10)'],
  ])('says 401 to %j and leaves nothing behind: %s', async (parts) => {
    const reply = await refusal(parts);
    expect(reply.status).toBe(401);
    expect(JSON.parse(reply.body)).toMatchObject({
      error: 'login_required',
      login_url: 'https://app.example.com/_auth/login',
    });
    expect(headerOf(reply, 'set-cookie')).toBeUndefined();
    expect(headerOf(reply, 'location')).toBeUndefined();
    expect(headerOf(reply, 'cache-control')).toBe('no-store');
  });

  it.each(['http://evil.example', 'https://app.example.com:8443', 'null'])(
    'refuses a WebSocket from a page of %s (P11)',
    async (origin) => {
      const reply = await refusal({ headers: { upgrade: 'websocket', origin } });
      expect(reply.status).toBe(403);
      expect(world.telemetry.events).toEqual([
        { name: 'request_refused', fields: { rule: 'the application', reason: 'foreign_websocket' } },
      ]);
    },
  );

  it('takes neither a return URL from Referer or a cookie, nor an origin from X-Forwarded-* (H9, R4, R5)', async () => {
    const browser = newBrowser();
    const reply = await refusal({
      target: '/app/orders',
      headers: {
        ...navigation,
        referer: 'https://evil.example/',
        cookie: 'rd=https://evil.example/',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'http',
        'x-forwarded-prefix': '/evil',
        forwarded: 'host=evil.example;proto=http',
        'x-original-url': '/evil',
      },
    });
    const location = headerOf(reply, 'location') ?? '';
    expect(new URL(location).searchParams.get('redirect_uri')).toBe('https://app.example.com/_auth/callback');
    keepBinding(browser, reply);
    const back = await world.visit(browser, `/_auth/callback?${world.provider.approve(location)}`);
    expect(back.headers.location).toBe('https://app.example.com/app/orders');
  });

  it.each([
    ['path and query', '/app/orders?x=1&y=%2F', 'https://app.example.com/app/orders?x=1&y=%2F'],
    ['a query as browsers send it', '/app?q=100%&path=C:\\x', 'https://app.example.com/app?q=100%&path=C:\\x'],
    ['8 kB, by the start page', `/app?${'a'.repeat(8000)}`, 'https://app.example.com/'],
    ['64 kB, by the start page', `/app?${'a'.repeat(64_000)}`, 'https://app.example.com/'],
  ])('comes back after login to %s (R7)', async (_what, target, expected) => {
    const browser = newBrowser();
    const reply = await refusal({ target, headers: navigation });
    keepBinding(browser, reply);
    const back = await world.visit(
      browser,
      `/_auth/callback?${world.provider.approve(headerOf(reply, 'location') ?? '')}`,
    );
    expect(back.statusCode).toBe(302);
    expect(back.headers.location).toBe(expected);
  });

  it('answers 503 to navigations while the provider is down, and never lets them through (I1)', async () => {
    world.provider.setReachable(false);
    const reply = await refusal({ headers: navigation });
    expect(reply.status).toBe(503);
    expect(headerOf(reply, 'retry-after')).toBe('5');
    expect(headerOf(reply, 'set-cookie')).toBeUndefined();
    expect(reply.body).not.toContain('ECONNREFUSED');
  });

  it('grows neither cookies nor store with 200 abandoned attempts (L11)', async () => {
    const browser = newBrowser();
    for (let attempt = 0; attempt < 200; attempt += 1) {
      keepBinding(browser, await refusal({ browser, headers: navigation }));
    }
    expect([...browser.cookies.keys()]).toEqual(['__Host-sallyport-login']);
  });
});

describe('the check of session mode, with a session', () => {
  it('lets the request through with the identity, and keeps its answer out of caches', async () => {
    expect(await check({ browser: await loggedIn() })).toEqual({
      kind: 'pass',
      setHeaders: [
        ['authorization', 'Bearer canary-access-token'],
        ['x-auth-request-user', 'alice'],
        ['x-auth-request-email', 'alice@example.com'],
        ['x-auth-request-name', 'Alice Adams'],
      ],
      responseHeadersIfAbsent: [['cache-control', 'private, no-store']],
    });
  });

  it('ends after the idle time without a request', async () => {
    await world.close();
    world = await sessionWorld({ settings: { idleLifetime: '10m' } });
    const browser = await loggedIn();
    world.clock.advance(599);
    expect((await check({ browser })).kind).toBe('pass');
    world.clock.advance(599);
    expect((await check({ browser })).kind).toBe('pass');
    world.clock.advance(600);
    expect((await refusal({ browser })).status).toBe(401);
  });

  it.each([
    ['no value', '__Host-sallyport'],
    ['an empty value', '__Host-sallyport='],
    ['no id', '__Host-sallyport=x'],
    ['a name of Object.prototype', '__Host-sallyport=__proto__'],
    ['70 kB (S10)', `__Host-sallyport=${'A'.repeat(70_000)}`],
  ])('takes a cookie with %s for no session', async (_what, cookie) => {
    expect((await refusal({ headers: { cookie } })).status).toBe(401);
  });

  it('takes every re-spelled, cut or flipped id for no session, with one answer (S4)', async () => {
    const browser = await loggedIn();
    const id = browser.cookies.get('__Host-sallyport') ?? '';
    const answers = new Set<string>();
    for (let index = 0; index < id.length; index += 1) {
      const flipped = id.slice(0, index) + (id[index] === 'A' ? 'B' : 'A') + id.slice(index + 1);
      for (const wrong of [flipped, id.slice(0, index), `"${id}"`, `${id}.`, id.replace('.', '%2E')]) {
        answers.add(JSON.stringify(await refusal({ headers: { cookie: `__Host-sallyport=${wrong}` } })));
      }
    }
    expect(answers.size).toBe(1);
  });

  it('takes its cookie for none when it came twice, in another name, or beside undecodable bytes (S8, S9, H15)', async () => {
    const own = cookieHeader(await loggedIn());
    const id = /__Host-sallyport=([^;]+)/.exec(own)?.[1] ?? '';
    for (const cookie of [
      `${own}; __Host-sallyport=${id}`,
      `sallyport=${id}`,
      `__host-sallyport=${id}`,
      `${own}; a=\xff`,
    ]) {
      expect((await refusal({ headers: { cookie } })).status).toBe(401);
    }
    expect((await check({ headers: { cookie: `${own}; name=voil\xc3\xa0` } })).kind).toBe('pass');
  });

  it('is not accepted from another instance', async () => {
    const cookie = `__Host-sallyport=${await otherSession(world)}`;
    expect((await refusal({ headers: { cookie } })).status).toBe(401);
  });

  it('refuses a user who is not admitted with 403 and the reason, never a redirect', async () => {
    const browser = await loggedIn();
    const requirements = { groups: ['owners'] };
    const page = await refusal({ browser, requirements, headers: navigation });
    expect(page.status).toBe(403);
    expect(page.body).toContain('href="https://app.example.com/_auth/logout"');
    const json = await refusal({ browser, requirements });
    expect(JSON.parse(json.body)).toMatchObject({ error: 'access_denied', reason: 'group_not_allowed' });
    expect(world.telemetry.events.at(-1)).toEqual({
      name: 'request_refused',
      fields: { rule: 'the application', reason: 'group_not_allowed' },
    });
    expect((await check({ browser, requirements: { groups: ['admins'] } })).kind).toBe('pass');
  });

  it('counts unverified addresses where the provider is vouched for', async () => {
    await world.close();
    world = await sessionWorld({ provider: { vouchesForEmail: true } });
    world.provider.logInAs({ claims: new Map([['email', 'alice@example.com']]) });
    const requirements = { domains: ['example.com'] };
    expect((await check({ browser: await loggedIn(), requirements })).kind).toBe('pass');
  });

  it('throws while the store is down, and works with the same cookie afterwards (I4)', async () => {
    const browser = await loggedIn();
    world.store.setReachable(false);
    await expect(check({ browser })).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(check({ browser, headers: navigation })).rejects.toBeInstanceOf(StoreUnavailableError);
    world.store.setReachable(true);
    expect((await check({ browser })).kind).toBe('pass');
  });

  it('waits for no touch, and only reports one that failed', async () => {
    const browser = await loggedIn();
    world.clock.advance(120);
    const name = world.services.sessions.idNames.nameOf(browser.cookies.get('__Host-sallyport') ?? '') ?? '';
    const before = await world.store.sessions.find(name);
    const checked = check({ browser });
    // The lookup has begun and gets through; the touch that follows it does not.
    world.store.setReachable(false);
    expect((await checked).kind).toBe('pass');
    await new Promise(setImmediate);
    expect(world.telemetry.events.at(-1)).toMatchObject({ name: 'store_unavailable', fields: { operation: 'touch' } });
    world.store.setReachable(true);
    expect((await world.store.sessions.find(name))?.lastSeenAt).toBe(before?.lastSeenAt);
  });

  it('tells the log no secret (G8)', async () => {
    const browser = await loggedIn();
    await check({ browser });
    await refusal({ browser, requirements: { groups: ['owners'] } });
    for (const secret of ['canary', browser.cookies.get('__Host-sallyport') ?? '', 'alice']) {
      expect(world.telemetry.text()).not.toContain(secret);
    }
  });
});

/** Keeps the binding cookie of a redirect to login. */
function keepBinding(browser: Browser, reply: Reply): void {
  const value = /^__Host-sallyport-login=([^;]+)/.exec(headerOf(reply, 'set-cookie') ?? '')?.[1];
  if (value !== undefined) browser.cookies.set('__Host-sallyport-login', value);
}
