// More than 300 lines: one row for each error and each defect, all against two worlds.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type AgentAnswer, type AgentClient, createAgentClient } from '../support/agent-client.ts';
import { spaOrigin } from '../support/agent-world.ts';
import { agentWorlds, states } from '../support/agent-worlds.ts';
import { type JwtParts, signJwt } from '../support/jws.ts';
import type { Handler } from '../support/provider.ts';
import { until } from '../support/until.ts';
import type { ConfigDocument } from '../support/world.ts';

// What an application sees when something is wrong, for both states and through Envoy: the table of errors, and the
// defects that an agent of this kind has had elsewhere.

const withShort = (config: ConfigDocument) => {
  config['modes'].short = {
    ...config['modes'].spa,
    ...{ basePath: '/short', cookie: { prefix: 'short' }, attemptLifetime: '1s', absoluteLifetime: '2s' },
  };
};

const rules = [{ path: { prefix: '/short-api' }, use: 'short' }, { use: 'spa' }];

const worldOf = agentWorlds({
  store: { state: 'store', rules, adjust: withShort },
  sealed: { state: 'sealed', rules, adjust: withShort },
});

const answering =
  (status: number, body: unknown = {}, headers: Readonly<Record<string, string>> = {}): Handler =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

const hangingUp: Handler = (request) => void request.socket.destroy();

/** An error as the table has it, readable for a page of the trusted origin. */
function expectError(answer: AgentAnswer, status: number, code: string): void {
  expect([answer.status, answer.json()['code']], answer.body).toEqual([status, code]);
  expect(Object.keys(answer.json()).sort()).toEqual(['code', 'message']);
  expect(answer.header('content-type')).toMatch(/^application\/json\b/);
  expect(answer.values('cache-control').join()).toContain('no-store');
  expect(answer.values('x-content-type-options')).toEqual(['nosniff']);
  expect(answer.values('access-control-allow-origin')).toEqual([spaOrigin]);
}

/** Names of the cookies that the browser has, but the one that remembers which sealed sessions have ended. */
const kept = (client: AgentClient) =>
  client.jar
    .all()
    .map(({ name }) => name)
    .filter((name) => !name.endsWith('-out'));

/** A login as far as the page that has the answer, which nobody has used. */
async function answered(client: AgentClient): Promise<string> {
  const started = await client.startLogin();
  return await client.followLogin(String(started.json()['authorizationRequestUrl']));
}

const sessionEndpoints = ['userInfo', 'claims', 'refresh', 'logout'] as const;

const isLoggedIn = async (client: AgentClient) => (await client.session()).json()['isLoggedIn'];

describe.each(states)('endpoints and methods, state %s', (state) => {
  it.each([
    ['POST', ['/login/start', '/login/end', '/refresh', '/logout']],
    ['GET', ['/userInfo', '/claims', '/session']],
  ] as const)('%s alone is taken by %j: 405 with Allow otherwise, and nothing happens', async (allow, paths) => {
    const client = await worldOf(state).logIn();
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((each) => each !== allow)) {
        const answer = await client.send(`/oauth-agent${path}`, { method });
        expectError(answer, 405, 'method_not_allowed');
        expect(answer.header('allow')?.split(', ')).toContain(allow);
        expect(answer.values('set-cookie')).toEqual([]);
      }
      const head = await client.send(`/oauth-agent${path}`, { method: 'HEAD' });
      expect([head.status, head.body]).toEqual([405, '']);
    }
    expect(await isLoggedIn(client)).toBe(true);
  });

  it('nothing else is an endpoint: 404', async () => {
    const client = await worldOf(state).logIn();
    const near = ['/login', '/login/', '/login/start/', '/Session', '/session/x', '/callback', '/userinfo'];
    for (const path of ['', '/', '/nothing', ...near]) {
      for (const method of ['GET', 'POST', 'DELETE']) {
        expectError(await client.send(`/oauth-agent${path}`, { method }), 404, 'not_found');
      }
    }
  });
});

describe.each(states)('without a session, state %s', (state) => {
  it('userInfo, claims, refresh and logout are 401 unauthorized_request; with cookies that open nothing too', async () => {
    for (const endpoint of sessionEndpoints) {
      const client = worldOf(state).newClient();
      expectError(await client[endpoint](), 401, 'unauthorized_request');
      client.csrf = 'x'.repeat(43);
      for (const name of ['at', 'auth', 'id', 'csrf']) client.jar.put(`example-${name}`, 'x'.repeat(90));
      expectError(await client[endpoint](), 401, 'unauthorized_request');
    }
  });
});

