import type { BrowserContext, Page } from 'playwright-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectNoSecretInLogs } from '../support/aftermath.ts';
import { newBrowserContext } from '../support/browser.ts';
import { ownClientSecret, ownIssuer } from '../support/own-issuer.ts';
import type { RecordedRequest } from '../support/recording-upstream.ts';
import { noteSecret } from '../support/seen-secrets.ts';
import { authorize, noteCookies, openAs, signIn, waitForWorkload } from '../support/sign-in.ts';
import { bindingCookie, sessionCookie, startWorld, type World } from '../support/world.ts';

// A real browser, a real Envoy, and Sallyport as its own provider: its login and consent pages, `__Host-` cookies.

let world: World;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  world = await startWorld({ adjust: await ownIssuer() });
  noteSecret(ownClientSecret);
});

beforeEach(async () => {
  context = await newBrowserContext();
  page = await context.newPage();
  world.upstream.answerWith(workloadPage);
});

afterEach(async () => {
  await noteCookies(page);
  await context.close();
  world.reset();
  expectNoSecretInLogs(world);
});

function workloadPage({ target }: RecordedRequest) {
  return { headers: [['content-type', 'text/html']] as const, body: `<title>Workload</title><h1>Page ${target}</h1>` };
}

/** What reached the workload for a page; the browser asks for an icon besides. */
function requestsFor(prefix: string): readonly RecordedRequest[] {
  return world.upstream.requests.filter(({ target }) => target.startsWith(prefix));
}

/**
 * The URL of the first request that matches `pattern` while `act` goes on; the request fails before it is sent.
 * Over the devtools protocol, because Playwright's own routes pass redirects over.
 */
async function interceptedUrl(tab: Page, pattern: string, act: () => Promise<void>): Promise<string> {
  const devtools = await tab.context().newCDPSession(tab);
  const url = new Promise<string>((resolve) => {
    devtools.on('Fetch.requestPaused', ({ requestId, request }) => {
      resolve(request.url);
      void devtools.send('Fetch.failRequest', { requestId, errorReason: 'Aborted' });
    });
  });
  await devtools.send('Fetch.enable', { patterns: [{ urlPattern: pattern }] });
  await act();
  const intercepted = await url;
  await devtools.detach();
  return intercepted;
}

async function cookieNames(): Promise<readonly string[]> {
  return (await context.cookies()).map(({ name }) => name).sort();
}

describe('a first login', () => {
  it('ends on exactly the URL that was opened, fragment included', async () => {
    await page.goto(`${world.origin}/app/orders?x=1#top`);
    expect(await page.title()).toBe('Sign in');
    expect(requestsFor('/app')).toEqual([]);
    await signIn(page, 'alice');
    expect(await page.title()).toContain('Authorize');
    expect(requestsFor('/app')).toEqual([]);
    await authorize(page);
    expect(page.url()).toBe(`${world.origin}/app/orders?x=1#top`);
    expect(await page.textContent('h1')).toBe('Page /app/orders?x=1');
    expect(requestsFor('/app').map(({ target }) => target)).toEqual(['/app/orders?x=1']);
  });

  it('tells the workload who it is, by our headers alone (H1, H2, H5, H14)', async () => {
    await context.setExtraHTTPHeaders({
      'X-Auth-Request-User': 'mallory',
      'x.auth.request.user': 'mallory',
      'X-Auth-Request-Groups': 'mallory',
      Authorization: 'Bearer mallory',
    });
    const url = world.origin;
    const application = [
      { name: 'theme', value: 'dark=mode==%20+"q"', url },
      { name: 'sallyport', value: 'the-workload-has-one-of-this-name', url },
    ];
    await context.addCookies(application);
    await openAs(page, 'alice', `${world.origin}/app/headers`);

    const [request, ...further] = requestsFor('/app/headers');
    expect(further).toEqual([]);
    expect(request?.values('x-auth-request-user')).toEqual(['alice']);
    expect(request?.values('x-auth-request-email')).toEqual(['alice@example.com']);
    expect(request?.values('x-auth-request-name')).toEqual(['Alice Adams']);
    const [authorization = '', ...others] = request?.values('authorization') ?? [];
    expect(others).toEqual([]);
    expect(authorization).toMatch(/^Bearer [\w.~+/-]{20,}$/);
    noteSecret(authorization.slice('Bearer '.length));
    expect(request?.values('cookie')).toEqual([application.map(({ name, value }) => `${name}=${value}`).join('; ')]);
    expect(JSON.stringify(request?.headers)).not.toContain('mallory');
  });

  it('forwards nothing that carries an underscored spelling of our headers (H2)', async () => {
    await openAs(page, 'alice', `${world.origin}/app/before`);
    await context.setExtraHTTPHeaders({ X_Auth_Request_User: 'mallory' });
    expect((await page.goto(`${world.origin}/app/underscored`))?.status()).toBe(400);
    expect(requestsFor('/app/underscored')).toEqual([]);
  });

  it('leaves no cookie of ours where a script can read it', async () => {
    await context.addCookies([{ name: 'theme', value: 'dark', url: world.origin }]);
    await openAs(page, 'alice', `${world.origin}/app/script`);
    expect(await page.evaluate('document.cookie')).toBe('theme=dark');
    const kept = (await context.cookies()).filter(({ name }) => name.includes('sallyport'));
    expect(kept.map(({ name }) => name)).toEqual(expect.arrayContaining([sessionCookie, bindingCookie]));
    expect(kept.filter(({ httpOnly, sameSite }) => !httpOnly || sameSite !== 'Lax')).toEqual([]);
    const host = kept.filter(({ name }) => name.startsWith('__Host-'));
    expect(host.map(({ secure, path, expires }) => [secure, path, expires])).toEqual(host.map(() => [true, '/', -1]));
  });

  it('needs the password: a wrong one shows an error, the right one then works', async () => {
    await page.goto(`${world.origin}/app/retry#here`);
    await signIn(page, 'alice', 'not-her-password');
    expect(await page.getByRole('alert').textContent()).toBe('The user name or the password is not right.');
    expect(await page.getByLabel('User name').inputValue()).toBe('alice');
    expect(await page.getByLabel('Password').inputValue()).toBe('');
    expect(requestsFor('/app')).toEqual([]);
    await signIn(page, 'alice');
    await authorize(page);
    expect(page.url()).toBe(`${world.origin}/app/retry#here`);
  });

  it('needs the consent: cancelling it shows a page, from which the login can begin again', async () => {
    await page.goto(`${world.origin}/app/declined`);
    await signIn(page, 'bob');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('heading', { name: 'Sign-in was declined' }).waitFor();
    expect(await cookieNames()).not.toContain(sessionCookie);
    expect(requestsFor('/app')).toEqual([]);
    await page.getByRole('link', { name: 'Try again' }).click();
    await authorize(page);
    expect(page.url()).toBe(`${world.origin}/app/declined`);
    expect(requestsFor('/app').map((each) => each.values('x-auth-request-user'))).toEqual([['bob']]);
  });
});

