import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AgentClient } from '../support/agent-client.ts';
import { type AgentWorld, spaOrigin } from '../support/agent-world.ts';
import { agentWorlds } from '../support/agent-worlds.ts';
import { logoutTokenOf, postLogoutToken } from '../support/logout-token.ts';
import { metricOf } from '../support/metrics.ts';
import { reloadBySignal } from '../support/reload.ts';
import { runSallyport } from '../support/sallyport.ts';
import { until } from '../support/until.ts';

// Two processes: with a store that they share, and with nothing but the key ring.

const worldOf = agentWorlds({
  store: { state: 'store', replicas: 2, store: 'redis' },
  sealed: { state: 'sealed', replicas: 2 },
});

/** Checks so far, one number for each process. */
const checks = ({ replicas }: AgentWorld) =>
  Promise.all(replicas.map((replica) => metricOf(replica, 'sallyport_check_duration_seconds_count')));

/** Does something until every process has been asked, and at least twice. */
async function untilAllAreAsked(world: AgentWorld, act: () => Promise<void>): Promise<void> {
  const before = await checks(world);
  await until('Envoy asks every process', async () => {
    await act();
    return (await checks(world)).every((count, index) => count > (before[index] ?? 0) + 1);
  });
}

/** Who has logged in, with an access token that has ended. */
async function withEndedToken(world: AgentWorld): Promise<AgentClient> {
  world.provider.accessTokensLive(1);
  const client = await world.logIn();
  const begun = Date.now();
  world.provider.accessTokensLive(3600);
  await until('the access token has ended', () => Date.now() > begun + 1100);
  return client;
}

describe('one session in two tabs, over two replicas with a store', () => {
  it('is refreshed once when its token has ended, whoever asks at one time, and nobody is logged out', async () => {
    const world = worldOf('store');
    await untilAllAreAsked(world, async () => void (await world.newClient().api('/public/x')));
    const client = await withEndedToken(world);
    const other = client.tab();
    await other.endLogin(`${spaOrigin}/`);
    world.upstream.clear();
    const calls = Array.from({ length: 40 }, (_, index) =>
      (index % 2 === 0 ? client : other).api(`/api/${index}`, { method: index % 3 === 0 ? 'POST' : 'GET' }),
    );
    expect(new Set((await Promise.all(calls)).map(({ status }) => status))).toEqual(new Set([200]));
    expect(world.provider.countRefreshes()).toBe(1);
    const newest = `Bearer ${world.provider.accessTokens().at(-1)}`;
    expect(new Set(world.upstream.requests.flatMap((request) => request.values('authorization')))).toEqual(
      new Set([newest]),
    );
    // A tab that asks for new tokens gets them, and one that asks a moment later has them already.
    const refreshes = [client.refresh(), other.refresh(), client.refresh(), other.refresh()];
    expect((await Promise.all(refreshes)).map(({ status }) => status)).toEqual([204, 204, 204, 204]);
    expect(world.provider.countRefreshes()).toBe(2);
    for (const tab of [client, other]) {
      expect((await tab.api('/api/x', { method: 'POST' })).status).toBe(200);
      expect((await tab.session()).json()).toMatchObject({ isLoggedIn: true });
    }
  });

  it('is refused by every replica after its logout (S2)', async () => {
    const world = worldOf('store');
    const client = await world.logIn();
    const copy = client.fork();
    await untilAllAreAsked(world, async () => expect((await copy.api('/api/x')).status).toBe(200));
    expect((await client.logout()).status).toBe(200);
    await until('no replica lets it through', async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => copy.api('/api/x')));
      return answers.every(({ status }) => status === 401);
    });
    world.upstream.clear();
    await untilAllAreAsked(world, async () => expect((await copy.api('/api/x')).status).toBe(401));
    expect(world.upstream.requests).toEqual([]);
    expect((await copy.session()).json()).toEqual({ isLoggedIn: false });
  });
});

