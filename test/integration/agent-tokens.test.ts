import { describe, expect, it } from 'vitest';
import { type AgentClient, createAgentClient } from '../support/agent-client.ts';
import { type AgentWorld, spaOrigin } from '../support/agent-world.ts';
import { agentWorlds } from '../support/agent-worlds.ts';
import { signJwt } from '../support/jws.ts';
import type { Handler } from '../support/provider.ts';
import type { RecordedRequest } from '../support/recording-upstream.ts';
import { noteSecret } from '../support/seen-secrets.ts';
import { until } from '../support/until.ts';

// Which token an API gets: after it refused one (heal), near the end of one, and in place of an opaque one (phantom).

const phantom = { basePath: '/phantom-agent', cookie: { prefix: 'phantom' }, phantomTokens: true };
const sealed = { basePath: '/sealed-agent', cookie: { prefix: 'sealed' }, state: 'sealed' };

const worldOf = agentWorlds({
  healing: {
    state: 'store',
    rules: [
      { path: { prefix: '/phantom' }, use: 'phantom' },
      { path: { prefix: '/sealed' }, use: 'sealed' },
      { path: { prefix: '/' }, use: 'spa' },
    ],
    adjust: (config) => {
      const { maxSessionsPerUser: _, ...spa } = config['modes'].spa;
      Object.assign(config['modes'], { phantom: { ...spa, ...phantom }, sealed: { ...spa, ...sealed } });
      config['envoy'].heal = { routes: ['/api', '/phantom', '/sealed'].map((prefix) => ({ path: { prefix } })) };
    },
  },
});

const clientOf = (world: AgentWorld, { basePath, cookie }: typeof phantom | typeof sealed) =>
  createAgentClient({ ...world, basePath, cookiePrefix: cookie.prefix });

const bearerOf = (request: RecordedRequest) => request.values('authorization').join();

const challenge = 'Bearer realm="api", error="invalid_token"';
const refusal = { status: 401, headers: [['www-authenticate', challenge]], body: 'refused' } as const;

/** The workload takes every access token but the one that was issued last. */
function refuseNewest(world: AgentWorld): string {
  const refused = world.provider.accessTokens().at(-1) ?? '';
  world.upstream.clear();
  world.upstream.answerWith((request) => (bearerOf(request) === `Bearer ${refused}` ? refusal : {}));
  return refused;
}

describe('an API on a heal route that refuses the access token', () => {
  it('gets the request again with a new one: one refresh, and the page sees the answer with its CORS headers', async () => {
    const world = worldOf('healing');
    const client = await world.logIn();
    refuseNewest(world);
    const answer = await client.api('/api/orders?x=1', { method: 'POST', body: '{"a":1}' });
    expect([answer.status, answer.body]).toEqual([200, 'workload']);
    expect(answer.values('access-control-allow-origin')).toEqual([spaOrigin]);
    expect(world.upstream.requests.map(({ target, body }) => [target, body])).toEqual([
      ['/api/orders?x=1', '{"a":1}'],
      ['/api/orders?x=1', '{"a":1}'],
    ]);
    const tabs = [client, client.tab()];
    expect((await Promise.all(tabs.map((tab) => tab.api('/api/x')))).map(({ status }) => status)).toEqual([200, 200]);
    expect(world.provider.countRefreshes()).toBe(1);
  });

  it('and every other: its 401 is the answer, with one refresh and not one for each request', async () => {
    const world = worldOf('healing');
    const client = await world.logIn();
    world.upstream.answerWith(() => refusal);
    for (let round = 0; round < 3; round += 1) {
      const answer = await client.api('/api/x');
      expect([answer.status, answer.body]).toEqual([401, 'refused']);
      expect(answer.values('access-control-allow-origin')).toEqual([spaOrigin]);
    }
    expect(world.provider.countRefreshes()).toBe(1);
    expect((await client.session()).json()).toMatchObject({ isLoggedIn: true });
  });

  it('is not asked again on a plain route, nor without a session, nor for a foreign page', async () => {
    const world = worldOf('healing');
    const client = await world.logIn();
    refuseNewest(world);
    expect((await client.api('/plain')).body).toBe('refused');
    expect((await world.newClient().api('/api/x')).status).toBe(401);
    expect((await client.api('/api/x', { headers: { origin: 'https://evil.example' } })).status).toBe(401);
    expect([world.provider.countRefreshes(), world.upstream.requests.length]).toEqual([0, 1]);
  });

  it('with sealed sessions: the page gets a 401, refreshes, and goes on', async () => {
    const world = worldOf('healing');
    const client = clientOf(world, sealed);
    await client.logIn();
    refuseNewest(world);
    expect((await client.api('/sealed/x')).status).toBe(401);
    expect(world.provider.countRefreshes()).toBe(0);
    expect((await client.refresh()).status).toBe(204);
    expect((await client.api('/sealed/x')).status).toBe(200);
    expect(world.provider.countRefreshes()).toBe(1);
  });
});