describe('two tabs that log in at the same time (L10)', () => {
  it.each([
    ['the first tab', [0, 1]],
    ['the second tab', [1, 0]],
  ] as const)('both arrive when %s finishes first', async (_, order) => {
    const tabs = [page, await context.newPage()];
    const paths = ['/app/one?tab=1#a', '/app/two?tab=2#b'];
    for (const [index, tab] of tabs.entries()) await tab.goto(`${world.origin}${paths[index]}`);
    for (const index of order) {
      const tab = tabs[index] ?? page;
      await signIn(tab, 'alice');
      // Who has consented in one tab is not asked again in the other.
      if (index === order[0]) await authorize(tab);
      else await waitForWorkload(tab);
      expect(tab.url()).toBe(`${world.origin}${paths[index]}`);
    }
    expect(requestsFor('/app').map((each) => each.values('x-auth-request-user'))).toEqual([['alice'], ['alice']]);
    expect((await cookieNames()).filter((name) => name.startsWith('__Host-'))).toEqual([sessionCookie, bindingCookie]);
  });
});

describe('what does not log in', () => {
  it('a callback that is opened in another browser gets a page, and spends nothing (L1)', async () => {
    await page.goto(`${world.origin}/app/mine`);
    await signIn(page, 'alice');
    const url = await interceptedUrl(page, '*/_auth/callback*', () =>
      page.getByRole('button', { name: 'Authorize' }).click(),
    );
    for (const parameter of ['code', 'state']) noteSecret(new URL(url).searchParams.get(parameter));

    const other = await newBrowserContext();
    const stranger = await other.newPage();
    expect((await stranger.goto(url))?.status()).toBe(400);
    expect(await stranger.textContent('h1')).toBe('Cookies are needed to sign in');
    expect((await other.cookies()).map(({ name }) => name)).toEqual([]);
    await other.close();
    expect(requestsFor('/app')).toEqual([]);

    await page.goto(url);
    expect(page.url()).toBe(`${world.origin}/app/mine`);
  });

  it('a fetch() without a session gets 401 with the login URL, and leaves nothing behind (R10)', async () => {
    await page.goto(`${world.origin}/public/start`);
    const answer = await page.evaluate(async () => {
      const response = await fetch('/app/data');
      const body = (await response.json()) as { readonly login_url: string };
      return { status: response.status, redirected: response.redirected, body };
    });
    expect(answer).toMatchObject({
      status: 401,
      redirected: false,
      body: { error: 'login_required', login_url: `${world.origin}/_auth/login` },
    });
    expect(await context.cookies()).toEqual([]);
    expect(requestsFor('/app')).toEqual([]);
    await openAs(page, 'alice', `${answer.body.login_url}?rd=${encodeURIComponent('/app/data?from=script#f')}`);
    expect(page.url()).toBe(`${world.origin}/app/data?from=script#f`);
  });

  it('an iframe gets 401 and no login page', async () => {
    world.upstream.answerWith(({ target }) => ({
      headers: [['content-type', 'text/html']],
      body: `<h1>Page ${target}</h1><iframe src="/app/framed"></iframe>`,
    }));
    const framed = page.waitForResponse('**/app/framed');
    await page.goto(`${world.origin}/public/framing`);
    expect((await framed).status()).toBe(401);
    expect(await context.cookies()).toEqual([]);
    expect(requestsFor('/app')).toEqual([]);
  });
});
