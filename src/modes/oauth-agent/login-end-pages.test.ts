import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AgentService,
  agentService,
  errorOf,
  linesOf,
  pageOrigin,
  redirectUri,
} from '../../../test/support/agent-service.ts';
import { sharedKey, sharedKeyReference } from '../../../test/support/agent-states.ts';
import { sealVersion1 } from '../../../test/support/cookie-version1.ts';

let service: AgentService;
beforeEach(async () => {
  service = await agentService();
});
afterEach(async () => {
  await service.close();
});

const loggedOut = { handled: false, isLoggedIn: false };

describe('POST /login/end with any other page', () => {
  it.each([
    `${pageOrigin}/`,
    `${pageOrigin}/other?code=a&state=b`,
    `${redirectUri}`,
    `${redirectUri}#code=a&state=b`,
    `${redirectUri}/?code=a&state=b`,
    `${redirectUri}?code=a`,
    `${redirectUri}?state=a`,
    `${redirectUri}?error=access_denied`,
    `${redirectUri}?x=1`,
    `HTTPS://APP.example.com:443/Callback?code=a&state=b`,
  ])('says whether somebody is logged in: %s', async (pageUrl) => {
    expect((await service.newTab().endLogin(pageUrl)).json()).toEqual(loggedOut);
    const tab = await service.loggedIn();
    const { csrf } = tab;
    expect((await tab.endLogin(pageUrl)).json()).toEqual({ handled: false, isLoggedIn: true, csrf });
  });

  it('gives another CSRF token where the cookie is lost or of another session', async () => {
    const tab = await service.loggedIn();
    const other = await service.loggedIn();
    for (const value of [undefined, other.jar.value('example-csrf'), 'evil']) {
      tab.jar.delete('example-csrf');
      if (value !== undefined) tab.jar.put('example-csrf', value);
      const { csrf } = tab;
      const answer = await tab.endLogin(redirectUri);
      const set = linesOf(answer).filter((line) => !line.endsWith('Max-Age=0'));
      expect([set.length, answer.json().csrf === csrf]).toEqual([1, false]);
      expect((await tab.send('POST', '/refresh')).statusCode).toBe(204);
    }
  });

  it.each([true, false])(
    'tells nothing of another cookie that stands in place of the CSRF one (S6, write: %s)',
    async (write) => {
      await service.close();
      service = await agentService({ state: 'sealed', settings: { version1: { key: sharedKeyReference, write } } });
      for (const purpose of ['at', 'auth', 'id']) {
        const tab = service.newTab();
        tab.jar.put('example-at', sealVersion1('canary-at', sharedKey));
        tab.jar.put('example-csrf', sealVersion1(`canary-${purpose}`, sharedKey));
        const answer = await tab.endLogin(redirectUri);
        expect(answer.json()).toMatchObject({ isLoggedIn: true, csrf: expect.stringMatching(/^[\w-]{43}$/) });
        expect(answer.body).not.toContain('canary');
        expect((await tab.endLogin(redirectUri)).json()).toEqual(answer.json());
        expect((await tab.send('POST', '/logout')).statusCode).toBe(200);
      }
    },
  );

  it('is no error with a session that has ended', async () => {
    const tab = await service.loggedIn();
    service.clock.advance(3600);
    expect((await tab.endLogin(redirectUri)).json()).toEqual(loggedOut);
    tab.jar.put('example-at', 'evil');
    expect((await tab.endLogin(redirectUri)).json()).toEqual(loggedOut);
  });

  it.each([
    'https://evil.example/callback?code=a&state=b',
    'https://app.example.com.evil.example/callback',
    'https://app.example.com@evil.example/',
    'https://app.example.com:8443/callback',
    'http://app.example.com/callback',
    'https://api.example.com/',
  ])('is refused where its origin is not trusted: %s (B6)', async (pageUrl) => {
    const answer = await (await service.loggedIn()).endLogin(pageUrl);
    expect([...errorOf(answer), answer.json().message]).toEqual([
      400,
      'invalid_request',
      'pageUrl: expected a page of a trusted origin',
    ]);
  });

  it.each([
    '',
    '/callback',
    '//app.example.com/',
    'evil',
    'https:evil',
    'https://',
    'javascript:evil',
    'https:\\\\evil',
    ' https://app.example.com/',
  ])('is refused where it is no absolute URL: %j', async (pageUrl) => {
    const answer = await service.newTab().endLogin(pageUrl);
    expect([...errorOf(answer), answer.json().message]).toEqual([
      400,
      'invalid_request',
      'pageUrl: expected an absolute http or https URL, as location.href has it',
    ]);
  });
});
