import type { BrowserContext, Page } from 'playwright-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectNoSecretInLogs } from '../support/aftermath.ts';
import { newBrowserContext, newBrowserWithoutCookies } from '../support/browser.ts';
import { startProvider, type TestProvider } from '../support/provider.ts';
import { noteCookies } from '../support/sign-in.ts';
import { sessionCookie, startWorld, type World } from '../support/world.ts';

// Two providers on one host, one of which answers by form_post. The application is on `localhost` and the providers
// are on 127.0.0.1, which for a browser are different sites: SameSite cookies behave as in production.

let world: World;
let partners: TestProvider;
let origin: string;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  partners = await startProvider();
  world = await startWorld({
    adjust: (config) => {
      origin = `http://localhost:${config['envoy'].listen.split(':')[1]}`;
      config['origins'] = [origin];
      config['providers'].test.label = 'Example Corporation';
      config['providers'].partners = {
        ...config['providers'].test,
        label: 'Partners',
        issuer: partners.issuer,
        responseMode: 'form_post',
      };
      config['modes'].web.provider = ['test', 'partners'];
    },
  });
});

beforeEach(async () => {
  context = await newBrowserContext();
  page = await context.newPage();
  world.upstream.answerWith(({ target }) => ({
    headers: [['content-type', 'text/html']],
    body: `<title>Workload</title><h1>Page ${target}</h1>`,
  }));
});

afterEach(async () => {
  await noteCookies(page);
  await context.close();
  world.reset();
  partners.reset();
  expectNoSecretInLogs(world);
});

describe('a host with several providers', () => {
  it.each([
    ['Example Corporation', 'test', 'query'],
    ['Partners', 'partners', 'form_post'],
  ])('signs in with %s and comes back to the page, its fragment included', async (label, name, responseMode) => {
    const posts: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') posts.push(new URL(request.url()).pathname);
    });
    await page.goto(`${origin}/orders?x=1#top`);
    await page.getByRole('button', { name: label }).click();
    await page.getByRole('heading', { name: 'Page /orders?x=1' }).waitFor();
    // A form that a provider's page sends by itself begins a new chain, in which the fragment is not known any more.
    expect(page.url()).toBe(`${origin}/orders?x=1${responseMode === 'query' ? '#top' : ''}`);
    expect(posts).toEqual(responseMode === 'query' ? [] : ['/_auth/callback/partners']);
    const answer = await page.request.get(`${origin}/_auth/userinfo`);
    expect(await answer.json()).toMatchObject({ sub: 'alice', provider: name });
    expect((await context.cookies(origin)).map((cookie) => cookie.name)).toContain(sessionCookie);
  });

  it('shows nobody a loop who keeps no cookies, but a page that says so', async () => {
    const withoutCookies = await newBrowserWithoutCookies(origin);
    const tab = await withoutCookies.newPage();
    await tab.goto(`${origin}/orders`);
    await tab.getByRole('button', { name: 'Example Corporation' }).click();
    await tab.getByRole('heading', { name: 'Cookies are needed to sign in' }).waitFor();
    expect(world.provider.count('token')).toBe(0);
    await withoutCookies.close();
  });
});