describe('once a copy of the cookies has logged out', () => {
  it('userInfo, claims, refresh and logout are 401 session_expired, with a store', async () => {
    for (const endpoint of sessionEndpoints) {
      const client = await worldOf('store').logIn();
      await client.fork().logout();
      expectError(await client[endpoint](), 401, 'session_expired');
      expect(kept(client)).toEqual([]);
    }
  });
});

describe('login/end where the provider fails', () => {
  const state = 'sealed';

  it.each<readonly [string, number, string, Handler]>([
    ['a 4xx at the token endpoint', 400, 'authorization_error', answering(400, { error: 'invalid_grant' })],
    ['invalid_client', 400, 'authorization_error', answering(401, { error: 'invalid_client' })],
    ['a 5xx', 502, 'authorization_server_error', answering(500)],
    [
      'a maintenance page',
      502,
      'authorization_server_error',
      answering(503, 'back soon', { 'content-type': 'text/html' }),
    ],
    ['no JSON', 502, 'authorization_server_error', answering(200, 'x', { 'content-type': 'text/html' })],
    ['no tokens', 502, 'authorization_server_error', answering(200, {})],
    ['no answer at all', 502, 'authorization_server_error', hangingUp],
  ])('%s: %i %s', async (_, status, code, handler) => {
    const world = worldOf(state);
    const client = world.newClient();
    const page = await answered(client);
    world.provider.answer('token', handler);
    const answer = await client.endLogin(page);
    expectError(answer, status, code);
    expect(answer.body).not.toMatch(/invalid_grant|invalid_client|back soon/);
    expect(client.jar.value('example-at')).toBe(undefined);
    expect(await isLoggedIn(client)).toBe(false);
  });

  it.each([
    ['access_denied', 400],
    ['login_required', 401],
    ['interaction_required', 400],
    ['server_error', 400],
    ['temporarily_unavailable', 400],
    ['account_selection_required', 400],
  ])('passes the code on that came in place of an answer: %s, %i', async (error, status) => {
    const world = worldOf(state);
    const client = world.newClient();
    world.provider.editCallback((callback) => {
      callback.searchParams.delete('code');
      callback.searchParams.set('error', error);
      callback.searchParams.set('error_description', 'mallory <script>');
    });
    const answer = await client.endLogin(await answered(client));
    expectError(answer, status, error);
    expect(answer.body).not.toContain('mallory');
    expect(world.provider.count('token')).toBe(0);
  });
});

describe.each(states)('login/end, state %s', (state) => {
  it('with another browser’s answer, or without a login cookie: 401 or 400, and nothing is redeemed', async () => {
    const world = worldOf(state);
    const [client, victim] = [world.newClient(), world.newClient()];
    const page = await answered(client);
    await answered(victim);
    world.provider.reset();
    expectError(await victim.endLogin(page), 400, 'invalid_request');
    expectError(await world.newClient().endLogin(page), 401, 'unauthorized_request');
    expect(world.provider.count('token')).toBe(0);
    expect((await client.endLogin(page)).json()).toMatchObject({ handled: true });
  });

  it('twice, ten times at once: one exchange, and one session', async () => {
    const world = worldOf(state);
    const client = world.newClient();
    const page = await answered(client);
    world.provider.reset();
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.fork().endLogin(page)));
    const handled = answers.filter((answer) => answer.status === 200 && answer.json()['handled'] === true);
    expect([handled.length, world.provider.count('token')]).toEqual([1, 1]);
    for (const answer of answers.filter((each) => !handled.includes(each))) expectError(answer, 400, 'invalid_request');
  });
});

describe('a login whose tokens are too large for cookies', () => {
  it('is 500 server_error, sealed, and leaves no cookie; a store takes it', async () => {
    for (const state of states) {
      const world = worldOf(state);
      const client = world.newClient();
      const page = await answered(client);
      world.provider.edit('token', (body) => ({ ...body, access_token: 'x'.repeat(16_000) }));
      world.provider.answer('userinfo', answering(200, { sub: 'alice' }));
      const answer = await client.endLogin(page);
      if (state === 'store') expect(answer.json()).toMatchObject({ handled: true });
      else {
        expectError(answer, 500, 'server_error');
        expect(kept(client)).toEqual(['example-login']);
      }
    }
  });
});

