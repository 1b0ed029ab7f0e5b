import { describe, expect, it } from 'vitest';
import { type AgentClient, createAgentClient } from '../support/agent-client.ts';
import { spaOrigin } from '../support/agent-world.ts';
import { agentWorlds, states } from '../support/agent-worlds.ts';
import { metricOf } from '../support/metrics.ts';
import { until } from '../support/until.ts';
import type { ConfigDocument } from '../support/world.ts';

// What an application sees when all goes well, for both states and through Envoy. Another instance, `pushed`, has its
// authorization requests pushed and signed.

const withPushed = (config: ConfigDocument) => {
  config['providers'].pushed = { ...config['providers'].test, pushedAuthorization: true };
  config['modes'].pushed = {
    ...config['modes'].spa,
    ...{ provider: 'pushed', basePath: '/pushed', cookie: { prefix: 'pushed' } },
    endpoints: { loginStart: '/begin', userInfo: '/me/now' },
  };
};

const worldOf = agentWorlds({
  store: { state: 'store', adjust: withPushed },
  sealed: { state: 'sealed', adjust: withPushed },
});

const names = (client: AgentClient) =>
  client.jar
    .all()
    .map(({ name, path }) => `${name} ${path}`)
    .sort();

const now = () => Math.floor(Date.now() / 1000);

describe.each(states)('POST /login/start, state %s', (state) => {
  it('gives a URL with PKCE, state and nonce, and a login cookie', async () => {
    const world = worldOf(state);
    const client = world.newClient();
    const answer = await client.startLogin();
    expect([answer.status, Object.keys(answer.json())]).toEqual([200, ['authorizationRequestUrl']]);
    const url = new URL(String(answer.json()['authorizationRequestUrl']));
    expect(url.origin).toBe(world.provider.issuer);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: world.provider.clientId,
      redirect_uri: `${spaOrigin}/callback`,
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{40,}$/),
      nonce: expect.stringMatching(/^[\w-]{20,}$/),
    });
    expect(names(client)).toEqual(['example-login /oauth-agent']);
  });

  it('passes on what the application adds', async () => {
    const extra = [
      { key: 'prompt', value: 'login' },
      { key: 'ui_locales', value: 'de fr' },
      { key: 'login_hint', value: 'älice&x=1' },
    ];
    const answer = await worldOf(state).newClient().startLogin(extra);
    const { searchParams } = new URL(String(answer.json()['authorizationRequestUrl']));
    for (const { key, value } of extra) expect(searchParams.getAll(key)).toEqual([value]);
  });

  it('gives a URL of a pushed request (RFC 9126) where the provider is set so, at paths as configured', async () => {
    const world = worldOf(state);
    const client = createAgentClient({ ...world, basePath: '/pushed', cookiePrefix: 'pushed' });
    const answer = await client.send('/pushed/begin', { method: 'POST' });
    const url = String(answer.json()['authorizationRequestUrl']);
    expect(new URL(url).searchParams.get('request_uri')).toMatch(/^urn:ietf:params:oauth:request_uri:/);
    expect(url).not.toMatch(/state=|nonce=|code_challenge=/);
    expect((await client.endLogin(await client.followLogin(url))).json()).toMatchObject({ handled: true });
    expect((await client.send('/pushed/me/now')).json()).toMatchObject({ sub: 'alice' });
    for (const gone of ['/pushed/login/start', '/pushed/userInfo']) expect((await client.send(gone)).status).toBe(404);
  });
});

