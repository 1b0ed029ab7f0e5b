import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AgentService, agentService, errorOf, linesOf, redirectUri } from '../../../test/support/agent-service.ts';
import { tokenSetAt } from '../../../test/support/session.ts';

let service: AgentService;
afterEach(async () => {
  await service.close();
});

describe.each(['store', 'sealed'] as const)('POST /refresh, state %s', (state) => {
  beforeEach(async () => {
    service = await agentService({ state });
  });

  it('replaces the tokens: 204 without a body, and the CSRF token stays', async () => {
    const tab = await service.loggedIn();
    service.clock.advance(1);
    const answer = await tab.send('POST', '/refresh');
    expect([answer.statusCode, answer.body]).toEqual([204, '']);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(linesOf(answer).length > 0).toBe(state === 'sealed');
    expect(service.provider.refreshes).toEqual(['canary-refresh-token']);
    await tab.send('GET', '/userInfo');
    expect(service.provider.userinfos).toEqual(['canary-access-token-1']);
    expect((await tab.endLogin(redirectUri)).json()).toMatchObject({ isLoggedIn: true, csrf: tab.csrf });
  });

  it('works after the access token has ended', async () => {
    const tab = await service.loggedIn();
    service.clock.advance(3500);
    await tab.send('GET', '/claims');
    service.clock.advance(200);
    expect((await tab.send('POST', '/refresh')).statusCode).toBe(204);
  });

  it('of several tabs at one time is one refresh, and none of them is logged out (known defect)', async () => {
    const tab = await service.loggedIn();
    service.clock.advance(1);
    const others = Array.from({ length: 10 }, () => {
      const other = service.newTab(tab.jar.copy());
      other.csrf = tab.csrf;
      return other;
    });
    const gate = service.provider.holdRefreshes();
    const pending = Promise.all(others.map((other) => other.send('POST', '/refresh')));
    gate.release();
    expect((await pending).map(({ statusCode }) => statusCode)).toEqual(others.map(() => 204));
    // And one that comes a moment later with the cookies of before.
    service.clock.advance(1);
    expect((await tab.send('POST', '/refresh')).statusCode).toBe(204);
    expect(service.provider.refreshes).toEqual(['canary-refresh-token']);
    for (const each of [...others, tab]) {
      expect((await each.send('GET', '/userInfo')).statusCode).toBe(200);
    }
    expect(new Set(service.provider.userinfos)).toEqual(new Set(['canary-access-token-1']));
  });

  it('is session_expired when the provider has ended the grant, and the browser forgets all', async () => {
    const tab = await service.loggedIn();
    service.clock.advance(1);
    service.provider.answerRefresh({ kind: 'refused', code: 'invalid_grant', detail: 'canary' });
    const answer = await tab.send('POST', '/refresh');
    expect([errorOf(answer), answer.body.includes('canary')]).toEqual([[401, 'session_expired'], false]);
    expect(tab.jar.all()).toEqual([]);
  });

  it('is 502 while the provider cannot be asked, and the session lives', async () => {
    const tab = await service.loggedIn();
    service.clock.advance(1);
    service.provider.setReachable(false);
    const answer = await tab.send('POST', '/refresh');
    expect([errorOf(answer), Number(answer.headers['retry-after']) > 0]).toEqual([
      [502, 'authorization_server_error'],
      true,
    ]);
    expect((await tab.send('GET', '/session')).json()).toMatchObject({ isLoggedIn: true });
  });

  it('without a refresh token is 401, and clears nothing before the access token has ended', async () => {
    service.provider.logInAs({ tokenSet: tokenSetAt(service.clock.now(), { refreshToken: undefined }) });
    const tab = await service.loggedIn();
    const answer = await tab.send('POST', '/refresh');
    expect([errorOf(answer), linesOf(answer)]).toEqual([[401, 'unauthorized_request'], []]);
    service.clock.advance(3600);
    expect(errorOf(await tab.send('POST', '/refresh'))).toEqual([401, 'session_expired']);
    expect(tab.jar.all()).toEqual([]);
  });
});