describe('what ends by itself', () => {
  it('is over: a login that took too long, and a session at its absolute end, in both states', async () => {
    await Promise.all(
      states.map(async (state) => {
        const world = worldOf(state);
        const place = { ...world, basePath: '/short', cookiePrefix: 'short' };
        const [client, slow] = [createAgentClient(place), createAgentClient(place)];
        await client.logIn();
        const page = await answered(slow);
        const begun = Date.now();
        await until('both have ended', () => Date.now() > begun + 2100);
        expectError(await slow.endLogin(page), 400, 'invalid_request');
        expect((await client.session()).json()).toEqual({ isLoggedIn: false });
        expect((await client.endLogin(`${spaOrigin}/`)).json()).toEqual({ handled: false, isLoggedIn: false });
        expect((await client.api('/short-api/x')).status).toBe(401);
        for (const endpoint of sessionEndpoints) {
          const copy = client.fork();
          expectError(await copy[endpoint](), 401, 'session_expired');
          expect(kept(copy)).toEqual([]);
        }
      }),
    );
  });
});

describe('userInfo where the provider fails', () => {
  it.each<readonly [string, number, string, Handler]>([
    ['403', 400, 'authorization_error', answering(403, { error: 'insufficient_scope' })],
    ['400', 400, 'authorization_error', answering(400)],
    ['500', 502, 'authorization_server_error', answering(500)],
    ['HTML', 502, 'authorization_server_error', answering(200, 'x', { 'content-type': 'text/html' })],
    ['another user', 502, 'authorization_server_error', answering(200, { sub: 'mallory' })],
    ['no user', 502, 'authorization_server_error', answering(200, {})],
    ['no answer', 502, 'authorization_server_error', hangingUp],
  ])('%s of the provider: %i %s, and the session lives', async (_, status, code, handler) => {
    const world = worldOf('store');
    const client = await world.logIn();
    world.provider.answer('userinfo', handler);
    const answer = await client.userInfo();
    expectError(answer, status, code);
    expect(answer.body).not.toMatch(/mallory|insufficient_scope/);
    expect(await isLoggedIn(client)).toBe(true);
  });
});

describe.each(states)('userInfo, state %s', (state) => {
  it('401 of the provider: 401 token_expired; with a store only after one refresh', async () => {
    const world = worldOf(state);
    const client = await world.logIn();
    world.provider.answer('userinfo', answering(401, { error: 'invalid_token' }));
    for (let round = 0; round < 3; round += 1) expectError(await client.userInfo(), 401, 'token_expired');
    expect(world.provider.countRefreshes()).toBe(state === 'store' ? 1 : 0);
    expect(await isLoggedIn(client)).toBe(true);
  });

  it('with a token that has ended: a store refreshes it, cookies are token_expired until /refresh', async () => {
    const world = worldOf(state);
    world.provider.accessTokensLive(1);
    const client = await world.logIn();
    const begun = Date.now();
    world.provider.accessTokensLive(3600);
    await until('the access token has ended', () => Date.now() > begun + 1100);
    if (state === 'sealed') {
      expectError(await client.userInfo(), 401, 'token_expired');
      expect((await client.api('/api/x')).status).toBe(401);
      expect((await client.refresh()).status).toBe(204);
    }
    expect((await client.userInfo()).json()).toMatchObject({ sub: 'alice' });
    expect((await client.api('/api/x')).status).toBe(200);
    expect(world.provider.countRefreshes()).toBe(1);
  });
});

describe.each(states)('refresh, state %s', (state) => {
  it('that the provider refuses: 401 session_expired, and every cookie is cleared', async () => {
    const world = worldOf(state);
    const client = await world.logIn();
    world.provider.answerRefresh(answering(400, { error: 'invalid_grant' }));
    expectError(await client.refresh(), 401, 'session_expired');
    expect(kept(client)).toEqual([]);
  });

  it.each<readonly [string, Handler]>([
    ['500', answering(500)],
    ['429', answering(429, {}, { 'retry-after': '7' })],
    ['no answer', hangingUp],
  ])('that the provider cannot answer (%s): 502 with Retry-After, and the session is kept', async (_, handler) => {
    const world = worldOf(state);
    const client = await world.logIn();
    world.provider.answerRefresh(handler);
    const answer = await client.refresh();
    expectError(answer, 502, 'authorization_server_error');
    expect(Number(answer.header('retry-after'))).toBeGreaterThan(0);
    expect(await isLoggedIn(client)).toBe(true);
    expect((await client.api('/api/x')).status).toBe(200);
  });

  it('without a refresh token: 401, and nothing is cleared while the access token is good', async () => {
    const world = worldOf(state);
    world.provider.edit('token', ({ refresh_token: _, ...body }) => body);
    const client = await world.logIn();
    expectError(await client.refresh(), 401, 'unauthorized_request');
    expect((await client.api('/api/x')).status).toBe(200);
  });
});

