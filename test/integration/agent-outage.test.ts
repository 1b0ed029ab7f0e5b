import { describe, expect, it } from 'vitest';
import { createAgentClient } from '../support/agent-client.ts';
import { spaOrigin } from '../support/agent-world.ts';
import { agentWorlds } from '../support/agent-worlds.ts';
import { until } from '../support/until.ts';

// Redis is stopped: an agent with sealed sessions asks no store; one with a store says that it cannot answer.

const stored = { basePath: '/stored', cookie: { prefix: 'stored' } };

const worldOf = agentWorlds({
  redis: {
    state: 'sealed',
    store: 'redis',
    rules: [
      { path: { prefix: '/stored-api' }, use: 'stored' },
      { path: { prefix: '/api' }, use: 'spa' },
    ],
    adjust: (config) => {
      config['modes'].stored = { ...config['modes'].spa, ...stored, state: 'store' };
    },
  },
});

describe('with Redis stopped', () => {
  it('the sealed agent logs in, calls the API, refreshes and logs out; the stored one is 503 and loses nothing', async () => {
    const world = worldOf('redis');
    const { redis, provider } = world;
    if (redis === undefined) throw new Error('the world has a Redis');
    const live = createAgentClient({ ...world, basePath: stored.basePath, cookiePrefix: stored.cookie.prefix });
    await live.logIn();
    await redis.stop();
    try {
      const client = await world.logIn();
      world.upstream.clear();
      expect((await client.api('/api/x', { method: 'POST' })).status).toBe(200);
      expect((await client.refresh()).status).toBe(204);
      expect((await client.api('/api/x')).status).toBe(200);
      expect(world.upstream.requests.map((request) => request.values('authorization'))).toEqual(
        provider
          .accessTokens()
          .slice(-2)
          .map((token) => [`Bearer ${token}`]),
      );
      expect((await client.userInfo()).json()).toMatchObject({ sub: 'alice' });
      expect((await client.claims()).json()).toMatchObject({ sub: 'alice' });
      expect((await client.logout()).status).toBe(200);
      expect((await client.session()).json()).toEqual({ isLoggedIn: false });

      world.upstream.clear();
      const gone = await until('the store is missed', async () => {
        const answer = await live.session();
        return answer.status === 503 && answer;
      });
      for (const answer of [gone, await live.userInfo(), await live.refresh(), await live.logout()]) {
        expect([answer.status, answer.json()['code']]).toEqual([503, 'temporarily_unavailable']);
      }
      const api = await live.api('/stored-api/x');
      expect(api.status).toBe(503);
      for (const answer of [gone, api]) {
        expect(Number(answer.header('retry-after'))).toBeGreaterThan(0);
        expect(answer.values('access-control-allow-origin')).toEqual([spaOrigin]);
        expect(answer.values('set-cookie')).toEqual([]);
      }
      expect(world.upstream.requests).toEqual([]);
    } finally {
      await redis.start();
    }
    await until('the store is found again', async () => (await live.api('/stored-api/x')).status === 200);
    expect((await live.session()).json()).toMatchObject({ isLoggedIn: true, sub: 'alice' });
  });
});
