import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { navigation, scriptFetch } from '../support/browser-headers.ts';
import { createClient, type TestClient } from '../support/client.ts';
import { metricOf } from '../support/metrics.ts';
import { startTraffic } from '../support/traffic.ts';
import { until } from '../support/until.ts';
import { startWorld, type World } from '../support/world.ts';

// Two processes behind one Envoy that share nothing but the key ring and the store, which the project of vitest.config.ts says.

let world: World;

beforeAll(async () => {
  world = await startWorld({
    replicas: 2,
    adjust: (config) => {
      config['shutdown'] = { delay: '2s' };
    },
  });
  await bothAreAsked();
});

afterEach(async () => {
  await bothAreReady();
  await expectHealthy(world);
});

async function statusOfReadiness(index: number): Promise<number> {
  return (await fetch(`${world.replicas[index]?.opsUrl}/readyz`)).status;
}

async function bothAreReady(): Promise<void> {
  await until(
    'both are ready',
    async () => (await statusOfReadiness(0)) === 200 && (await statusOfReadiness(1)) === 200,
  );
}

/** Checks that a replica has answered by forwarding. */
async function forwards(index: number): Promise<number> {
  const replica = world.replicas[index];
  if (replica === undefined) throw new Error(`there is no replica ${index}`);
  return await metricOf(replica, 'sallyport_checks_total', 'decision="forward"');
}

/** Envoy knows both: its first health check of each was answered. */
async function bothAreAsked(): Promise<void> {
  const client = createClient();
  const before = [await forwards(0), await forwards(1)];
  await until('Envoy asks both', async () => {
    await client.send(`${world.origin}/public/probe`);
    return (await forwards(0)) > (before[0] ?? 0) && (await forwards(1)) > (before[1] ?? 0);
  });
}

/** The status of a page that needs a session, and how long it took, in milliseconds. */
async function visit(client: TestClient, path = '/app'): Promise<{ status: number; retryAfter: string; took: number }> {
  const start = performance.now();
  const answer = await client.send(`${world.origin}${path}`, { headers: navigation });
  return { status: answer.status, retryAfter: answer.header('retry-after') ?? '', took: performance.now() - start };
}

describe('two replicas', () => {
  it('know each other’s sessions and login attempts', async () => {
    const before = [await forwards(0), await forwards(1)];
    const clients = await Promise.all(Array.from({ length: 6 }, () => world.logIn('/app')));
    for (const client of clients) {
      for (let visits = 0; visits < 4; visits += 1) expect((await visit(client)).status).toBe(200);
    }
    // Enough that neither can have been alone with its own.
    for (const index of [0, 1]) expect((await forwards(index)) - (before[index] ?? 0)).toBeGreaterThan(4);
    expect(world.provider.count('token')).toBe(6);
  });

  it('both forget a session that one of them ended (S2)', async () => {
    const client = await world.logIn('/app');
    const cookies = client.cookieHeader(world.origin);
    const answer = await client.send(`${world.origin}/_auth/logout`, {
      method: 'POST',
      headers: { ...navigation, origin: world.origin },
    });
    expect(answer.status).toBe(303);
    const saved = () => createClient().send(`${world.origin}/app`, { headers: { ...scriptFetch, cookie: cookies } });
    await until('the news is everywhere', async () => {
      return (await Promise.all(Array.from({ length: 8 }, saved))).every(({ status }) => status === 401);
    });
    world.upstream.clear();
    for (let visits = 0; visits < 8; visits += 1) {
      expect((await saved()).status).toBe(401);
    }
    expect(world.upstream.requests).toEqual([]);
  });
});

describe('an outage of the store (I4)', () => {
  it.each([
    ['stands still', 'pause', 'resume'],
    ['is gone', 'stop', 'start'],
  ] as const)(
    'that %s: 503 inside the deadline, public pages work, and sessions live on after it',
    async (_, begin, end) => {
      const client = await world.logIn('/app');
      const processes = world.replicas.map(({ pid }) => pid);
      world.reset();
      await world.store?.[begin]();
      try {
        // What was read just before is served until nobody can know any more whether it has changed.
        const statuses = () => Promise.all(Array.from({ length: 4 }, async () => (await visit(client)).status));
        await until('both notice', async () => !(await statuses()).includes(200));
        world.upstream.clear();
        for (let visits = 0; visits < 6; visits += 1) {
          const { status, retryAfter, took } = await visit(client);
          expect([status, retryAfter]).toEqual([503, '1']);
          expect(took).toBeLessThan(3000);
          expect((await visit(client, '/public/page')).status).toBe(200);
        }
        // A login cannot end now, and must not seem to.
        expect((await visit(createClient())).status).toBe(302);
        expect((await client.send(`${world.origin}/_auth/userinfo`)).status).toBe(503);
        expect(world.upstream.requests.filter(({ target }) => !target.startsWith('/public'))).toEqual([]);
        await until('readiness tells', async () => (await statusOfReadiness(0)) === 503);
      } finally {
        await world.store?.[end]();
      }
      await bothAreReady();
      for (let visits = 0; visits < 6; visits += 1) expect((await visit(client)).status).toBe(200);
      expect(world.provider.count('authorize')).toBe(0);
      expect(world.replicas.map(({ pid }) => pid)).toEqual(processes);
    },
  );
});

describe('a rolling restart (G5)', () => {
  it('fails no request: pages, public pages, our own pages and whole logins go on', async () => {
    const client = await world.logIn('/app');
    const statusOf = async (path: string) => (await client.send(`${world.origin}${path}`)).status;
    const traffic = startTraffic([
      ['page', () => statusOf('/app')],
      ['public page', () => statusOf('/public/page')],
      ['userinfo', () => statusOf('/_auth/userinfo')],
      ['login', async () => ((await world.logIn('/app')).cookies(world.origin).size > 0 ? 200 : 0)],
    ]);
    for (const index of [0, 1]) {
      await world.restart(index);
      await bothAreAsked();
    }
    await traffic.stop();
    const { outcomes } = traffic;
    expect([...outcomes.keys()].sort()).toEqual(['login: 200', 'page: 200', 'public page: 200', 'userinfo: 200']);
    for (const count of outcomes.values()) expect(count).toBeGreaterThan(20);
  });

  it('says so at once on SIGTERM, goes on answering for the delay, and ends with 0', async () => {
    const [leaving] = world.replicas;
    const ended = leaving?.stop('SIGTERM');
    await until('readiness says 503', async () => (await statusOfReadiness(0)) === 503);
    expect((await fetch(`http://${world.configs[0]?.['listen'].http}/healthz`)).status).toBe(503);
    expect(await (await fetch(`${leaving?.opsUrl}/readyz`)).json()).toMatchObject({
      draining: true,
      store: 'reachable',
    });
    const client = await world.logIn('/app');
    expect((await visit(client)).status).toBe(200);
    expect(await ended).toEqual({ code: 0, signal: undefined });
    await world.restart(0);
    await bothAreAsked();
  });
});