describe('an ID token that proves nothing, which such agents have accepted elsewhere', () => {
  const state = 'sealed';
  const now = Math.floor(Date.now() / 1000);
  const changed = (changes: Readonly<Record<string, unknown>>) => (token: JwtParts) =>
    signJwt({ ...token, claims: { ...token.claims, ...changes } }, worldOf(state).provider.signingKey);

  it.each<readonly [string, (token: JwtParts) => string]>([
    ['unsigned', ({ header, claims }) => signJwt({ header: { ...header, alg: 'none' }, claims }, undefined)],
    [
      'signed by somebody else',
      (token) => signJwt(token, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
    ],
    ['expired', changed({ exp: now - 3600 })],
    ['of another client', changed({ aud: 'mallory' })],
    ['of another issuer', changed({ iss: 'https://evil.example' })],
    ['with the nonce of another login', changed({ nonce: 'another' })],
    ['without a nonce', changed({ nonce: undefined })],
  ])('an ID token that is %s logs nobody in: 502', async (_, change) => {
    const world = worldOf(state);
    const client = world.newClient();
    const page = await answered(client);
    world.provider.editIdToken(change);
    expectError(await client.endLogin(page), 502, 'authorization_server_error');
    expect(await isLoggedIn(client)).toBe(false);
    expect(kept(client)).toEqual(['example-login']);
  });
});

describe.each(states)('defects that such agents have had, absent here, state %s', (state) => {
  it('logout leaves no cookie at another path', async () => {
    const client = await worldOf(state).logIn();
    await client.logout();
    expect(kept(client)).toEqual([]);
  });

  it('malformed JSON is 400', async () => {
    const client = await worldOf(state).logIn();
    for (const path of ['/login/start', '/login/end', '/refresh', '/logout']) {
      const request = { method: 'POST', body: '{"pageUrl":', headers: { 'content-type': 'application/json' } };
      expectError(await client.send(`/oauth-agent${path}`, request), 400, 'invalid_request');
    }
    expect(await isLoggedIn(client)).toBe(true);
  });

  it('a code with characters of its own reaches the provider as it was', async () => {
    const world = worldOf(state);
    const client = world.newClient();
    const code = 'a+b/c=d&redirect_uri=x %41é#';
    world.provider.editCallback((callback) => callback.searchParams.set('code', code));
    const page = await answered(client);
    const bodies: string[] = [];
    world.provider.answer('token', (request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => bodies.push(text));
      request.on('end', () => answering(400, { error: 'invalid_grant' })(request, response));
    });
    expectError(await client.endLogin(page), 400, 'authorization_error');
    const sent = new URLSearchParams(bodies.join(''));
    expect([sent.getAll('code'), sent.getAll('redirect_uri')]).toEqual([[code], [`${spaOrigin}/callback`]]);
  });

  it('an error in the URL of the page counts only as the answer to a login of this browser', async () => {
    const world = worldOf(state);
    const forged = `${spaOrigin}/callback?error=login_required&state=mallory`;
    const nobody = world.newClient();
    expectError(await nobody.endLogin(forged), 401, 'unauthorized_request');
    await nobody.startLogin();
    expectError(await nobody.endLogin(forged), 400, 'invalid_request');
    const client = await world.logIn();
    expect((await client.endLogin(forged)).json()).toEqual({ handled: false, isLoggedIn: true, csrf: client.csrf });
  });

  it('a refresh in one tab logs no other out, though the provider rotates: they come in turn and at once', async () => {
    const world = worldOf(state);
    const client = await world.logIn();
    const tabs = [client, client.tab(), client.tab()];
    for (const tab of tabs) await tab.endLogin(`${spaOrigin}/`);
    for (const tab of tabs) expect((await tab.refresh()).status).toBe(204);
    // What is a moment old is not replaced again because the next tab asks.
    expect(world.provider.countRefreshes()).toBe(1);
    const copies = tabs.map((tab) => tab.fork());
    expect((await Promise.all(copies.map((tab) => tab.refresh()))).map(({ status }) => status)).toEqual([
      204, 204, 204,
    ]);
    for (const tab of [...tabs, ...copies]) expect((await tab.api('/api/x', { method: 'POST' })).status).toBe(200);
  });
});
