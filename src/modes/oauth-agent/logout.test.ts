import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AgentService, agentService, errorOf, linesOf, pageOrigin } from '../../../test/support/agent-service.ts';
import { sharedKey, sharedKeyReference } from '../../../test/support/agent-states.ts';
import { sealVersion1 } from '../../../test/support/cookie-version1.ts';
import { tokenSetAt } from '../../../test/support/session.ts';

let service: AgentService;
beforeEach(async () => {
  service = await agentService({ settings: { postLogoutRedirectUri: `${pageOrigin}/goodbye` } });
});
afterEach(async () => {
  await service.close();
});

describe('POST /logout', () => {
  it.each(['store', 'sealed'] as const)(
    'says where to go, and every cookie goes at its own path, state %s',
    async (state) => {
      await service.close();
      service = await agentService({ state, settings: { postLogoutRedirectUri: `${pageOrigin}/goodbye` } });
      const tab = await service.loggedIn();
      await tab.startLogin();
      const answer = await tab.send('POST', '/logout');
      expect([answer.statusCode, answer.json()]).toEqual([
        200,
        {
          url: 'https://idp.example/logout?client_id=sallyport&post_logout_redirect_uri=https%3A%2F%2Fapp.example.com%2Fgoodbye',
        },
      ]);
      expect(answer.headers['clear-site-data']).toBe('"cache"');
      const [request] = service.provider.logouts;
      expect(request).toMatchObject({ postLogoutRedirectUri: `${pageOrigin}/goodbye`, state: undefined });
      expect(request?.idToken?.reveal()).toBe('canary-id-token');
      // What is left says which sessions are over, and nothing else.
      expect(tab.jar.all().map(({ name }) => name)).toEqual(state === 'sealed' ? ['example-out'] : []);
      expect(service.provider.revoked).toEqual(['canary-refresh-token']);
      expect(service.telemetry.names()).toContain('session_ended');
    },
  );

  it('ends the session in the store: copies of its cookies are of no use (S2)', async () => {
    const tab = await service.loggedIn();
    const thief = service.newTab(tab.jar.copy());
    await tab.send('POST', '/logout');
    expect((await thief.send('GET', '/session')).json()).toEqual({ isLoggedIn: false });
    expect(errorOf(await thief.send('GET', '/claims'))).toEqual([401, 'session_expired']);
    expect(thief.jar.all()).toEqual([]);
  });

  it.each([
    ['has no logout', { hasLogout: false }, true],
    ['cannot be asked', {}, false],
  ])('leads to the own page where the provider %s', async (_, provider, isReachable) => {
    await service.close();
    service = await agentService({ provider });
    const tab = await service.loggedIn();
    service.provider.setReachable(isReachable);
    const answer = await tab.send('POST', '/logout');
    expect([answer.statusCode, answer.json()]).toEqual([200, { url: `${pageOrigin}/callback` }]);
    expect(tab.jar.all()).toEqual([]);
  });

  it('claims nothing while the store is down: cookies and session stay (I4)', async () => {
    const tab = await service.loggedIn();
    service.store.setReachable(false);
    const answer = await tab.send('POST', '/logout');
    expect([errorOf(answer), linesOf(answer)]).toEqual([[503, 'temporarily_unavailable'], []]);
    service.store.setReachable(true);
    expect((await tab.send('POST', '/logout')).statusCode).toBe(200);
  });
});

describe('GET /session', () => {
  it('says who is logged in and for how long, and prolongs nothing', async () => {
    const start = service.clock.now();
    const tab = await service.loggedIn();
    const expected = { isLoggedIn: true, sub: 'alice', expiresAt: start + 3600, accessTokenExpiresAt: start + 3600 };
    for (let minutes = 0; minutes < 59; minutes += 10) {
      const answer = await tab.send('GET', '/session');
      expect([answer.json(), linesOf(answer)]).toEqual([expected, []]);
      service.clock.advance(600);
    }
    expect((await tab.send('GET', '/session')).json()).toEqual({ isLoggedIn: false });
  });

  it('has the absolute end where that comes first, and with sealed sessions always', async () => {
    for (const state of ['store', 'sealed'] as const) {
      await service.close();
      service = await agentService({ state, settings: { absoluteLifetime: '30m' } });
      const { expiresAt } = (await (await service.loggedIn()).send('GET', '/session')).json();
      expect(expiresAt).toBe(service.clock.now() + 1800);
    }
  });

  it('leaves out whose a session is that was taken over from cookies of form 0x01, and no claims are known of it', async () => {
    await service.close();
    const settings = { version1: { key: sharedKeyReference, write: false } };
    service = await agentService({ state: 'sealed', settings });
    const tab = service.newTab();
    for (const [name, token, path] of [
      ['at', 'canary-opaque', '/'],
      ['auth', 'canary-theirs', '/oauth-agent/refresh'],
      ['csrf', 'canary-csrf', '/'],
    ] as const) {
      tab.jar.put(`example-${name}`, sealVersion1(token, sharedKey), path);
    }
    tab.csrf = 'canary-csrf';
    const at = service.clock.now();
    expect((await tab.send('GET', '/session')).json()).toEqual({ isLoggedIn: true });
    expect((await tab.send('POST', '/refresh')).statusCode).toBe(204);
    expect((await tab.send('GET', '/session')).json()).toEqual({
      isLoggedIn: true,
      expiresAt: at + 12 * 3600,
      accessTokenExpiresAt: at + 3600,
    });
    const claims = await tab.send('GET', '/claims');
    expect([claims.statusCode, claims.json()]).toEqual([200, {}]);
  });

  it('leaves out the end of an access token that has none', async () => {
    service.provider.logInAs({ tokenSet: tokenSetAt(service.clock.now(), { expiresAt: undefined }) });
    const status = (await (await service.loggedIn()).send('GET', '/session')).json();
    expect(Object.keys(status)).toEqual(['isLoggedIn', 'sub', 'expiresAt']);
  });
});