describe.each(states)('POST /login/end, state %s', (state) => {
  it.each(['application/json', 'application/x-www-form-urlencoded', 'application/json; charset=utf-8'])(
    'finishes a login, as %s: session and CSRF cookies, and the login cookie is gone',
    async (type) => {
      const world = worldOf(state);
      const client = world.newClient();
      const started = await client.startLogin();
      const pageUrl = await client.followLogin(String(started.json()['authorizationRequestUrl']));
      const body = type.includes('json') ? JSON.stringify({ pageUrl }) : new URLSearchParams({ pageUrl }).toString();
      const answer = await client.send('/oauth-agent/login/end', {
        method: 'POST',
        ...{ body, headers: { 'content-type': type } },
      });
      expect([answer.status, answer.json()]).toEqual([
        200,
        { handled: true, isLoggedIn: true, csrf: expect.stringMatching(/^[\w-]{20,}$/) },
      ]);
      expect(names(client)).toEqual(
        state === 'store'
          ? ['example-at /', 'example-csrf /']
          : ['example-at /', 'example-auth /oauth-agent', 'example-csrf /', 'example-id /oauth-agent'],
      );
    },
  );

  it.each([
    `${spaOrigin}/`,
    `${spaOrigin}/callback`,
    `${spaOrigin}/callback?x=1#code=a&state=b`,
    `${spaOrigin}/callback/?code=a&state=b`,
    `${spaOrigin}/Callback?code=a&state=b`,
    `${spaOrigin}/other?code=a&state=b`,
    `${spaOrigin}/?error=access_denied&state=b`,
    `${spaOrigin}/callback?code=a`,
    `${spaOrigin}/callback?state=a`,
  ])('says whether there is a session on any other page: %s', async (pageUrl) => {
    const world = worldOf(state);
    expect((await world.newClient().endLogin(pageUrl)).json()).toEqual({ handled: false, isLoggedIn: false });
    const client = await world.logIn();
    const tab = client.tab();
    const answer = await tab.endLogin(pageUrl);
    expect(answer.json()).toEqual({ handled: false, isLoggedIn: true, csrf: client.csrf });
    expect((await tab.api('/api/x', { method: 'POST' })).status).toBe(200);
  });

  it('gives another CSRF token where its cookie is lost', async () => {
    const client = await worldOf(state).logIn();
    client.jar.delete('example-csrf');
    const answer = await client.endLogin(`${spaOrigin}/`);
    expect(answer.json()).toMatchObject({ handled: false, isLoggedIn: true, csrf: expect.any(String) });
    expect((await client.api('/api/x', { method: 'POST' })).status).toBe(200);
  });

  it('says so of a page that is loaded again, and of a second tab whose login came late: nothing is redeemed', async () => {
    const world = worldOf(state);
    const client = world.newClient();
    const pages: string[] = [];
    for (const tab of [client, client.tab()]) {
      const started = await tab.startLogin();
      pages.push(await tab.followLogin(String(started.json()['authorizationRequestUrl'])));
    }
    const [page = '', second = ''] = pages;
    expect((await client.endLogin(page)).json()).toMatchObject({ handled: true });
    const { csrf } = client;
    const asked = world.provider.count('token');
    for (const again of [page, second]) {
      expect((await client.tab().endLogin(again)).json()).toEqual({ handled: false, isLoggedIn: true, csrf });
    }
    expect(world.provider.count('token')).toBe(asked);
    expect((await client.api('/api/x', { method: 'POST' })).status).toBe(200);
  });

  it('lets two tabs log in, in either order: each answer is that of its own attempt', async () => {
    const world = worldOf(state);
    const client = world.newClient();
    const [one, two] = [client, client.tab()];
    const first = String((await one.startLogin()).json()['authorizationRequestUrl']);
    const second = String((await two.startLogin()).json()['authorizationRequestUrl']);
    expect((await two.endLogin(await two.followLogin(second))).json()).toMatchObject({ handled: true });
    expect((await one.endLogin(await one.followLogin(first))).json()).toMatchObject({ isLoggedIn: true });
    for (const tab of [one, two]) {
      await tab.endLogin(`${spaOrigin}/`);
      expect((await tab.api('/api/x', { method: 'POST' })).status).toBe(200);
    }
  });
});

