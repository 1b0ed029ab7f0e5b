import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFakeAgent, type FakeAgent } from '../test-support/fake-agent.ts';
import { type AgentClient, AgentError, createAgentClient } from './agent-client.ts';

/** A stream as a body (Fetch §5.3), which not every type of RequestInit knows. */
const half = { duplex: 'half' } as RequestInit;

let fake: FakeAgent;
let page: { href: string; readonly origin: string; readonly pathname: string; assign(url: string): void };
let left: string[];

beforeEach(() => {
  fake = createFakeAgent();
  left = [];
  page = {
    href: 'https://spa.example.com/orders?page=2',
    get origin() {
      return new URL(this.href).origin;
    },
    get pathname() {
      return new URL(this.href).pathname;
    },
    assign: (url) => left.push(url),
  };
  const stored = new Map<string, string>();
  vi.stubGlobal('location', page);
  vi.stubGlobal('history', {
    state: null,
    replaceState: (_state: unknown, _title: string, url: string) => {
      page.href = url;
    },
  });
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  });
});

afterEach(() => vi.unstubAllGlobals());

/** A tab of an application of this test's own: tabs with the same `name` hear each other. */
function openTab(name = String(Math.random())): AgentClient {
  return createAgentClient({
    baseUrl: `https://api.example.com/${name}/oauth-agent`,
    cookiePrefix: 'spa',
    apiBaseUrl: 'https://api.example.com/v1/',
    fetch: fake.answer,
  });
}

describe('startLogin', () => {
  it('sends extra parameters as the agent takes them, and leaves for the provider', async () => {
    await openTab().startLogin({ extraParams: { prompt: 'login', ui_locales: 'de' } });
    expect(fake.bodies).toEqual([
      {
        extraParams: [
          { key: 'prompt', value: 'login' },
          { key: 'ui_locales', value: 'de' },
        ],
      },
    ]);
    expect(left).toEqual(['https://login.example.com/authorize?client_id=spa']);
  });
});

describe('endLogin', () => {
  it('returns to the page on which the login began, without code and state', async () => {
    const tab = openTab();
    await tab.startLogin();
    page.href = 'https://spa.example.com/?code=c&state=s&iss=i';
    expect(await tab.endLogin()).toEqual({ handled: true, isLoggedIn: true, csrf: 'one+' });
    expect(fake.pageUrls).toEqual(['https://spa.example.com/?code=c&state=s&iss=i']);
    expect(page.href).toBe('https://spa.example.com/orders?page=2');
  });

  it.each([
    ['a login of another tab', 'https://spa.example.com/?code=c&state=s', 'https://spa.example.com/'],
    ['other parameters', 'https://spa.example.com/?a=1&code=c&state=s#top', 'https://spa.example.com/?a=1#top'],
    ['an application that has a code of its own', 'https://spa.example.com/?code=c', 'https://spa.example.com/?code=c'],
  ])('leaves in the address bar what is not of the provider: %s', async (_, href, expected) => {
    page.href = href;
    await openTab().endLogin();
    expect(page.href).toBe(expected);
  });

  it('throws what the provider refused, and takes that out of the address bar as well', async () => {
    const tab = openTab();
    await tab.startLogin();
    page.href = 'https://spa.example.com/?error=access_denied&error_description=x&state=s';
    await expect(tab.endLogin()).rejects.toMatchObject({
      name: 'AgentError',
      status: 400,
      code: 'access_denied',
      message: 'it is access_denied',
    });
    expect(page.href).toBe('https://spa.example.com/');
  });

  it('asks once when it is called twice at the same time', async () => {
    page.href = 'https://spa.example.com/?code=c&state=s';
    const tab = openTab();
    const [first, second] = await Promise.all([tab.endLogin(), tab.endLogin()]);
    expect(second).toBe(first);
    expect(fake.pageUrls).toHaveLength(1);
  });
});

