// More than 300 lines: every page that people can meet, through one Envoy and one browser.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applicationPage, publicPage, startPage } from '../../examples/demo/pages.ts';
import type { Language, Text } from '../../src/core/html/text.ts';
import { startBareEnvoy } from '../support/bare-envoy.ts';
import { newBrowserContext, newBrowserWithoutCookies } from '../support/browser.ts';
import { ownIssuer } from '../support/own-issuer.ts';
import type { RecordedRequest } from '../support/recording-upstream.ts';
import { authorize, openAs, signIn } from '../support/sign-in.ts';
import { until } from '../support/until.ts';
import { type WatchedPage, watchedPage } from '../support/watched-page.ts';
import { sessionCookie, startWorld, type World } from '../support/world.ts';

/** Where pictures of all pages go, for people to look at; none are taken without it. */
const pictures = process.env['PAGE_PICTURES'];

/** Both widths and both schemes, in two looks instead of four. */
const views = {
  desktop: { size: { width: 1280, height: 800 }, colorScheme: 'light' },
  phone: { size: { width: 390, height: 844 }, colorScheme: 'dark' },
} as const;

/** What the browser says that its reader wants. */
const wishes: Readonly<Record<Language, string>> = { en: 'en-US,en;q=0.9', de: 'de-AT,de;q=0.9,en;q=0.8' };

const longLabel = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft';

let world: World;
let context: BrowserContext;
let watched: WatchedPage;
let page: Page;

beforeAll(async () => {
  if (pictures !== undefined) await mkdir(pictures, { recursive: true });
  const issuer = await ownIssuer();
  world = await startWorld({
    store: 'redis',
    adjust: (config) => {
      const external = config['providers'].test;
      issuer(config);
      // A provider on another origin, one that is down, and a choice of two.
      config['providers'].external = { ...external, label: longLabel };
      config['providers'].down = { ...external, label: 'Partners & friends', issuer: 'http://127.0.0.1:1' };
      for (const [name, provider] of [
        ['external', 'external'],
        ['down', 'down'],
        ['choice', ['external', 'down']],
      ] as const) {
        config['modes'][name] = { mode: 'session', provider, basePath: `/_${name}`, cookie: { name } };
        config['rules'].unshift({ path: { prefix: `/${name}` }, use: name });
      }
    },
  });
});

beforeEach(async () => {
  context = await newBrowserContext({ viewport: views.desktop.size });
  await watch(context);
  world.upstream.answerWith(demoWorkload);
});

afterEach(async () => {
  expect(watched.problems).toEqual([]);
  await context.close();
  world.reset();
});

async function watch(browser: BrowserContext): Promise<void> {
  watched = await watchedPage(browser, [world.origin, new URL(world.provider.issuer).origin]);
  page = watched.page;
}

/** The pages of the demo, told what a browser's requests told them. */
function demoWorkload({ target, headers, values }: RecordedRequest) {
  const [user, email, name] = ['user', 'email', 'name'].map((claim) => values(`x-auth-request-${claim}`)[0]);
  const received = { user, email, name, headers };
  const { headers: answered, body } =
    target === '/public/start'
      ? startPage()
      : target.startsWith('/public')
        ? publicPage(target, received)
        : applicationPage(target, received);
  return { headers: answered, body: Buffer.from(body).toString('latin1') };
}

/** Looks at the page that is shown in every language that `heading` has, for whom it is asked again. */
async function look(name: string, heading: Partial<Text>): Promise<void> {
  for (const language of ['en', 'de'] as const) {
    const expected = heading[language];
    if (expected === undefined) continue;
    await speak(language);
    if (language === 'de') await page.reload();
    await page.getByRole('heading', { level: 1, name: expected, exact: true }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe(language);
    await lookClosely(`${name}-${language}`);
  }
  await speak('en');
}

async function speak(language: Language): Promise<void> {
  await page.setExtraHTTPHeaders({ 'accept-language': wishes[language] });
}

/** A title, one heading, nothing that must be scrolled sideways, nothing that axe-core finds. */
async function lookClosely(name: string): Promise<void> {
  expect(await page.title()).not.toBe('');
  expect(await page.locator('h1').count()).toBe(1);
  // WCAG 2.2 §1.4.10: 320 pixels, which is also a window of 1280 at 400 %.
  await page.setViewportSize({ width: 320, height: 256 });
  expect(await sidewaysScroll(), `${name} at 320 pixels`).toBeLessThanOrEqual(0);
  for (const [device, { size, colorScheme }] of Object.entries(views)) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme });
    expect(await sidewaysScroll(), `${name} on a ${device}`).toBeLessThanOrEqual(0);
    expect(await watched.accessibilityProblems(), `${name} on a ${device}`).toEqual([]);
    if (pictures !== undefined) {
      await page.screenshot({ path: join(pictures, `${name}-${device}.png`), fullPage: true });
    }
  }
}

async function sidewaysScroll(): Promise<number> {
  return Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'));
}

async function open(path: string): Promise<number | undefined> {
  return (await page.goto(`${world.origin}${path}`))?.status();
}