describe.each(states)('the endpoints of a session, state %s', (state) => {
  it('GET /userInfo asks the provider, now', async () => {
    const world = worldOf(state);
    const client = await world.logIn();
    const asked = world.provider.count('userinfo');
    world.provider.edit('userinfo', (body) => ({ ...body, department: 'new' }));
    const answer = await client.userInfo();
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ sub: 'alice', email: 'alice@example.com', department: 'new' });
    expect(world.provider.count('userinfo')).toBe(asked + 1);
  });

  it('GET /claims gives what the ID token says, without asking', async () => {
    const world = worldOf(state);
    const client = await world.logIn();
    const asked = world.provider.count('userinfo');
    const { issuer, clientId } = world.provider;
    expect((await client.claims()).json()).toMatchObject({
      iss: issuer,
      aud: clientId,
      sub: 'alice',
      name: 'Alice Adams',
    });
    expect(world.provider.count('userinfo')).toBe(asked);
  });

  it('POST /refresh replaces the tokens: 204, and the next call of an API has the new one', async () => {
    const world = worldOf(state);
    const client = await world.logIn();
    const { csrf } = client;
    const answer = await client.refresh();
    expect([answer.status, answer.body]).toEqual([204, '']);
    expect(answer.values('set-cookie').length > 0).toBe(state === 'sealed');
    expect(world.provider.countRefreshes()).toBe(1);
    world.upstream.clear();
    expect((await client.api('/api/x', { method: 'POST' })).status).toBe(200);
    expect(world.upstream.requests[0]?.values('authorization')).toEqual([
      `Bearer ${world.provider.accessTokens().at(-1)}`,
    ]);
    expect(client.csrf).toBe(csrf);
  });

  it('POST /logout ends the session and gives the URL of the provider’s logout', async () => {
    const world = worldOf(state);
    const client = await world.logIn();
    const copy = client.fork();
    const token = world.provider.accessTokens().at(-1) ?? '';
    const answer = await client.logout();
    expect([answer.status, Object.keys(answer.json())]).toEqual([200, ['url']]);
    const url = new URL(String(answer.json()['url']));
    expect(url.origin).toBe(world.provider.issuer);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: world.provider.clientId,
      id_token_hint: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      post_logout_redirect_uri: `${spaOrigin}/goodbye`,
    });
    expect((await client.session()).json()).toEqual({ isLoggedIn: false });
    expect((await client.api('/api/x')).status).toBe(401);
    // The tokens are revoked at the provider, so that a copy of the cookies is of no use there.
    const me = () => fetch(`${world.provider.issuer}/me`, { headers: { authorization: `Bearer ${token}` } });
    await until('the access token is revoked', async () => (await me()).status === 401);
    expect((await copy.refresh()).status).toBe(401);
  });

  it('GET /session says who is logged in and until when', async () => {
    const client = await worldOf(state).logIn();
    const answer = await client.session();
    expect([answer.status, answer.json()]).toEqual([
      200,
      { isLoggedIn: true, sub: 'alice', expiresAt: expect.any(Number), accessTokenExpiresAt: expect.any(Number) },
    ]);
    const { expiresAt, accessTokenExpiresAt } = answer.json();
    const lifetime = state === 'store' ? 3600 : 12 * 3600;
    expect(Math.abs(Number(expiresAt) - now() - lifetime)).toBeLessThan(60);
    expect(Math.abs(Number(accessTokenExpiresAt) - now() - 3600)).toBeLessThan(60);
    expect(answer.values('set-cookie')).toEqual([]);
    expect((await worldOf(state).newClient().session()).json()).toEqual({ isLoggedIn: false });
  });

  it('and the check have the token sent to the APIs, and no cookie of ours', async () => {
    const world = worldOf(state);
    const client = await world.logIn();
    world.upstream.clear();
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      expect(
        (await client.api('/api/orders?x=1', { method, headers: { cookie: `${client.jar.headerFor('/api')}; a=1` } }))
          .status,
      ).toBe(200);
    }
    expect(world.upstream.requests).toHaveLength(6);
    for (const request of world.upstream.requests) {
      expect(request.target).toBe('/api/orders?x=1');
      expect(request.values('authorization')).toEqual([`Bearer ${world.provider.accessTokens().at(-1)}`]);
      expect(request.values('cookie')).toEqual(['a=1']);
      expect(request.values('x-example-csrf')).toEqual([]);
    }
    for (const replica of world.replicas) expect(await metricOf(replica, 'sallyport_checks_total')).toBeGreaterThan(5);
  });
});

describe('the description of all this', () => {
  it('is served as OpenAPI, with every endpoint at its configured path', async () => {
    const client = createAgentClient({ ...worldOf('store'), basePath: '/pushed', cookiePrefix: 'pushed' });
    const answer = await client.send('/pushed/openapi.json');
    expect(answer.status).toBe(200);
    expect(answer.json()['openapi']).toMatch(/^3\.1\./);
    const paths = Object.keys(Object(answer.json()['paths'])).map((path) => path.replace('/pushed', ''));
    expect(paths).toEqual(
      expect.arrayContaining(['/begin', '/claims', '/login/end', '/logout', '/me/now', '/refresh', '/session']),
    );
    for (const gone of ['/login/start', '/userInfo']) expect(paths).not.toContain(gone);
  });
});
