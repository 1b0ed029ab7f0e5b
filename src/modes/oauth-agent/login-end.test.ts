import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AgentService,
  type AgentTab,
  agentService,
  errorOf,
  linesOf,
  redirectUri,
} from '../../../test/support/agent-service.ts';
import { tokenSetAt } from '../../../test/support/session.ts';
import { Secret } from '../../core/secret.ts';

let service: AgentService;
beforeEach(async () => {
  service = await agentService();
});
afterEach(async () => {
  await service.close();
});

/** A page that a login has led to, not yet told to the agent. */
async function answeredPage(tab: AgentTab): Promise<string> {
  return `${redirectUri}?${service.provider.approve(await tab.startLogin())}`;
}

async function isLoggedIn(tab: AgentTab): Promise<boolean> {
  return (await tab.send('GET', '/session')).json().isLoggedIn;
}

describe('POST /login/end with an authorization response', () => {
  it.each(['store', 'sealed'] as const)('finishes the login, state %s: cookies, and a CSRF token', async (state) => {
    await service.close();
    service = await agentService({ state });
    const tab = service.newTab();
    const answer = await tab.endLogin(await answeredPage(tab));
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      { handled: true, isLoggedIn: true, csrf: expect.stringMatching(/^[\w-]{43}$/) },
    ]);
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(tab.jar.all().map(({ name }) => name)).not.toContain('example-login');
    expect(await isLoggedIn(tab)).toBe(true);
    expect(answer.body).not.toContain('canary');
    expect(service.telemetry.names()).toEqual(['login_started', 'login_completed']);
  });

  it('ends the session before, and gives another key and another CSRF token (S1)', async () => {
    const tab = await service.loggedIn();
    const before = service.newTab(tab.jar.copy());
    const { csrf } = tab;
    await tab.endLogin(await answeredPage(tab));
    expect([await isLoggedIn(tab), await isLoggedIn(before)]).toEqual([true, false]);
    expect(tab.csrf).not.toBe(csrf);
  });

  it.each<readonly [string, (page: string) => string]>([
    ['code twice', (page) => `${page}&code=evil`],
    ['state twice', (page) => `${page}&state=evil`],
    ['iss twice', (page) => `${page}&iss=evil`],
    ['an empty code', (page) => page.replace(/code=[^&]+/, 'code=')],
    ['an empty state', (page) => page.replace(/state=[^&]+/, 'state=')],
    ['code and error', (page) => `${page}&error=evil`],
  ])('is refused with %s, without asking the provider (L2)', async (_, change) => {
    const tab = service.newTab();
    const page = await answeredPage(tab);
    const answer = await tab.endLogin(change(page));
    expect(errorOf(answer)).toEqual([400, 'invalid_request']);
    expect(answer.body).not.toContain('evil');
    expect(service.provider.redemptions).toHaveLength(0);
    expect((await tab.endLogin(page)).json()).toMatchObject({ handled: true });
  });

  it('is refused with 401 without the login cookie, or with one that opens nothing; errors too (known defect)', async () => {
    const tab = service.newTab();
    const page = await answeredPage(tab);
    const failed = `${redirectUri}?${service.provider.decline(await tab.startLogin())}`;
    const changed = service.newTab();
    changed.jar.put('example-login', 'evil', '/oauth-agent');
    for (const other of [service.newTab(), changed]) {
      for (const pageUrl of [page, failed]) {
        expect(errorOf(await other.endLogin(pageUrl))).toEqual([401, 'unauthorized_request']);
      }
    }
    expect(service.provider.redemptions).toHaveLength(0);
  });

  it.each<readonly [string, (page: string, tab: AgentTab) => Promise<string>]>([
    ['a state that is not ours', async (page) => page.replace(/state=[^&]+/, 'state=evil')],
    ['the response of another browser (L1)', async () => answeredPage(service.newTab())],
    ['an issuer that was not asked (RFC 9207 §2.4)', async (page) => page.replace(/iss=[^&]+/, 'iss=evil')],
    [
      'a late response (L13)',
      async (page) => {
        service.clock.advance(601);
        return page;
      },
    ],
    ['an error with a state that is not ours', async () => `${redirectUri}?error=access_denied&state=evil`],
  ])('is refused with 400: %s', async (_, change) => {
    const tab = service.newTab();
    const answer = await tab.endLogin(await change(await answeredPage(tab), tab));
    expect(errorOf(answer)).toEqual([400, 'invalid_request']);
    expect(service.provider.redemptions).toHaveLength(0);
    expect([linesOf(answer), answer.body.includes('evil')]).toEqual([[], false]);
  });

  it('is used once: of many at a time one logs in (L3)', async () => {
    const tab = service.newTab();
    const page = await answeredPage(tab);
    const tabs = Array.from({ length: 20 }, () => service.newTab(tab.jar.copy()));
    const answers = await Promise.all(tabs.map((each) => each.endLogin(page)));
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, ...Array.from({ length: 19 }, () => 400)]);
    expect(service.provider.redemptions).toHaveLength(1);
  });

  it('leaves who is logged in as he is when it cannot be used: a page is loaded again', async () => {
    const tab = service.newTab();
    const page = await answeredPage(tab);
    const late = await answeredPage(tab);
    await tab.endLogin(page);
    const { csrf } = tab;
    for (const pageUrl of [page, late, `${redirectUri}?code=a&state=evil`, await answeredPage(service.newTab())]) {
      const answer = await service.newTab(tab.jar).endLogin(pageUrl);
      expect(answer.json()).toEqual({ handled: false, isLoggedIn: true, csrf });
      expect(linesOf(answer)).toEqual([]);
    }
    expect(service.provider.redemptions).toHaveLength(1);
  });

  it('sends the code to the provider as it came, encoded (known defect)', async () => {
    const tab = service.newTab();
    const page = await answeredPage(tab);
    const code = 'a b+c&d=e%2F"ü';
    await tab.endLogin(page.replace(/code=[^&]+/, `code=${encodeURIComponent(code)}`));
    const [redemption] = service.provider.redemptions;
    expect(redemption?.response.searchParams.get('code')).toBe(code);
    expect([...(redemption?.response.searchParams.keys() ?? [])].sort()).toEqual(['code', 'iss', 'state']);
  });

  it.each([
    ['access_denied', 400, 'access_denied'],
    ['login_required', 401, 'login_required'],
    ['interaction_required', 400, 'interaction_required'],
    ['<script>evil', 400, 'server_error'],
  ])('that is the error %s becomes that error, and its text goes nowhere', async (error, status, code) => {
    const tab = service.newTab();
    const page = `${redirectUri}?${service.provider.decline(await tab.startLogin(), error)}&error_description=evil`;
    const answer = await tab.endLogin(page);
    expect(errorOf(answer)).toEqual([status, code]);
    expect(answer.body).not.toContain('evil');
    expect(linesOf(answer)).toEqual([]);
    // Another login of this browser, in another tab, goes on.
    expect((await tab.endLogin(await answeredPage(tab))).json()).toMatchObject({ handled: true });
  });

  it.each([
    ['invalid_grant', 400, 'authorization_error'],
    ['invalid_client', 400, 'authorization_error'],
    // An ID token that is unsigned, expired or without our nonce, and every other answer that fails validation.
    ['invalid_response', 502, 'authorization_server_error'],
  ])('is refused when the provider refuses the code: %s is %i %s', async (code, status, expected) => {
    service.provider.answer({ kind: 'refused', code, detail: 'canary-detail' });
    const tab = service.newTab();
    const answer = await tab.endLogin(await answeredPage(tab));
    expect(errorOf(answer)).toEqual([status, expected]);
    expect([answer.body.includes('canary'), await isLoggedIn(tab)]).toEqual([false, false]);
  });

  it('demands the nonce and the verifier of its own attempt, and a login as young as was asked for (known defect)', async () => {
    const tab = service.newTab();
    const started = await tab.post('/login/start', { extraParams: [{ key: 'max_age', value: '60' }] });
    const url = String(started.json().authorizationRequestUrl);
    await tab.endLogin(`${redirectUri}?${service.provider.approve(url)}`);
    const checks = service.provider.redemptions[0]?.checks;
    expect(checks).toMatchObject({ nonce: new URL(url).searchParams.get('nonce'), maxAge: 60 });
    expect(checks?.codeVerifier).toMatch(/^[\w-]{43}$/);
  });

  it('is 502 while the provider cannot be asked', async () => {
    const tab = service.newTab();
    const page = await answeredPage(tab);
    service.provider.setReachable(false);
    const answer = await tab.endLogin(page);
    expect([errorOf(answer), answer.headers['retry-after']]).toEqual([[502, 'authorization_server_error'], '5']);
    expect(service.telemetry.names()).toContain('provider_unavailable');
  });

  it('is 503 while the store is down, and nothing is redeemed; with sealed sessions it works', async () => {
    const tab = service.newTab();
    const page = await answeredPage(tab);
    service.store.setReachable(false);
    const answer = await tab.endLogin(page);
    expect([errorOf(answer), answer.headers['retry-after']]).toEqual([[503, 'temporarily_unavailable'], '1']);
    expect(service.provider.redemptions).toHaveLength(0);
    await service.close();
    service = await agentService({ state: 'sealed' });
    service.store.setReachable(false);
    expect(await isLoggedIn(await service.loggedIn())).toBe(true);
  });

  it('is 500 where the tokens do not fit into cookies', async () => {
    await service.close();
    service = await agentService({ state: 'sealed' });
    const tab = service.newTab();
    const page = await answeredPage(tab);
    const accessToken = new Secret('a'.repeat(60_000));
    service.provider.logInAs({ tokenSet: tokenSetAt(service.clock.now(), { accessToken }) });
    const answer = await tab.endLogin(page);
    expect(errorOf(answer)).toEqual([500, 'server_error']);
    expect(linesOf(answer)).toEqual([]);
  });
});
