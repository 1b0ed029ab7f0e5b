import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AgentService, type AgentState, agentService, errorOf } from '../../../test/support/agent-service.ts';
import { tokenSetAt } from '../../../test/support/session.ts';
import { Secret } from '../../core/secret.ts';
import type { Userinfo } from '../../ports/authorization-server.ts';

let service: AgentService;
beforeEach(async () => {
  service = await agentService();
});
afterEach(async () => {
  await service.close();
});

async function restart(state: AgentState): Promise<void> {
  await service.close();
  service = await agentService({ state });
}

const jwtOf = (claims: object) =>
  `${[{ alg: 'RS256' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.c2ln`;

describe.each(['store', 'sealed'] as const)('GET /userInfo, state %s', (state) => {
  beforeEach(async () => await restart(state));

  it('is what the provider says now, about the user of the session', async () => {
    const tab = await service.loggedIn();
    const claims = new Map([
      ['sub', 'alice'],
      ['__proto__', 'a claim'],
    ]);
    service.provider.answerUserinfo({ kind: 'claims', claims });
    const answer = await tab.send('GET', '/userInfo');
    expect([answer.statusCode, answer.body]).toEqual([200, '{"sub":"alice","__proto__":"a claim"}']);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(service.provider.userinfos).toEqual(['canary-access-token']);
  });

  it.each<readonly [Userinfo, number, string]>([
    [{ kind: 'refused', code: 'insufficient_scope', detail: 'canary' }, 400, 'authorization_error'],
    [{ kind: 'invalid', detail: 'canary' }, 502, 'authorization_server_error'],
    [{ kind: 'unavailable', detail: 'canary' }, 502, 'authorization_server_error'],
    [{ kind: 'unsupported' }, 502, 'authorization_server_error'],
    [{ kind: 'expired' }, 401, 'token_expired'],
  ])('of the answer %j is %i %s, and the session lives', async (userinfo, status, code) => {
    const tab = await service.loggedIn();
    service.provider.answerUserinfo(userinfo);
    const answer = await tab.send('GET', '/userInfo');
    expect([errorOf(answer), answer.body.includes('canary')]).toEqual([[status, code], false]);
    expect((await tab.send('GET', '/session')).json()).toMatchObject({ isLoggedIn: true });
  });
});

describe('GET /userInfo with a store', () => {
  it('refreshes a token that has ended before it asks', async () => {
    const tab = await service.loggedIn();
    service.clock.advance(3600 - 60);
    await tab.send('GET', '/claims');
    service.clock.advance(120);
    expect((await tab.send('GET', '/userInfo')).statusCode).toBe(200);
    expect(service.provider.userinfos).toEqual(['canary-access-token-1']);
  });

  it('refreshes once a token that the provider refuses, and asks again', async () => {
    const tab = await service.loggedIn();
    service.clock.advance(1);
    service.provider.answerUserinfo({ kind: 'expired' });
    expect(errorOf(await tab.send('GET', '/userInfo'))).toEqual([401, 'token_expired']);
    expect(service.provider.userinfos).toEqual(['canary-access-token', 'canary-access-token-1']);
    // New ones were refused as well: more of them help nobody.
    service.clock.advance(1);
    expect(errorOf(await tab.send('GET', '/userInfo'))).toEqual([401, 'token_expired']);
    expect(service.provider.refreshes).toHaveLength(1);
  });

  it('ends the session when the provider has ended the grant, and the browser forgets all', async () => {
    const tab = await service.loggedIn();
    service.clock.advance(1);
    service.provider.answerUserinfo({ kind: 'expired' });
    service.provider.answerRefresh({ kind: 'refused', code: 'invalid_grant', detail: '' });
    expect(errorOf(await tab.send('GET', '/userInfo'))).toEqual([401, 'session_expired']);
    expect(tab.jar.all()).toEqual([]);
  });

  it('keeps the session while the provider cannot be asked', async () => {
    const tab = await service.loggedIn();
    service.clock.advance(1);
    service.provider.answerUserinfo({ kind: 'expired' });
    service.provider.answerRefresh({ kind: 'unavailable', detail: '', retryAfter: undefined, isLost: false });
    const answer = await tab.send('GET', '/userInfo');
    expect([errorOf(answer), Number(answer.headers['retry-after']) > 0]).toEqual([
      [502, 'authorization_server_error'],
      true,
    ]);
    expect((await tab.send('GET', '/session')).json()).toMatchObject({ isLoggedIn: true });
  });
});

it('GET /userInfo with sealed sessions leaves a token that has ended to POST /refresh', async () => {
  await restart('sealed');
  const tab = await service.loggedIn();
  service.clock.advance(3601);
  expect(errorOf(await tab.send('GET', '/userInfo'))).toEqual([401, 'token_expired']);
  expect([service.provider.userinfos, service.provider.refreshes]).toEqual([[], []]);
});

describe.each(['store', 'sealed'] as const)('GET /claims, state %s', (state) => {
  beforeEach(async () => await restart(state));

  it.each<readonly [string, Secret<string> | undefined, object]>([
    ['the ID token', new Secret(jwtOf({ sub: 'alice', nonce: 'n', exp: 1 })), { sub: 'alice', nonce: 'n', exp: 1 }],
    ['the login, without an ID token', undefined, { sub: 'alice', name: 'Alice Adams' }],
  ])('are those of %s, and nobody is asked', async (_, idToken, expected) => {
    service.provider.logInAs({ tokenSet: tokenSetAt(service.clock.now(), { idToken }) });
    const answer = await (await service.loggedIn()).send('GET', '/claims');
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject(expected);
    expect(service.provider.userinfos).toEqual([]);
  });
});
