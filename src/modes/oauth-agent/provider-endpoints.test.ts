import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AgentService, type AgentTab, agentService, errorOf } from '../../../test/support/agent-service.ts';

let service: AgentService;
beforeEach(async () => {
  service = await agentService();
});
afterEach(async () => {
  await service.close();
});

/** A page that has logged in, whose session at the provider is `sid`. */
async function loggedIn(sid: string, subject = 'alice'): Promise<AgentTab> {
  service.provider.logInAs({ providerSessionId: sid, subject });
  return await service.loggedIn();
}

const isLoggedIn = async (tab: AgentTab) => (await tab.send('GET', '/session')).json().isLoggedIn;

const form = 'application/x-www-form-urlencoded';

/** As a provider's server sends it: no cookie, no origin. */
async function post(payload: string, type: string | undefined = form, path = '/backchannel-logout') {
  const headers = { origin: undefined, 'sec-fetch-site': undefined, 'content-type': type };
  return await service.newTab().send('POST', path, { payload, headers });
}

const withToken = (parts: { readonly subject?: string; readonly sid?: string }) =>
  new URLSearchParams({ logout_token: service.provider.logoutToken(parts) }).toString();

/** As a frame in a page of the provider sends it. */
async function frame(query: string) {
  const headers = { origin: undefined, 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'iframe' };
  return await service.newTab().send('GET', `/frontchannel-logout${query}`, { headers });
}

/** Nothing that would let a page read the answer, whosever it is. */
function expectNoCors(headers: object): void {
  expect(Object.keys(headers).filter((name) => /^(access-control|vary)/.test(name))).toEqual([]);
}

describe('POST /backchannel-logout (OpenID Connect Back-Channel Logout 1.0)', () => {
  it('ends the session that the provider names, and no other', async () => {
    const [meant, other, bob] = [await loggedIn('one'), await loggedIn('two'), await loggedIn('three', 'bob')];
    const answer = await post(withToken({ subject: 'alice', sid: 'one' }));
    expect([answer.statusCode, answer.body, answer.headers['cache-control']]).toEqual([200, '', 'no-store']);
    expectNoCors(answer.headers);
    expect(await Promise.all([meant, other, bob].map(isLoggedIn))).toEqual([false, true, true]);
    expect(errorOf(await meant.send('GET', '/claims'))).toEqual([401, 'session_expired']);
    await post(withToken({ subject: 'alice' }));
    expect(await Promise.all([other, bob].map(isLoggedIn))).toEqual([false, true]);
  });

  it('takes a token once (X5)', async () => {
    const token = withToken({ subject: 'alice' });
    expect((await post(token)).statusCode).toBe(200);
    const later = await loggedIn('one');
    expect((await post(token)).statusCode).toBe(400);
    expect(await isLoggedIn(later)).toBe(true);
  });

  it.each([
    ['no token', '', form],
    ['two tokens', 'logout_token=a&logout_token=b', form],
    ['a token that is not valid', 'logout_token=forged', form],
    ['too much', `logout_token=${'a'.repeat(32_768)}`, form],
    ['bytes that are no text', 'logout_token=\xff', undefined],
  ])('does nothing for %s: 400, which no page reads', async (_, payload, type) => {
    const tab = await loggedIn('one');
    const answer = await post(payload, type);
    expect(answer.statusCode).toBe(400);
    expectNoCors(answer.headers);
    expect(await isLoggedIn(tab)).toBe(true);
  });

  it('takes a token in a form alone', async () => {
    const tab = await loggedIn('one');
    const token = service.provider.logoutToken({ sid: 'one' });
    const json = await post(JSON.stringify({ logout_token: token }), 'application/json');
    const text = await post(new URLSearchParams({ logout_token: token }).toString(), 'text/plain');
    expect([json.statusCode, text.statusCode, await isLoggedIn(tab)]).toEqual([400, 400, true]);
  });

  it('asks to come again while keys or store cannot be had (I4)', async () => {
    const tab = await loggedIn('one');
    const token = withToken({ sid: 'one' });
    service.provider.setReachable(false);
    const [withoutKeys] = [await post(token)];
    service.provider.setReachable(true);
    service.store.setReachable(false);
    const withoutStore = await post(token);
    for (const answer of [withoutKeys, withoutStore]) {
      expect([answer.statusCode, Number(answer.headers['retry-after']) > 0]).toEqual([503, true]);
      expectNoCors(answer.headers);
    }
    service.store.setReachable(true);
    expect(await isLoggedIn(tab)).toBe(true);
    expect((await post(token)).statusCode).toBe(200);
    expect(await isLoggedIn(tab)).toBe(false);
  });
});

describe('GET /frontchannel-logout (OpenID Connect Front-Channel Logout 1.0)', () => {
  it('ends the session that `iss` and `sid` name, though no cookie of it comes', async () => {
    const [meant, other] = [await loggedIn('one'), await loggedIn('two')];
    const answer = await frame('?iss=https://idp.example&sid=one');
    expect([answer.statusCode, answer.body]).toEqual([200, '']);
    expectNoCors(answer.headers);
    expect(await Promise.all([meant, other].map(isLoggedIn))).toEqual([false, true]);
  });

  it.each(['', '?sid=one', '?iss=https://evil.example&sid=one', '?iss=https://idp.example&sid=one&sid=two'])(
    'does nothing for %j',
    async (query) => {
      const tab = await loggedIn('one');
      expect((await frame(query)).statusCode).toBe(400);
      expect(await isLoggedIn(tab)).toBe(true);
    },
  );
});

describe('what providers call', () => {
  it('is at the configured paths', async () => {
    await service.close();
    const endpoints = { backChannelLogout: '/ended', frontChannelLogout: '/ended/frame' };
    service = await agentService({ settings: { endpoints } });
    expect((await post(withToken({ subject: 'alice' }), form, '/ended')).statusCode).toBe(200);
    expect((await service.newTab().send('GET', '/ended/frame')).statusCode).toBe(400);
    expect((await post('', form)).statusCode).toBe(404);
  });

  it.each([
    ['GET', '/backchannel-logout', 'POST'],
    ['OPTIONS', '/backchannel-logout', 'POST'],
    ['POST', '/frontchannel-logout', 'GET'],
  ])('has one method, and no preflight: %s %s is 405', async (method, path, allowed) => {
    const headers = { 'access-control-request-method': 'POST' };
    const answer = await service.newTab().send(method as 'GET', path, { headers }); // other methods too
    expect([...errorOf(answer), answer.headers['allow']]).toEqual([405, 'method_not_allowed', allowed]);
    expectNoCors(answer.headers);
  });

  it('is not there with sealed sessions: nobody but the browser could end one', async () => {
    await service.close();
    service = await agentService({ state: 'sealed' });
    expect((await post('logout_token=any')).statusCode).toBe(404);
    expect((await frame('?iss=https://idp.example&sid=one')).statusCode).toBe(404);
  });

  it('answers no host that is not configured', async () => {
    const headers = { host: 'evil.example', origin: undefined };
    const answer = await service
      .newTab()
      .send('GET', '/frontchannel-logout?iss=https://idp.example&sid=one', { headers });
    expect(errorOf(answer)).toEqual([403, 'unknown_host']);
  });
});