/** Posts a form from a page of another origin. */
async function postFromElsewhere(path: string): Promise<void> {
  await page.setContent(`<form method="post" action="${world.origin}${path}"><button>Go</button></form>`);
  await page.getByRole('button', { name: 'Go' }).click();
}

describe('every page, in English and German, works without script, fits desktop and phone, satisfies axe-core, and is', () => {
  it('a page on the way in and out', async () => {
    await open('/app/orders?x=1#top');
    await look('sign-in', { en: 'Sign in', de: 'Anmelden' });
    await page.reload();
    await signIn(page, 'alice', 'wrong');
    await look('sign-in-again', { en: 'Sign in', de: 'Anmelden' });
    await page.reload();
    await signIn(page, 'alice');
    await look('consent', { en: 'Authorize application?', de: 'Zugriff für application erlauben?' });
    await page.reload();
    await authorize(page);
    await look('demo-application', { en: 'Hello, Alice Adams' });
    await open('/public/page');
    await look('demo-public', { en: 'Open to everybody' });
    await open('/public/start');
    await look('demo-start', { en: 'A workload that knows nothing about login' });
    await open('/_auth/logout');
    await look('sign-out', { en: 'Sign out?', de: 'Abmelden?' });
    await page.getByRole('button', { name: 'Abmelden' }).click();
    await look('signed-out', { en: 'You are signed out', de: 'Sie sind abgemeldet' });
  });

  it.each<[name: string, path: string, status: number, heading: Text]>([
    ['denied', '/denied', 403, { en: 'Not available', de: 'Nicht verfügbar' }],
    [
      'ambiguous',
      '/app/a;b',
      400,
      { en: 'This address cannot be opened', de: 'Diese Adresse kann nicht geöffnet werden' },
    ],
    ['not-found', '/_auth/nothing', 404, { en: 'Not found', de: 'Nicht gefunden' }],
    [
      'foreign-callback',
      '/_auth/callback?code=a&state=b',
      400,
      { en: 'This sign-in did not begin here', de: 'Diese Anmeldung hat nicht hier begonnen' },
    ],
    [
      'provider-down',
      '/down/page',
      503,
      { en: 'Sign-in is not available right now', de: 'Die Anmeldung ist zurzeit nicht möglich' },
    ],
    ['choice', '/choice/page', 200, { en: 'Sign in', de: 'Anmelden' }],
    [
      'no-such-provider',
      '/_choice/login?provider=nobody',
      400,
      { en: 'Sign-in failed', de: 'Die Anmeldung ist fehlgeschlagen' },
    ],
    [
      'interaction-gone',
      '/oauth2/interaction/abc',
      400,
      { en: 'This page has expired', de: 'Diese Seite ist abgelaufen' },
    ],
    [
      'issuer-error',
      '/oauth2/authorize?client_id=nobody',
      400,
      { en: 'This did not work', de: 'Das hat nicht funktioniert' },
    ],
    [
      'issuer-odd-request',
      '/oauth2/authorize?client_id=application&client_id=application',
      400,
      { en: 'This did not work', de: 'Das hat nicht funktioniert' },
    ],
    ['issuer-nothing', '/oauth2/nothing', 404, { en: 'This did not work', de: 'Das hat nicht funktioniert' }],
  ])('an answer at once: %s', async (name, path, status, heading) => {
    expect(await open(path)).toBe(status);
    await look(name, heading);
  });

  it('an answer to a host that is not served, where Envoy asks about any host', async () => {
    const port = await startBareEnvoy(world);
    watched = await watchedPage(context, [`http://localhost:${port}`]);
    page = watched.page;
    expect((await page.goto(`http://localhost:${port}/`))?.status()).toBe(403);
    await look('unknown-host', { en: 'Unknown host', de: 'Unbekannter Host' });
  });

  it.each<[name: string, path: string, heading: Text]>([
    [
      'foreign-sign-out',
      '/_auth/logout',
      { en: 'Sign-out was not asked for here', de: 'Diese Abmeldung wurde nicht hier angefordert' },
    ],
    ['foreign-form', '/oauth2/interaction/abc', { en: 'Request refused', de: 'Anfrage abgelehnt' }],
  ])('an answer to the form of another site: %s', async (name, path, heading) => {
    await postFromElsewhere(path);
    await look(name, heading);
  });

  it('a refusal of somebody who is logged in', async () => {
    await open('/admins/page');
    await signIn(page, 'bob');
    await authorize(page);
    await look('no-access', { en: 'You do not have access', de: 'Sie haben keinen Zugriff' });
    await page.getByRole('link', { name: 'Abmelden' }).click();
    await page.getByRole('heading', { name: 'Sign out?' }).waitFor();
  });

  it.each(['en', 'de'] as const)('a login that was declined, in %s', async (language) => {
    await open('/app/declined');
    await signIn(page, 'bob');
    await speak(language);
    await page.getByRole('button', { name: 'Cancel' }).click();
    const heading = { en: 'Sign-in was declined', de: 'Die Anmeldung wurde abgelehnt' }[language];
    await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
    await lookClosely(`declined-${language}`);
  });

  it('a login that was finished before', async () => {
    let callback = '';
    page.on('request', (request) => {
      if (request.url().includes('/_auth/callback')) callback = request.url();
    });
    await openAs(page, 'alice', `${world.origin}/app/once`);
    await context.clearCookies({ name: sessionCookie });
    expect((await page.goto(callback))?.status()).toBe(400);
    await look('login-expired', { en: 'This sign-in is no longer valid', de: 'Diese Anmeldung ist nicht mehr gültig' });
    await page.getByRole('link', { name: 'Anmelden' }).click();
    // The provider still knows her.
    await page.getByRole('heading', { name: 'Hello, Alice Adams' }).waitFor();
    expect(page.url()).toBe(`${world.origin}/app/once`);
  });

  it('a logout at the issuer that somebody else asked for', async () => {
    await openAs(page, 'alice', `${world.origin}/app/here`);
    await open('/oauth2/end_session');
    await look('issuer-sign-out', { en: 'Sign out?', de: 'Abmelden?' });
    await page.getByRole('button', { name: 'Abmelden' }).click();
    await look('issuer-signed-out', { en: 'Signed out', de: 'Abgemeldet' });
  });

  it('a store that does not answer', async () => {
    await openAs(page, 'alice', `${world.origin}/app/here`);
    await world.redis?.pause();
    try {
      await until('it is noticed', async () => (await open('/app/here')) === 503);
      await look('store-down', { en: 'Not available right now', de: 'Zurzeit nicht verfügbar' });
      expect(await open('/_auth/callback?code=a&state=b')).toBe(400);
      expect(await open('/public/page')).toBe(200);
    } finally {
      await world.redis?.resume();
    }
  });
});

