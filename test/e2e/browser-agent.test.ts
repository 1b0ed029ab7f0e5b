import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectNoSecretInLogs } from '../support/aftermath.ts';
import { newBrowserContext } from '../support/browser.ts';
import type { RecordedRequest } from '../support/recording-upstream.ts';
import { noteCookies, signIn } from '../support/sign-in.ts';
import { type SpaAgent, type SpaWorld, startSpaWorld } from '../support/spa-world.ts';
import { until } from '../support/until.ts';
import { accessibilityProblemsOf } from '../support/watched-page.ts';
import { noteStatus, type WatchedTabs, watchTabs } from '../support/watched-tabs.ts';

// The application of examples/spa in a real browser, with a real Envoy in front of the agent and of the API.

/** Where pictures go, for people to look at; none are taken without it. */
const pictures = process.env['PAGE_PICTURES'];

const stored: SpaAgent = { name: 'stored', state: 'store' };
const sealed: SpaAgent = { name: 'sealed', state: 'sealed' };
const hostStored: SpaAgent = { name: 'host-stored', state: 'store', hostOnly: true };
const hostSealed: SpaAgent = { name: 'host-sealed', state: 'sealed', hostOnly: true };
const farStored: SpaAgent = { name: 'far-stored', state: 'store', isElsewhere: true };
const farSealed: SpaAgent = { name: 'far-sealed', state: 'sealed', isElsewhere: true };
const own: SpaAgent = { name: 'own', state: 'store', provider: 'own' };

let world: SpaWorld;
let context: BrowserContext;
let watched: WatchedTabs;
/** Every access, refresh and ID token that the provider has issued. */
let tokens: string[];

beforeAll(async () => {
  if (pictures !== undefined) await mkdir(pictures, { recursive: true });
  world = await startSpaWorld([stored, sealed, hostStored, hostSealed, farStored, farSealed, own]);
});

beforeEach(async () => {
  tokens = [];
  world.provider.edit('token', (body) => {
    for (const name of ['access_token', 'refresh_token', 'id_token']) {
      if (typeof body[name] === 'string') tokens.push(body[name]);
    }
    return body;
  });
  context = await newBrowserContext({ viewport: { width: 1280, height: 800 } });
  watched = watchTabs(context, world);
});

afterEach(async () => {
  for (const page of context.pages()) await noteCookies(page);
  await context.close();
  world.reset();
  expect(watched.problems).toEqual([]);
  expectNoSecretInLogs(world);
});

/** A tab in which the application of this agent is open and has said who is there. */
async function openTab(agent: SpaAgent, path = '/spa/'): Promise<Page> {
  world.workFor(agent);
  const page = await context.newPage();
  await page.goto(`${world.originOf(agent)}${path}`);
  await says(page, /^(Nobody is signed in|Signed in as .*)\.$/);
  return page;
}

async function openSignedIn(agent: SpaAgent, path?: string): Promise<Page> {
  const page = await openTab(agent, path);
  await press(page, 'Sign in');
  await says(page, 'Signed in as Alice Adams.');
  return page;
}

async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}

async function says(page: Page, text: string | RegExp): Promise<void> {
  await page.getByRole('status').filter({ hasText: text }).waitFor();
}

async function callApi(page: Page, button: 'GET /hello' | 'POST /notes'): Promise<void> {
  await press(page, button);
  await says(page, `${button}: 200`);
}

/** Requests for the API since the world was reset. */
function apiRequests(): readonly RecordedRequest[] {
  return world.upstream.requests.filter(({ target }) => target.startsWith('/api/'));
}

function lastAccessToken(): string {
  return world.provider.accessTokens().at(-1) ?? '';
}

async function cookiesOf({ name, hostOnly }: SpaAgent): Promise<readonly string[]> {
  const prefix = `${hostOnly === true ? '__Host-' : ''}${name}-`;
  const cookies = (await context.cookies()).filter((cookie) => cookie.name.startsWith(prefix));
  expect(cookies.filter(({ httpOnly, secure, sameSite }) => !httpOnly || !secure || sameSite !== 'Strict')).toEqual([]);
  return cookies.map((cookie) => `${cookie.name.slice(prefix.length)} ${cookie.path}`).sort();
}

/** What sealed cookies leave behind: that they count no more, for an answer that is still on its way with others. */
const left = { store: [], sealed: ['out /'] };