describe('X5 a logout that the provider tells of (back-channel)', () => {
  it('ends the sessions of the user on every replica with a store, and nothing by a token that is none', async () => {
    const world = worldOf('store');
    const clients = [await world.logIn(), await world.logIn()];
    for (const wrong of ['', 'x.y.z', await logoutTokenOf(world, { aud: 'mallory' })]) {
      expect(await postLogoutToken(world, wrong, '/oauth-agent')).toBe(400);
    }
    for (const client of clients) expect((await client.api('/api/x')).status).toBe(200);
    expect(await postLogoutToken(world, await logoutTokenOf(world), '/oauth-agent')).toBe(200);
    // How soon is measured by bench/revocation.
    await until('no replica lets them through', async () => {
      const answers = await Promise.all(clients.flatMap((client) => [1, 2, 3, 4].map(() => client.api('/api/x'))));
      return answers.every(({ status }) => status === 401);
    });
    for (const client of clients) {
      expect((await client.session()).json()).toEqual({ isLoggedIn: false });
      expect((await client.refresh()).json()).toMatchObject({ code: 'session_expired' });
    }
  });

  it('reaches no sealed session: there is no such endpoint', async () => {
    const world = worldOf('sealed');
    expect(await postLogoutToken(world, await logoutTokenOf(world), '/oauth-agent')).toBe(404);
  });
});

describe('one sealed session over two replicas without a store', () => {
  it('is served by them in turn, refreshed by either, and a login begun at one ends at the other', async () => {
    const world = worldOf('sealed');
    const client = await world.logIn();
    await untilAllAreAsked(world, async () => {
      expect((await client.api('/api/x', { method: 'POST' })).status).toBe(200);
      expect((await client.refresh()).status).toBe(204);
      expect((await client.session()).json()).toMatchObject({ isLoggedIn: true, sub: 'alice' });
    });
    for (let round = 0; round < 4; round += 1) await world.logIn();
  });

  it('is refused with an access token that has ended until the application refreshes it', async () => {
    const world = worldOf('sealed');
    const client = await withEndedToken(world);
    world.upstream.clear();
    const answer = await client.api('/api/x');
    expect([answer.status, answer.json()['code']]).toEqual([401, 'unauthorized']);
    expect(world.upstream.requests).toEqual([]);
    expect((await client.refresh()).status).toBe(204);
    expect((await client.api('/api/x')).status).toBe(200);
  });
});

describe.each(['store', 'sealed'] as const)('S11 a key that is replaced, state %s', (state) => {
  it('costs nobody the session: what was refreshed since is of the new key, the rest goes with the old one', async () => {
    const world = worldOf(state);
    const file = join(world.folder, 'keys.json');
    const [moved, left] = [await world.logIn(), await world.logIn()];
    const reload = async () => {
      for (const replica of world.replicas) expect(await reloadBySignal(replica)).toBe('reloaded');
    };
    expect((await runSallyport('keys', 'new', '--add', '--file', file)).code).toBe(0);
    await reload();
    for (const client of [moved, left]) expect((await client.api('/api/x', { method: 'POST' })).status).toBe(200);
    const before = moved.jar.value('example-at');
    expect((await moved.refresh()).status).toBe(204);
    expect(moved.jar.value('example-at') === before).toBe(state === 'store');
    const { csrf } = moved;
    if (state === 'store') return;
    const ring = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify({ keys: ring.keys.slice(0, 1) }));
    await reload();
    expect((await moved.api('/api/x', { method: 'POST' })).status).toBe(200);
    expect((await moved.claims()).json()).toMatchObject({ sub: 'alice' });
    expect((await moved.refresh()).status).toBe(204);
    expect(moved.csrf).toBe(csrf);
    expect((await left.api('/api/x')).status).toBe(401);
    expect((await left.session()).json()).toEqual({ isLoggedIn: false });
    // In its place again, for whoever comes after.
    await writeFile(file, JSON.stringify(ring));
    await reload();
  });
});
