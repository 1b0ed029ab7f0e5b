import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FakeBrowser, startFakeBrowser } from '../test-support/fake-browser.ts';
import { AgentError } from './agent-client.ts';

/** A stream as a body (Fetch §5.3), which not every type of RequestInit knows. */
const half = { duplex: 'half' } as RequestInit;

let browser: FakeBrowser;

beforeEach(() => {
  browser = startFakeBrowser();
});

afterEach(() => browser.close());

describe('startLogin', () => {
  it('sends extra parameters as the agent takes them, and leaves for the provider', async () => {
    await browser.openTab().startLogin({ extraParams: { prompt: 'login', ui_locales: 'de' } });
    expect(browser.fake.bodies).toEqual([
      {
        extraParams: [
          { key: 'prompt', value: 'login' },
          { key: 'ui_locales', value: 'de' },
        ],
      },
    ]);
    expect(browser.left).toEqual(['https://login.example.com/authorize?client_id=spa']);
  });
});

describe('endLogin', () => {
  it('returns to the page on which the login began, without code and state', async () => {
    const tab = browser.openTab();
    await tab.startLogin();
    browser.page.href = 'https://spa.example.com/?code=c&state=s&iss=i';
    expect(await tab.endLogin()).toEqual({ handled: true, isLoggedIn: true, csrf: 'one+' });
    expect(browser.fake.pageUrls).toEqual(['https://spa.example.com/?code=c&state=s&iss=i']);
    expect(browser.page.href).toBe('https://spa.example.com/orders?page=2');
  });

  it.each([
    ['a login of another tab', 'https://spa.example.com/?code=c&state=s', 'https://spa.example.com/'],
    ['other parameters', 'https://spa.example.com/?a=1&code=c&state=s#top', 'https://spa.example.com/?a=1#top'],
    ['an application that has a code of its own', 'https://spa.example.com/?code=c', 'https://spa.example.com/?code=c'],
  ])('leaves in the address bar what is not of the provider: %s', async (_, href, expected) => {
    browser.page.href = href;
    await browser.openTab().endLogin();
    expect(browser.page.href).toBe(expected);
  });

  it('throws what the provider refused, and takes that out of the address bar as well', async () => {
    const tab = browser.openTab();
    await tab.startLogin();
    browser.page.href = 'https://spa.example.com/?error=access_denied&error_description=x&state=s';
    await expect(tab.endLogin()).rejects.toMatchObject({
      name: 'AgentError',
      status: 400,
      code: 'access_denied',
      message: 'it is access_denied',
    });
    expect(browser.page.href).toBe('https://spa.example.com/');
  });

  it.each([
    ['the provider is down', { status: 502, retryAfter: '5' }],
    ['the store is down', { status: 503, retryAfter: '1' }],
    ['nothing answers', 'no answer'],
  ] as const)('leaves an answer in the address bar that may still be good: %s', async (_, outage) => {
    const tab = browser.openTab();
    await tab.startLogin();
    const callback = 'https://spa.example.com/?code=c&state=s';
    browser.page.href = callback;
    browser.fake.outage = outage;
    await expect(tab.endLogin()).rejects.toThrow();
    expect(browser.page.href).toBe(callback);
    browser.fake.outage = undefined;
    expect(await tab.endLogin()).toMatchObject({ handled: true });
    expect(browser.page.href).toBe('https://spa.example.com/orders?page=2');
  });

  it('returns to the page of the first try when somebody begins anew in front of such an answer', async () => {
    const tab = browser.openTab();
    await tab.startLogin();
    browser.page.href = 'https://spa.example.com/?code=c&state=s';
    browser.fake.outage = 'no answer';
    await expect(tab.endLogin()).rejects.toThrow(TypeError);
    browser.fake.outage = undefined;
    await tab.startLogin();
    browser.page.href = 'https://spa.example.com/?code=d&state=t';
    await tab.endLogin();
    expect(browser.page.href).toBe('https://spa.example.com/orders?page=2');
  });

  it('asks once when it is called twice at the same time', async () => {
    browser.page.href = 'https://spa.example.com/?code=c&state=s';
    const tab = browser.openTab();
    const [first, second] = await Promise.all([tab.endLogin(), tab.endLogin()]);
    expect(second).toBe(first);
    expect(browser.fake.pageUrls).toHaveLength(1);
  });
});