/** What the page asks of its agent, without the application. */
async function sessionOf(page: Page, { name }: SpaAgent): Promise<Readonly<Record<string, unknown>>> {
  const url = `${world.origin}/agent/${name}/session`;
  const found: unknown = await page.evaluate(`fetch('${url}', { credentials: 'include' }).then((each) => each.json())`);
  return found as Readonly<Record<string, unknown>>; // JSON of ours
}

/** Gives the session an access token that has ended, as after a while of doing nothing. */
async function letAccessTokenEnd(page: Page, agent: SpaAgent): Promise<void> {
  world.provider.accessTokensLive(1);
  await press(page, 'Refresh tokens');
  await says(page, /^The tokens were replaced/);
  world.provider.accessTokensLive(3600);
  await until('the access token has ended', async () => {
    const { accessTokenExpiresAt } = await sessionOf(page, agent);
    return Number(accessTokenExpiresAt) * 1000 < Date.now();
  });
}

describe.each([stored, sealed, farStored, farSealed])('the application in front of $name', (agent) => {
  it('logs in, shows who it is, calls the API, refreshes and logs out, and no script can read a token (B7)', async () => {
    const page = await openSignedIn(agent, '/spa/?from=here#there');
    expect(page.url()).toBe(`${world.originOf(agent)}/spa/?from=here#there`);
    expect(await page.locator('#user').textContent()).toContain('alice@example.com');
    expect(await page.locator('#claims').textContent()).toContain(world.provider.issuer);
    expect(await page.locator('#session').textContent()).toContain('Session ends');

    world.upstream.clear();
    await callApi(page, 'GET /hello');
    await callApi(page, 'POST /notes');
    const [get, post, ...further] = apiRequests();
    expect(further).toEqual([]);
    expect(post?.body).toBe('{"text":"Hello from the browser"}');
    for (const request of [get, post]) {
      expect(request?.values('authorization')).toEqual([`Bearer ${lastAccessToken()}`]);
      // The provider has cookies on this host, too.
      expect(request?.values('cookie').join()).not.toContain(`${agent.name}-`);
      expect(request?.values(`x-${agent.name}-csrf`)).toEqual([]);
    }

    await press(page, 'Refresh tokens');
    await says(page, /^The tokens were replaced/);
    expect(world.provider.countRefreshes()).toBe(1);
    await callApi(page, 'POST /notes');
    expect(apiRequests().at(-1)?.values('authorization')).toEqual([`Bearer ${lastAccessToken()}`]);

    // Three tokens of the login, three of the refresh; and what is looked through is not nothing.
    const text = await watched.readable(page);
    expect(tokens).toHaveLength(6);
    expect(text).toContain('alice@example.com');
    expect(text).toContain('"isLoggedIn":true');
    expect(tokens.filter((token) => text.includes(token))).toEqual([]);
    expect(await page.evaluate('document.cookie')).not.toContain(agent.name);

    const [otherTab, texts] = [await openTab(agent), await noteStatus(page)];
    await press(page, 'Sign out');
    await says(otherTab, /^You are signed out/);
    await page.waitForURL(`${world.provider.issuer}/session/end?**`);
    // Nobody is told that a session has ended who ends it.
    expect([...new Set(texts)]).toEqual(['Signing out …']);
    const sent = new URL(page.url()).searchParams;
    expect(tokens).toContain(sent.get('id_token_hint'));
    expect(sent.get('client_id')).toBe(world.provider.clientId);
    await page.getByRole('button', { name: 'Yes, sign me out' }).click();
    await says(page, 'Nobody is signed in.');
    expect(await cookiesOf(agent)).toEqual(left[agent.state]);
  });
});

describe('in several tabs', () => {
  it.each([stored, sealed, farSealed])(
    'all go on when the access token ends while they are in use, with one refresh: $name',
    async (agent) => {
      const tabs = [await openSignedIn(agent), await openTab(agent)] as const;
      await letAccessTokenEnd(tabs[0], agent);
      const before = world.provider.countRefreshes();
      world.upstream.clear();
      await Promise.all([callApi(tabs[0], 'POST /notes'), callApi(tabs[1], 'GET /hello')]);
      expect(world.provider.countRefreshes() - before).toBe(1);
      const expected = [`Bearer ${lastAccessToken()}`];
      expect(apiRequests().map((request) => request.values('authorization'))).toEqual([expected, expected]);
      await Promise.all(tabs.map((tab) => callApi(tab, 'POST /notes')));
      for (const tab of tabs) {
        await tab.reload();
        await says(tab, 'Signed in as Alice Adams.');
      }
    },
  );

  it.each([stored, sealed])('one that missed a new login has its CSRF token renewed: $name', async (agent) => {
    await context.addInitScript('BroadcastChannel.prototype.postMessage = () => undefined');
    const first = await openSignedIn(agent);
    const second = await openTab(agent);
    await press(second, 'Sign out');
    await second.waitForURL(`${world.provider.issuer}/session/end?**`);
    await second.goto(`${world.origin}/spa/`);
    await press(second, 'Sign in');
    await says(second, 'Signed in as Alice Adams.');
    await callApi(first, 'POST /notes');
    await callApi(second, 'POST /notes');
    expect(world.provider.countRefreshes()).toBe(0);
  });

  it('two logins that were begun at the same time both end', async () => {
    const tabs = [await openTab(sealed), await openTab(sealed)];
    await Promise.all(tabs.map((tab) => press(tab, 'Sign in')));
    for (const tab of tabs) await says(tab, 'Signed in as Alice Adams.');
    for (const tab of tabs) await callApi(tab, 'POST /notes');
  });
});