describe('fetch', () => {
  it('resolves against the base of the APIs, and adds the CSRF token to methods that may change something', async () => {
    const tab = openTab();
    await tab.endLogin();
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) await tab.fetch('orders', { method });
    expect(fake.requests.slice(1)).toEqual([
      'GET /v1/orders',
      'HEAD /v1/orders',
      'POST /v1/orders one',
      'PUT /v1/orders one',
      'PATCH /v1/orders one',
      'DELETE /v1/orders one',
    ]);
  });

  it('asks for the CSRF token before the first such request, with a page URL that holds no answer', async () => {
    page.href = 'https://spa.example.com/?code=c&state=s';
    await openTab().fetch('orders', { method: 'POST', body: 'a' });
    expect(fake.pageUrls).toEqual(['https://spa.example.com/']);
    expect(fake.requests).toEqual(['POST /login/end', 'POST /v1/orders one']);
  });

  it('refreshes once for all requests that got a 401, and repeats each with its body', async () => {
    const tab = openTab();
    await tab.endLogin();
    fake.isExpired = true;
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((body) => tab.fetch('orders', { method: 'POST', body: new Blob([body]).stream(), ...half })),
    );
    const echoes = await Promise.all(answers.map(async (each) => (await each.json()).echo));
    expect(echoes).toEqual(['a', 'b', 'c']);
    expect(fake.requests.filter((each) => each.startsWith('POST /refresh'))).toHaveLength(1);
  });

  it('takes turns in this tab where the browser has no Web Locks (plain HTTP)', async () => {
    vi.stubGlobal('navigator', {});
    const tab = openTab();
    fake.isExpired = true;
    const answers = await Promise.all(['a', 'b'].map((path) => tab.fetch(path)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(fake.requests.filter((each) => each.startsWith('POST /refresh'))).toHaveLength(1);
  });

  it('fetches the CSRF token again where another tab has logged in anew, and refreshes nothing', async () => {
    const tab = openTab();
    await tab.endLogin();
    fake.csrf = 'two';
    expect((await tab.fetch('orders', { method: 'POST' })).status).toBe(200);
    expect(fake.requests.slice(1)).toEqual(['POST /v1/orders one', 'POST /login/end', 'POST /v1/orders two']);
  });

  it.each([
    ['nobody is logged in any more', { csrf: undefined }, ['signed-out']],
    ['the session is over', { refusal: { status: 401, code: 'session_expired' } }, ['signed-out']],
    ['there is no refresh token', { refusal: { status: 401, code: 'unauthorized_request' } }, []],
  ])('gives the 401 back when %s', async (_, changed, changes) => {
    const tab = openTab();
    const heard: string[] = [];
    tab.onChange((change) => heard.push(change));
    await tab.endLogin();
    fake.isExpired = true;
    Object.assign(fake, changed);
    const found = await tab.fetch('orders');
    expect([found.status, await found.json()]).toEqual([401, { code: 'unauthorized', message: 'it is unauthorized' }]);
    expect(fake.requests.filter((each) => each === 'GET /v1/orders')).toHaveLength(1);
    expect(heard).toEqual(changes);
  });

  it('throws when the provider cannot be asked for new tokens now', async () => {
    const tab = openTab();
    fake.isExpired = true;
    fake.refusal = { status: 502, code: 'authorization_server_error' };
    await expect(tab.fetch('orders')).rejects.toMatchObject({ status: 502, code: 'authorization_server_error' });
  });

  it('sends nothing to another origin, which would see the CSRF token', async () => {
    const tab = openTab();
    for (const url of ['https://evil.example.com/', '//evil.example.com/', 'http://api.example.com/v1/orders']) {
      await expect(tab.fetch(url, { method: 'POST' })).rejects.toThrow(TypeError);
    }
    expect(fake.requests).toEqual([]);
  });
});

describe('userInfo, claims and session', () => {
  it.each(['userInfo', 'claims'] as const)('%s refreshes an access token that has ended', async (name) => {
    const tab = openTab();
    fake.isExpired = true;
    expect(await tab[name]()).toMatchObject({ sub: 'alice' });
    expect(fake.requests).toEqual([`GET /${name}`, 'POST /login/end', 'POST /refresh one', `GET /${name}`]);
  });

  it('userInfo throws when nobody is logged in', async () => {
    fake.csrf = undefined;
    await expect(openTab().userInfo()).rejects.toBeInstanceOf(AgentError);
  });

  it('session asks and touches nothing', async () => {
    expect(await openTab().session()).toEqual({ isLoggedIn: true, expiresAt: 1_800_000_000 });
    expect(fake.requests).toEqual(['GET /session']);
  });
});

describe('refresh and logout', () => {
  it.each(['refresh', 'logout'] as const)(
    '%s fetches a CSRF token that another tab has made stale again',
    async (name) => {
      const tab = openTab();
      await tab.endLogin();
      fake.csrf = 'two';
      await tab[name]();
      expect(fake.requests.slice(1)).toEqual([`POST /${name} one`, 'POST /login/end', `POST /${name} two`]);
    },
  );

  it('refresh throws what the agent says', async () => {
    fake.refusal = { status: 401, code: 'session_expired' };
    await expect(openTab().refresh()).rejects.toMatchObject({ status: 401, code: 'session_expired' });
  });

  it('logout leaves for the provider', async () => {
    await openTab().logout();
    expect(left).toEqual(['https://login.example.com/logout']);
  });

  it('logout is done when there is no session any more', async () => {
    const tab = openTab();
    await tab.endLogin();
    fake.csrf = undefined;
    await tab.logout();
    expect(left).toEqual([]);
  });

  it('an answer that is no JSON of the agent is an AgentError too', async () => {
    const tab = createAgentClient({
      baseUrl: 'https://api.example.com/oauth-agent',
      cookiePrefix: 'spa',
      fetch: async () => new Response('upstream connect error', { status: 503 }),
    });
    await expect(tab.session()).rejects.toMatchObject({ status: 503, code: 'server_error' });
  });
});

describe('other tabs', () => {
  it('hear of a logout and of a login, and ask for the CSRF token of the new session', async () => {
    const [first, second] = [openTab('shared'), openTab('shared')];
    await second.endLogin();
    const heard: string[] = [];
    const stop = second.onChange((change) => heard.push(change));
    await first.logout();
    await vi.waitFor(() => expect(heard).toEqual(['signed-out']));
    page.href = 'https://spa.example.com/?code=c&state=s';
    await first.endLogin();
    await vi.waitFor(() => expect(heard).toEqual(['signed-out', 'signed-in']));
    fake.requests.length = 0;
    expect((await second.fetch('orders', { method: 'POST' })).status).toBe(200);
    expect(fake.requests).toEqual(['POST /login/end', 'POST /v1/orders +']);
    stop();
  });

  it('do not refresh again what one of them refreshes', async () => {
    const [first, second] = [openTab('both'), openTab('both')];
    await Promise.all([first.endLogin(), second.endLogin()]);
    await Promise.all([first.refresh(), second.refresh()]);
    // News may come after the lock: one more is harmless, as the agent replaces no token twice in a row.
    expect(fake.requests.filter((each) => each.startsWith('POST /refresh')).length).toBeLessThanOrEqual(2);
  });
});