describe('fetch', () => {
  it('resolves against the base of the APIs, and adds the CSRF token to methods that may change something', async () => {
    const tab = browser.openTab();
    await tab.endLogin();
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) await tab.fetch('orders', { method });
    expect(browser.fake.requests.slice(1)).toEqual([
      'GET /v1/orders',
      'HEAD /v1/orders',
      'POST /v1/orders one',
      'PUT /v1/orders one',
      'PATCH /v1/orders one',
      'DELETE /v1/orders one',
    ]);
  });

  it('asks for the CSRF token before the first such request, with a page URL that holds no answer', async () => {
    browser.page.href = 'https://spa.example.com/?code=c&state=s';
    await browser.openTab().fetch('orders', { method: 'POST', body: 'a' });
    expect(browser.fake.pageUrls).toEqual(['https://spa.example.com/']);
    expect(browser.fake.requests).toEqual(['POST /login/end', 'POST /v1/orders one']);
  });

  it('refreshes once for all requests that got a 401, and repeats each with its body', async () => {
    const tab = browser.openTab();
    await tab.endLogin();
    browser.fake.isExpired = true;
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((body) => tab.fetch('orders', { method: 'POST', body: new Blob([body]).stream(), ...half })),
    );
    const echoes = await Promise.all(answers.map(async (each) => (await each.json()).echo));
    expect(echoes).toEqual(['a', 'b', 'c']);
    expect(browser.fake.requests.filter((each) => each.startsWith('POST /refresh'))).toHaveLength(1);
  });

  it('takes turns in this tab where the browser has no Web Locks (plain HTTP)', async () => {
    vi.stubGlobal('navigator', {});
    const tab = browser.openTab();
    browser.fake.isExpired = true;
    const answers = await Promise.all(['a', 'b'].map((path) => tab.fetch(path)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(browser.fake.requests.filter((each) => each.startsWith('POST /refresh'))).toHaveLength(1);
  });

  it('fetches the CSRF token again where another tab has logged in anew, and refreshes nothing', async () => {
    const tab = browser.openTab();
    await tab.endLogin();
    browser.fake.csrf = 'two';
    expect((await tab.fetch('orders', { method: 'POST' })).status).toBe(200);
    expect(browser.fake.requests.slice(1)).toEqual(['POST /v1/orders one', 'POST /login/end', 'POST /v1/orders two']);
  });

  it.each([
    ['nobody is logged in any more', { csrf: undefined }, ['signed-out']],
    ['the session is over', { refusal: { status: 401, code: 'session_expired' } }, ['signed-out']],
    ['there is no refresh token', { refusal: { status: 401, code: 'unauthorized_request' } }, []],
  ])('gives the 401 back when %s', async (_, changed, changes) => {
    const tab = browser.openTab();
    const heard: string[] = [];
    tab.onChange((change) => heard.push(change));
    await tab.endLogin();
    browser.fake.isExpired = true;
    Object.assign(browser.fake, changed);
    const found = await tab.fetch('orders');
    expect([found.status, await found.json()]).toEqual([401, { code: 'unauthorized', message: 'it is unauthorized' }]);
    expect(browser.fake.requests.filter((each) => each === 'GET /v1/orders')).toHaveLength(1);
    expect(heard).toEqual(changes);
  });

  it('throws when the provider cannot be asked for new tokens now', async () => {
    const tab = browser.openTab();
    browser.fake.isExpired = true;
    browser.fake.refusal = { status: 502, code: 'authorization_server_error' };
    await expect(tab.fetch('orders')).rejects.toMatchObject({ status: 502, code: 'authorization_server_error' });
  });

  it('sends nothing to another origin, which would see the CSRF token', async () => {
    const tab = browser.openTab();
    for (const url of ['https://evil.example.com/', '//evil.example.com/', 'http://api.example.com/v1/orders']) {
      await expect(tab.fetch(url, { method: 'POST' })).rejects.toThrow(TypeError);
    }
    expect(browser.fake.requests).toEqual([]);
  });
});