it('a logout reaches the provider, though the application loads the page again whenever a session ends', async () => {
  const page = await openSignedIn(stored);
  await page.evaluate(`(async () => {
    const { createAgentClient } = await import('/spa/client/src/agent-client.ts');
    const client = createAgentClient({ baseUrl: '/agent/stored', cookiePrefix: 'stored' });
    client.onChange(() => location.reload());
    void client.logout();
  })()`);
  await page.waitForURL(`${world.provider.issuer}/session/end?**`);
});

describe('S3: the cookies', () => {
  it.each([stored, sealed, hostStored, hostSealed])(
    'of $name are gone after the logout, each from its own path',
    async (agent) => {
      // Too much for one cookie, where the cookies hold it.
      const claims = { name: 'Alice Adams', email: 'alice@example.com', department: 'd'.repeat(4000) };
      world.provider.logInAs('alice', claims);
      const page = await openSignedIn(agent);
      const base = agent.hostOnly === true ? '/' : `/agent/${agent.name}`;
      const expected =
        agent.state === 'store'
          ? ['at /', 'csrf /']
          : ['at /', `auth ${base}`, 'csrf /', `id ${base}`, expect.stringMatching(`^id\\.1 ${base}$`)];
      expect(await cookiesOf(agent)).toEqual(expect.arrayContaining(expected));
      await press(page, 'Sign out');
      await page.waitForURL(`${world.provider.issuer}/session/end?**`);
      expect(await cookiesOf(agent)).toEqual(left[agent.state]);
    },
  );
});

describe('the pages of the application', () => {
  it('fit desktop and phone, satisfy axe-core, and come back from our own issuer', async () => {
    const page = await openTab(own);
    await look(page, 'spa-signed-out');
    await press(page, 'Sign in');
    await signIn(page, 'alice');
    await page.getByRole('button', { name: 'Authorize' }).click();
    await says(page, 'Signed in as Alice Adams.');
    await look(page, 'spa-signed-in');
    await page.getByText('Claims of the ID token').click();
    await callApi(page, 'POST /notes');
    await look(page, 'spa-api');
    await context.clearCookies();
    await press(page, 'POST /notes');
    await says(page, /^You are signed out/);
    await look(page, 'spa-session-over');
  });

  it('say what the provider refused', async () => {
    world.provider.editCallback((callback) => {
      callback.searchParams.delete('code');
      callback.searchParams.set('error', 'access_denied');
      callback.searchParams.set('error_description', 'Call 555 <b>now</b>');
    });
    const page = await openTab(stored);
    await press(page, 'Sign in');
    const alert = page.getByRole('alert').filter({ hasText: 'access_denied' });
    await alert.waitFor();
    expect(await alert.textContent()).not.toContain('555');
    expect(page.url()).toBe(`${world.origin}/spa/`);
    await look(page, 'spa-problem');
  });
});

async function look(page: Page, name: string): Promise<void> {
  for (const [width, height, colorScheme] of [
    [1280, 800, 'light'],
    [390, 844, 'dark'],
    [320, 256, 'light'],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    // Below the line that says what came of a button, axe-core cannot see colours.
    await page.evaluate('scrollTo(0, 0)');
    const wider = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(Number(wider), `${name} at ${width} pixels`).toBeLessThanOrEqual(0);
    expect(await accessibilityProblemsOf(page), `${name} at ${width} pixels`).toEqual([]);
    if (pictures !== undefined && width > 320) {
      await page.screenshot({ path: join(pictures, `${name}-${width}.png`), fullPage: true });
    }
  }
}
