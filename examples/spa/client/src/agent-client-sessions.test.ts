import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FakeBrowser, startFakeBrowser } from '../test-support/fake-browser.ts';

let browser: FakeBrowser;

beforeEach(() => {
  browser = startFakeBrowser();
});

afterEach(() => browser.close());

describe('refresh and logout', () => {
  it.each(['refresh', 'logout'] as const)(
    '%s fetches a CSRF token that another tab has made stale again',
    async (name) => {
      const tab = browser.openTab();
      await tab.endLogin();
      browser.fake.csrf = 'two';
      await tab[name]();
      expect(browser.fake.requests.slice(1)).toEqual([`POST /${name} one`, 'POST /login/end', `POST /${name} two`]);
    },
  );

  it('refresh throws what the agent says', async () => {
    browser.fake.refusal = { status: 401, code: 'session_expired' };
    await expect(browser.openTab().refresh()).rejects.toMatchObject({ status: 401, code: 'session_expired' });
  });

  it('logout leaves for the provider, and no listener of this tab can load the page again instead', async () => {
    const tab = browser.openTab();
    await tab.endLogin();
    tab.onChange(() => browser.page.assign('the same page'));
    await tab.logout();
    expect(browser.left).toEqual(['https://login.example.com/logout']);
  });

  it('nor can one when another request learns of the logout before it is answered', async () => {
    const tab = browser.openTab('racing', async (request) => {
      const answer = await browser.fake.answer(request);
      if (request.url.endsWith('/logout')) expect((await tab.fetch('orders')).status).toBe(401);
      return answer;
    });
    await tab.endLogin();
    tab.onChange(() => browser.page.assign('the same page'));
    await tab.logout();
    expect(browser.left).toEqual(['https://login.example.com/logout']);
  });

  it('logout forgets the CSRF token, which the browser may show again with the page', async () => {
    const tab = browser.openTab();
    await tab.endLogin();
    await tab.logout();
    browser.fake.requests.length = 0;
    await tab.fetch('orders', { method: 'POST' });
    expect(browser.fake.requests).toEqual(['POST /login/end', 'POST /v1/orders', 'POST /login/end']);
  });

  it.each([
    ['over', { csrf: undefined }, undefined],
    ['over, and nothing answers at first', { csrf: undefined }, 'no answer'],
  ] as const)('logout of a session that is %s goes nowhere, and listeners hear of it', async (_, over, outage) => {
    const tab = browser.openTab();
    await tab.endLogin();
    const heard: string[] = [];
    tab.onChange((change) => heard.push(change));
    if (outage !== undefined) {
      browser.fake.outage = outage;
      await expect(tab.logout()).rejects.toThrow(TypeError);
      browser.fake.outage = undefined;
    }
    Object.assign(browser.fake, over);
    await tab.logout();
    expect([browser.left, heard]).toEqual([[], ['signed-out']]);
  });
});

describe('other tabs', () => {
  it('hear of a logout and of a login, and ask for the CSRF token of the new session', async () => {
    const [first, second] = [browser.openTab('shared'), browser.openTab('shared')];
    await second.endLogin();
    const heard: string[] = [];
    const stop = second.onChange((change) => heard.push(change));
    await first.logout();
    await vi.waitFor(() => expect(heard).toEqual(['signed-out']));
    browser.page.href = 'https://spa.example.com/?code=c&state=s';
    await first.endLogin();
    await vi.waitFor(() => expect(heard).toEqual(['signed-out', 'signed-in']));
    browser.fake.requests.length = 0;
    expect((await second.fetch('orders', { method: 'POST' })).status).toBe(200);
    expect(browser.fake.requests).toEqual(['POST /login/end', 'POST /v1/orders +']);
    stop();
  });

  it('that were closed hear nothing and tell nothing, and their work goes on', async () => {
    const [closed, open] = [browser.openTab('closing'), browser.openTab('closing')];
    const heard: string[] = [];
    closed.onChange((change) => heard.push(`closed: ${change}`));
    open.onChange((change) => heard.push(`open: ${change}`));
    closed.close();
    await closed.refresh();
    await closed.logout();
    browser.fake.csrf = 'two';
    browser.page.href = 'https://spa.example.com/?code=c&state=s';
    const third = browser.openTab('closing');
    await third.endLogin();
    // What was told before this has arrived by now.
    await vi.waitFor(() => expect(heard).toEqual(['open: signed-in']));
  });

  it('do not refresh again what one of them refreshes', async () => {
    const [first, second] = [browser.openTab('both'), browser.openTab('both')];
    await Promise.all([first.endLogin(), second.endLogin()]);
    await Promise.all([first.refresh(), second.refresh()]);
    // News may come after the lock: one more is harmless, as the agent replaces no token twice in a row.
    expect(browser.fake.requests.filter((each) => each.startsWith('POST /refresh')).length).toBeLessThanOrEqual(2);
  });
});