describe('a redirect', () => {
  /** Answers as browsers do for whoever is sent on (Fetch §4.4), and notes what arrives there. */
  function openTabSentOn(isSentOn: (request: Request) => boolean) {
    const arrived: string[] = [];
    const tab = browser.openTab(undefined, async (request) => {
      if (!isSentOn(request)) return await browser.fake.answer(request);
      if (request.redirect === 'error') throw new TypeError('Failed to fetch');
      if (request.redirect === 'manual') return Response.error();
      arrived.push(`${request.method} ${request.headers.get('x-spa-csrf') ?? ''} ${await request.text()}`);
      return new Response();
    });
    return { tab, arrived };
  }

  it.each([
    ['POST', { method: 'POST', body: 'secret' }],
    ['a POST with a stream', { method: 'POST', body: new Blob(['secret']).stream(), ...half }],
    ['a POST that says so', { method: 'POST', body: 'secret', redirect: 'follow' }],
    ['DELETE', { method: 'DELETE' }],
  ] as const)('carries CSRF token and body nowhere: %s', async (_, init) => {
    const { tab, arrived } = openTabSentOn(({ url }) => url.endsWith('/orders'));
    await expect(tab.fetch('orders', init)).rejects.toThrow(TypeError);
    expect(arrived).toEqual([]);
  });

  it('is the answer where the application wants it so, and is followed without a token', async () => {
    const { tab, arrived } = openTabSentOn(({ url }) => url.endsWith('/orders'));
    expect((await tab.fetch('orders', { method: 'POST', redirect: 'manual' })).type).toBe('error');
    expect((await tab.fetch('orders')).status).toBe(200);
    expect(arrived).toEqual(['GET  ']);
  });

  it.each(['startLogin', 'endLogin', 'userInfo', 'claims', 'session', 'refresh', 'logout'] as const)(
    'from an endpoint of the agent leads nowhere: %s',
    async (name) => {
      const { tab, arrived } = openTabSentOn(() => true);
      await expect(tab[name]()).rejects.toThrow(TypeError);
      expect(arrived).toEqual([]);
    },
  );

  it('is refused without forgetting what else a request says', async () => {
    const seen: Request[] = [];
    const tab = browser.openTab(undefined, async (request) => {
      seen.push(request);
      return await browser.fake.answer(request);
    });
    const { signal } = new AbortController();
    const headers = { 'content-type': 'text/x-orders' };
    await tab.fetch('orders', { method: 'POST', headers, referrerPolicy: 'no-referrer', cache: 'no-store', signal });
    expect(seen.at(-1)).toMatchObject({ credentials: 'include', referrerPolicy: 'no-referrer', cache: 'no-store' });
    expect(seen.at(-1)?.headers.get('content-type')).toBe('text/x-orders');
  });
});

describe('userInfo, claims and session', () => {
  it.each(['userInfo', 'claims'] as const)('%s refreshes an access token that has ended', async (name) => {
    const tab = browser.openTab();
    browser.fake.isExpired = true;
    expect(await tab[name]()).toMatchObject({ sub: 'alice' });
    expect(browser.fake.requests).toEqual([`GET /${name}`, 'POST /login/end', 'POST /refresh one', `GET /${name}`]);
  });

  it('userInfo throws when nobody is logged in', async () => {
    browser.fake.csrf = undefined;
    await expect(browser.openTab().userInfo()).rejects.toBeInstanceOf(AgentError);
  });

  it('session asks and touches nothing', async () => {
    expect(await browser.openTab().session()).toEqual({ isLoggedIn: true, expiresAt: 1_800_000_000 });
    expect(browser.fake.requests).toEqual(['GET /session']);
  });
});
