import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AgentService, agentService, errorOf, linesOf, redirectUri } from '../../../test/support/agent-service.ts';

let service: AgentService;
beforeEach(async () => {
  service = await agentService();
});
afterEach(async () => {
  await service.close();
});

const pair = (key: unknown, value: unknown = 'x') => ({ extraParams: [{ key, value }] });

describe('POST /login/start', () => {
  it('gives a URL with PKCE, state and nonce, and the login cookie', async () => {
    const tab = service.newTab();
    const answer = await tab.send('POST', '/login/start');
    expect([answer.statusCode, Object.keys(answer.json())]).toEqual([200, ['authorizationRequestUrl']]);
    const { searchParams } = new URL(answer.json().authorizationRequestUrl);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      redirect_uri: redirectUri,
      code_challenge_method: 'S256',
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(linesOf(answer)).toEqual([
      expect.stringMatching(/^example-login=[\w-]+; Path=\/oauth-agent; HttpOnly; SameSite=Strict; Secure$/),
    ]);
    expect(service.telemetry.names()).toEqual(['login_started']);
  });

  it.each<readonly [string, string | undefined, string]>([
    ['nothing', undefined, ''],
    ['nothing, as JSON', 'application/json', ''],
    ['nothing, as a form', 'application/x-www-form-urlencoded', ''],
    ['an empty object', 'application/json; charset=UTF-8', '{}'],
    ['null', 'application/json', 'null'],
    ['no parameters', 'application/json', '{"extraParams":[]}'],
  ])('takes %s for a body', async (_, type, payload) => {
    const answer = await service.newTab().send('POST', '/login/start', { payload, headers: { 'content-type': type } });
    expect(answer.statusCode).toBe(200);
  });

  it('adds what the application asks for, as it is', async () => {
    const extraParams = [
      { key: 'max-age', value: '3600' },
      { key: 'login_hint', value: 'älice&state=evil' },
      { key: 'claims', value: '{"id_token":{"acr":null}}' },
    ];
    const answer = await service.newTab().post('/login/start', { extraParams });
    const { searchParams } = new URL(answer.json().authorizationRequestUrl);
    for (const { key, value } of extraParams) expect(searchParams.getAll(key)).toEqual([value]);
  });

  it.each([
    [pair('client_id'), 'extraParams[0].key: expected a parameter that is not reserved; the agent sets this one'],
    [
      { extraParams: [...pair('prompt').extraParams, ...pair('state').extraParams] },
      /^extraParams\[1\]\.key: .*reserved/,
    ],
    [pair('redirect_uri'), /reserved/],
    [pair('request_uri'), /reserved/],
    [pair(''), 'extraParams[0].key: expected 1 to 64 letters, digits and . _ -'],
    [pair('x'.repeat(65)), /^extraParams\[0\]\.key: /],
    [pair('evil key'), /^extraParams\[0\]\.key: /],
    [pair('evil\u0000'), /^extraParams\[0\]\.key: /],
    [pair(7), 'extraParams[0].key: expected a text'],
    [pair('prompt', 3600), 'extraParams[0].value: expected a text'],
    [pair('prompt', ['evil']), 'extraParams[0].value: expected a text'],
    [pair('prompt', 'x'.repeat(2049)), 'extraParams[0].value: expected at most 2,048 characters'],
    [pair('prompt', '\ud800'), 'extraParams[0].value: expected Unicode text'],
    [{ extraParams: [{ key: 'prompt' }] }, 'extraParams[0].value: expected a text'],
    [
      { extraParams: [{ key: 'prompt', value: 'x', evil: 1 }] },
      'extraParams[0]: expected no members but "key" and "value"',
    ],
    [
      { extraParams: Array.from({ length: 21 }, (_, n) => ({ key: `k${n}`, value: '' })) },
      'extraParams: expected at most 20 parameters',
    ],
    [
      { extraParams: [...pair('prompt').extraParams, ...pair('prompt').extraParams] },
      'extraParams: expected each key once',
    ],
    [{ extraParams: { prompt: 'evil' } }, /^extraParams: expected a list/],
    [{ extraParams: ['evil'] }, 'extraParams[0]: expected a JSON object'],
    [{ evil: 1 }, 'expected no members but "extraParams"'],
    [['evil'], 'expected a JSON object'],
    ['evil', 'expected a JSON object'],
  ])('refuses %j with 400', async (body, message) => {
    const answer = await service.newTab().post('/login/start', body);
    expect(errorOf(answer)).toEqual([400, 'invalid_request']);
    expect(answer.json().message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
    expect(answer.body).not.toContain('evil');
    expect(linesOf(answer)).toEqual([]);
  });

  it('takes parameters as JSON alone', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await service.newTab().send('POST', '/login/start', { payload: 'extraParams=evil', headers });
    expect(errorOf(answer)).toEqual([400, 'invalid_request']);
    expect(answer.json().message).toContain('in a JSON body');
  });

  it('keeps one binding secret for all tabs, and makes a new one in place of a cookie that is not ours', async () => {
    const tab = service.newTab();
    const pages = [await tab.startLogin(), await service.newTab(tab.jar).startLogin()].map(
      (url) => `${redirectUri}?${service.provider.approve(url)}`,
    );
    expect((await service.newTab(tab.jar.copy()).endLogin(pages[1] ?? '')).json()).toMatchObject({ handled: true });
    expect((await service.newTab(tab.jar.copy()).endLogin(pages[0] ?? '')).json()).toMatchObject({ handled: true });
    tab.jar.put('example-login', 'AAAA');
    const url = await tab.startLogin();
    expect((await tab.endLogin(`${redirectUri}?${service.provider.approve(url)}`)).json()).toMatchObject({
      handled: true,
    });
  });

  it('says 502 while the provider cannot be asked, and sets no cookie', async () => {
    service.provider.setReachable(false);
    const answer = await service.newTab().send('POST', '/login/start');
    expect(errorOf(answer)).toEqual([502, 'authorization_server_error']);
    expect(answer.headers['retry-after']).toBe('5');
    expect([linesOf(answer), answer.body.includes('ECONNREFUSED')]).toEqual([[], false]);
    expect(service.telemetry.names()).toEqual(['provider_unavailable']);
  });
});
