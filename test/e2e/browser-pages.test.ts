import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applicationPage, publicPage, startPage } from '../../examples/demo/pages.ts';
import { newBrowserContext, newBrowserWithoutCookies } from '../support/browser.ts';
import { ownIssuer } from '../support/own-issuer.ts';
import type { RecordedRequest } from '../support/recording-upstream.ts';
import { authorize, openAs, signIn } from '../support/sign-in.ts';
import { root } from '../support/tools.ts';
import { sessionCookie, startWorld, type World } from '../support/world.ts';

/** Pictures of all pages, for people to look at. */
const pictures = join(root, 'test-results/pages');
const widths = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

let world: World;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  await mkdir(pictures, { recursive: true });
  const issuer = await ownIssuer();
  world = await startWorld({
    store: 'redis',
    adjust: (config) => {
      const external = config['providers'].test;
      issuer(config);
      // A provider on another origin, and one that is down.
      config['providers'].external = external;
      config['providers'].down = { ...external, issuer: 'http://127.0.0.1:1' };
      for (const provider of ['external', 'down']) {
        const settings = { basePath: `/_${provider}`, cookie: { name: provider } };
        config['modes'][provider] = { mode: 'session', provider, ...settings };
        config['rules'].unshift({ path: { prefix: `/${provider}` }, use: provider });
      }
    },
  });
});

beforeEach(async () => {
  context = await newBrowserContext({ viewport: widths.desktop });
  page = await context.newPage();
  world.upstream.answerWith(demoWorkload);
});

afterEach(async () => {
  await context.close();
  world.reset();
});

/** The pages of the demo, told what a browser's requests told them. */
function demoWorkload({ target, headers, values }: RecordedRequest) {
  const [user, email, name] = ['user', 'email', 'name'].map((claim) => values(`x-auth-request-${claim}`)[0]);
  const received = { user, email, name, headers };
  const text =
    target === '/public/start'
      ? startPage()
      : target.startsWith('/public')
        ? publicPage(target, received)
        : applicationPage(target, received);
  return {
    headers: [['content-type', 'text/html; charset=utf-8']] as const,
    body: Buffer.from(text).toString('latin1'),
  };
}

/** Looks at the page that is shown, at both widths: a title, one heading, nothing that must be scrolled sideways. */
async function look(name: string, heading: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
  expect(await page.title()).not.toBe('');
  expect(await page.locator('h1').count()).toBe(1);
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  for (const [device, size] of Object.entries(widths)) {
    await page.setViewportSize(size);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), device).toBeLessThanOrEqual(0);
    await page.screenshot({ path: join(pictures, `${name}-${device}.png`), fullPage: true });
  }
}

async function open(path: string): Promise<number | undefined> {
  return (await page.goto(`${world.origin}${path}`))?.status();
}

describe('every page fits a desktop and a phone, has a title and a heading, and is', () => {
  it('a page on the way in and out', async () => {
    await open('/app/orders?x=1#top');
    await look('sign-in', 'Sign in');
    await signIn(page, 'alice', 'wrong');
    await look('sign-in-again', 'Sign in');
    await signIn(page, 'alice');
    await look('consent', 'Authorize application?');
    await authorize(page);
    await look('demo-application', 'Hello, Alice Adams');
    await open('/public/page');
    await look('demo-public', 'Open to everybody');
    await open('/public/start');
    await look('demo-start', 'A workload that knows nothing about login');
    await open('/_auth/logout');
    await look('sign-out', 'Sign out?');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await look('signed-out', 'You are signed out');
  });

  it('a refusal', async () => {
    expect(await open('/denied')).toBe(403);
    await look('denied', 'Not available');
    expect(await open('/app/a;b')).toBe(400);
    await look('ambiguous', 'This address cannot be opened');
    expect(await open('/_auth/nothing')).toBe(404);
    await look('not-found', 'Not found');
    expect(await open('/_auth/callback?code=a&state=b')).toBe(400);
    await look('foreign-callback', 'This sign-in did not begin here');
    expect(await open('/down/page')).toBe(503);
    await look('provider-down', 'Sign-in is not available right now');
  });

  it('a refusal of somebody who is logged in', async () => {
    await open('/admins/page');
    await signIn(page, 'bob');
    await authorize(page);
    await look('no-access', 'You do not have access');
    await page.getByRole('link', { name: 'Sign out' }).click();
    await look('sign-out', 'Sign out?');
  });

  it('a login that was declined', async () => {
    await open('/app/declined');
    await signIn(page, 'bob');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await look('declined', 'Sign-in was declined');
  });

  it('a login that was finished before', async () => {
    let callback = '';
    page.on('request', (request) => {
      if (request.url().includes('/_auth/callback')) callback = request.url();
    });
    await openAs(page, 'alice', `${world.origin}/app/once`);
    await context.clearCookies({ name: sessionCookie });
    expect((await page.goto(callback))?.status()).toBe(400);
    await look('login-expired', 'This sign-in is no longer valid');
    await page.getByRole('link', { name: 'Sign in' }).click();
    // The provider still knows her.
    await page.getByRole('heading', { name: 'Hello, Alice Adams' }).waitFor();
    expect(page.url()).toBe(`${world.origin}/app/once`);
  });

  it('a page of the issuer about what did not work', async () => {
    expect(await open('/oauth2/interaction/abc')).toBe(400);
    await look('interaction-gone', 'This page has expired');
    expect(await open('/oauth2/authorize?client_id=nobody')).toBe(400);
    await look('issuer-error', 'This did not work');
  });

  it('a logout at the issuer that somebody else asked for', async () => {
    await openAs(page, 'alice', `${world.origin}/app/here`);
    await open('/oauth2/end_session');
    await look('issuer-sign-out', 'Sign out?');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await look('issuer-signed-out', 'Signed out');
  });

  it('a store that does not answer', async () => {
    await openAs(page, 'alice', `${world.origin}/app/here`);
    await world.redis?.pause();
    try {
      expect(await open('/app/here')).toBe(503);
      await look('store-down', 'Not available right now');
      expect(await open('/_auth/callback?code=a&state=b')).toBe(400);
      expect(await open('/public/page')).toBe(200);
    } finally {
      await world.redis?.resume();
    }
  });
});

describe('a browser that keeps no cookies', () => {
  it.each([
    ['/app/page', 'This page has expired', 'our own issuer'],
    ['/external/page', 'This sign-in did not begin here', 'another provider'],
  ])('is told so after one login attempt at %s, in place of a loop', async (path, heading) => {
    const strict = await newBrowserWithoutCookies();
    world.provider.answer('authorize', (request, response) => {
      const { searchParams } = new URL(request.url ?? '', world.provider.issuer);
      const answer = { code: 'a-code', state: searchParams.get('state') ?? '', iss: world.provider.issuer };
      const location = `${searchParams.get('redirect_uri')}?${new URLSearchParams(answer)}`;
      response.writeHead(303, { location }).end();
    });
    page = await strict.newPage();
    const navigations: string[] = [];
    page.on('request', (request) => void (request.isNavigationRequest() && navigations.push(request.url())));
    await page.goto(`${world.origin}${path}`);
    expect(await strict.cookies()).toEqual([]);
    await look(`no-cookies${path.replaceAll('/', '-')}`, heading);
    expect(await page.textContent('main')).toContain('cookies');
    expect(navigations.filter((url) => url === `${world.origin}${path}`)).toHaveLength(1);
    expect(navigations.length).toBeLessThan(6);
    await strict.close();
  });
});