describe('an access token near its end', () => {
  it('is used once more while another one is fetched, once, in the background; then that one is', async () => {
    const world = worldOf('healing');
    world.provider.accessTokensLive(4);
    const client = await world.logIn();
    world.provider.accessTokensLive(3600);
    const [old] = world.provider.accessTokens().slice(-1);
    world.upstream.clear();
    const held = world.provider.holdRefreshes();
    await until('it is near its end', async () => {
      expect((await client.api('/api/news')).status).toBe(200);
      return world.provider.countRefreshes() > 0;
    });
    expect(new Set(world.upstream.requests.map(bearerOf))).toEqual(new Set([`Bearer ${old}`]));
    held.release();
    await until('the new one is used', async () => {
      expect((await client.api('/api/news')).status).toBe(200);
      const [last] = world.upstream.requests.slice(-1);
      return last !== undefined && bearerOf(last) === `Bearer ${world.provider.accessTokens().at(-1)}`;
    });
    expect(world.provider.accessTokens().at(-1)).not.toBe(old);
    expect(world.provider.countRefreshes()).toBe(1);
  });
});

describe('phantom tokens', () => {
  /** Answers introspections with a JWT for each token, as `application/jwt`; a token in `inactive` is none. */
  function introspecting(world: AgentWorld, inactive: ReadonlySet<string> = new Set()): Map<string, string> {
    const jwts = new Map<string, string>();
    const handler: Handler = (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        const token = new URLSearchParams(body).get('token') ?? '';
        if (inactive.has(token)) {
          response.writeHead(200, { 'content-type': 'application/json' }).end('{"active":false}');
          return;
        }
        const claims = { sub: 'alice', exp: Math.floor(Date.now() / 1000) + 600, jti: token };
        const jwt = signJwt({ header: { alg: 'RS256' }, claims }, world.provider.signingKey);
        noteSecret(jwt);
        jwts.set(token, jwt);
        response.writeHead(200, { 'content-type': 'application/jwt' }).end(jwt);
      });
    };
    world.provider.answer('introspection', handler);
    return jwts;
  }

  async function loggedIn(world: AgentWorld): Promise<AgentClient> {
    const client = clientOf(world, phantom);
    await client.logIn();
    world.upstream.clear();
    return client;
  }

  it('give the API a JWT in place of the opaque token, asked for once for many requests', async () => {
    const world = worldOf('healing');
    const jwts = introspecting(world);
    const client = await loggedIn(world);
    const opaque = world.provider.accessTokens().at(-1) ?? '';
    const calls = Array.from({ length: 20 }, () => client.api('/phantom/x', { method: 'POST' }));
    expect(new Set((await Promise.all(calls)).map(({ status }) => status))).toEqual(new Set([200]));
    expect((await client.api('/phantom/x')).status).toBe(200);
    expect(new Set(world.upstream.requests.map(bearerOf))).toEqual(new Set([`Bearer ${jwts.get(opaque)}`]));
    expect(world.provider.count('introspection')).toBe(1);
    expect(JSON.stringify(world.upstream.requests)).not.toContain(`"${opaque}"`);
    // And the provider itself gets what it issued.
    expect((await client.userInfo()).json()).toMatchObject({ sub: 'alice' });
    expect((await client.refresh()).status).toBe(204);
    expect((await client.api('/phantom/x')).status).toBe(200);
    expect(world.provider.count('introspection')).toBe(2);
  });

  it('of a token that is not active any more: one refresh, and the JWT of the new one', async () => {
    const world = worldOf('healing');
    const client = await loggedIn(world);
    const opaque = world.provider.accessTokens().at(-1) ?? '';
    const jwts = introspecting(world, new Set([opaque]));
    expect((await client.api('/phantom/x')).status).toBe(200);
    expect(world.provider.countRefreshes()).toBe(1);
    expect(world.upstream.requests.map(bearerOf)).toEqual([
      `Bearer ${jwts.get(world.provider.accessTokens().at(-1) ?? '')}`,
    ]);
  });

  it('that cannot be had: 503 with Retry-After and CORS headers, and the opaque token goes nowhere', async () => {
    const world = worldOf('healing');
    const client = await loggedIn(world);
    for (const status of [500, 200]) {
      world.provider.answer('introspection', (_request, response) => void response.writeHead(status).end('{}'));
      const answer = await client.api('/phantom/x');
      expect(answer.status).toBe(503);
      expect(Number(answer.header('retry-after'))).toBeGreaterThan(0);
      expect(answer.values('access-control-allow-origin')).toEqual([spaOrigin]);
    }
    expect(world.upstream.requests).toEqual([]);
    introspecting(world);
    await until('it is asked again', async () => (await client.api('/phantom/x')).status === 200);
  });

  it('that are none, and only tokens that are never active: 401, after one refresh', async () => {
    const world = worldOf('healing');
    const client = await loggedIn(world);
    world.provider.answer('introspection', (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"active":false}');
    });
    for (let round = 0; round < 2; round += 1) expect((await client.api('/phantom/x')).status).toBe(401);
    expect(world.provider.countRefreshes()).toBe(1);
    expect(world.upstream.requests).toEqual([]);
  });
});