describe('a browser that keeps no cookies', () => {
  it.each([
    ['/app/page', { en: 'This page has expired', de: 'Diese Seite ist abgelaufen' }, 'our own issuer'],
    [
      '/external/page',
      { en: 'Cookies are needed to sign in', de: 'Zum Anmelden werden Cookies benötigt' },
      'another provider',
    ],
  ])('is told so after one login attempt at %s, in place of a loop', async (path, heading) => {
    const strict = await newBrowserWithoutCookies();
    world.provider.answer('authorize', (request, response) => {
      const { searchParams } = new URL(request.url ?? '', world.provider.issuer);
      const answer = { code: 'a-code', state: searchParams.get('state') ?? '', iss: world.provider.issuer };
      const location = `${searchParams.get('redirect_uri')}?${new URLSearchParams(answer)}`;
      response.writeHead(303, { location }).end();
    });
    await watch(strict);
    const navigations: string[] = [];
    page.on('request', (request) => void (request.isNavigationRequest() && navigations.push(request.url())));
    await page.goto(`${world.origin}${path}`);
    expect(await strict.cookies()).toEqual([]);
    expect(navigations.filter((url) => url === `${world.origin}${path}`)).toHaveLength(1);
    expect(navigations.length).toBeLessThan(6);
    await look(`no-cookies${path.replaceAll('/', '-')}`, heading);
    expect(await page.textContent('main')).toContain('Cookies');
    await strict.close();
  });
});

describe('a look of the operator', () => {
  /** As large as it may be. It is shown; what is in it neither runs nor loads. */
  const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40" onload="document.title='ran'">
<script>document.title = 'ran'</script><image href="http://127.0.0.1:1/x.png" width="1" height="1"/>
<rect width="120" height="40" rx="8" fill="#00704a"/><circle cx="20" cy="20" r="12" fill="#ffffff"/></svg>`.padEnd(
    65_536,
  );

  it('is on the pages of the check, the side service and the issuer', async () => {
    await writeFile(join(world.folder, 'logo.svg'), logo);
    await world.restart(0, (config) => {
      const light = { accent: '#00704a', background: '#e8f2ee', card: '#fffdf7', text: '#14291f' };
      const dark = { accent: '#6fd3a8', background: '#06140e', card: '#0e2219', text: '#eaf5ef' };
      config['pages'] = { name: 'Müller & Söhne </title>', logo: 'logo.svg', colors: { light, dark } };
    });
    for (const [name, path, heading] of [
      ['theme-denied', '/denied', { en: 'Not available', de: 'Nicht verfügbar' }],
      ['theme-choice', '/choice/page', { en: 'Sign in', de: 'Anmelden' }],
      ['theme-sign-out', '/_auth/logout', { en: 'Sign out?', de: 'Abmelden?' }],
      ['theme-sign-in', '/app/page', { en: 'Sign in', de: 'Anmelden' }],
    ] as const) {
      await open(path);
      await look(name, heading);
      expect(await page.title()).toMatch(/ · Müller & Söhne <\/title>$/);
      expect(await page.evaluate('document.images[0].getBoundingClientRect().width')).toBe(120);
      const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(background).toBe('rgb(6, 20, 14)');
    }
  });
});
