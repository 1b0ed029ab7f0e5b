import type { BrowserContext, Page } from 'playwright-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectNoSecretInLogs } from '../support/aftermath.ts';
import { newBrowserContext } from '../support/browser.ts';
import { navigation } from '../support/browser-headers.ts';
import { createClient } from '../support/client.ts';
import { ownClientSecret, ownIssuer } from '../support/own-issuer.ts';
import { noteSecret } from '../support/seen-secrets.ts';
import { noteCookies, openAs } from '../support/sign-in.ts';
import { sessionCookie, startWorld, type World } from '../support/world.ts';

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
  world.upstream.answerWith(({ target }) => workloadPage(target, []));
});

afterEach(async () => {
  await noteCookies(page);
  await context.close();
  world.reset();
  expectNoSecretInLogs(world);
});

function workloadPage(target: string, more: readonly (readonly [string, string])[]) {
  return {
    headers: [['content-type', 'text/html'], ...more] as const,
    body: `<title>Workload</title><h1>For alice alone: ${target}</h1><a href="/app/next">Next</a> <a href="/_auth/logout">Log out</a>`,
  };
}

/** Pages that reached the workload since the world was reset. */
function pageCount(): number {
  return world.upstream.requests.filter(({ target }) => target.startsWith('/app')).length;
}

/** A page that comes back from the back-forward cache has no "load" event to wait for. */
const committed = { waitUntil: 'commit' } as const;

async function logOut(): Promise<void> {
  await page.getByRole('link', { name: 'Log out' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
}

describe('after logging out on the page', () => {
  it('both cookies are gone, and the session is dead wherever its cookie was copied to (S2, S3)', async () => {
    await openAs(page, 'alice', `${world.origin}/app/here`);
    const copied = (await context.cookies()).find(({ name }) => name === sessionCookie)?.value ?? '';
    expect(copied).not.toBe('');
    await logOut();
    expect((await context.cookies()).filter(({ name }) => name.startsWith('__Host-'))).toEqual([]);
    const served = pageCount();
    const thief = createClient();
    thief.setCookie(world.origin, sessionCookie, copied);
    expect((await thief.send(`${world.origin}/app/here`, { headers: navigation })).status).toBe(302);
    expect(pageCount()).toBe(served);
  });

  it('the next login asks for the password again', async () => {
    await openAs(page, 'alice', `${world.origin}/app/here`);
    await logOut();
    await page.getByRole('link', { name: 'Sign in again' }).click();
    expect(await page.title()).toBe('Sign in');
  });

  it.each([
    ['that say nothing about caching', []],
    // Our `private, no-store` is a default only: Clear-Site-Data is what helps here.
    ['that may be cached for an hour', [['cache-control', 'private, max-age=3600']]],
  ] as const)('Back brings back no page, of pages %s', async (_, caching) => {
    world.upstream.answerWith(({ target }) => workloadPage(target, caching));
    await openAs(page, 'alice', `${world.origin}/app/first`);
    await page.getByRole('link', { name: 'Next' }).click();
    await page.getByRole('heading', { name: '/app/next' }).waitFor();
    // Back works while the session lives, so that what follows means something.
    await page.goBack(committed);
    await page.getByRole('heading', { name: '/app/first' }).waitFor();
    await page.goForward(committed);
    await page.getByRole('heading', { name: '/app/next' }).waitFor();
    await logOut();

    const served = pageCount();
    const seen: string[] = [];
    for (let steps = 0; steps < 3; steps += 1) {
      await page.goBack(committed);
      seen.push((await page.textContent('h1')) ?? '');
      expect(await page.content()).not.toContain('For alice alone');
    }
    expect(seen).toEqual(['Sign out?', 'Sign in', 'Sign in']);
    expect(pageCount()).toBe(served);
  });

  it('another tab that is still open gets nowhere', async () => {
    await openAs(page, 'alice', `${world.origin}/app/first`);
    const tab = await context.newPage();
    await tab.goto(`${world.origin}/app/second`);
    await logOut();
    const served = pageCount();
    await tab.getByRole('link', { name: 'Next' }).click();
    await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(pageCount()).toBe(served);
  });
});

describe('what does not log out', () => {
  it('a GET, which only asks (B5)', async () => {
    await openAs(page, 'alice', `${world.origin}/app/here`);
    await page.getByRole('link', { name: 'Log out' }).click();
    await page.getByRole('link', { name: 'Stay signed in' }).click();
    await page.goto(`${world.origin}/app/still-here`);
    expect(await page.textContent('h1')).toContain('/app/still-here');
  });

  it('a form of another site', async () => {
    await openAs(page, 'alice', `${world.origin}/app/here`);
    const foreign = await context.newPage();
    // Another site to browsers, though it is the same machine.
    await foreign.goto(world.origin.replace('127.0.0.1', 'localhost'));
    await foreign.setContent(`<form method="post" action="${world.origin}/_auth/logout"><button>Win</button></form>`);
    const answer = foreign.waitForResponse('**/_auth/logout');
    await foreign.getByRole('button').click();
    expect((await answer).status()).toBe(403);
    await page.goto(`${world.origin}/app/still-here`);
    expect(await page.textContent('h1')).toContain('/app/still-here');
  });
});
