import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { navigation } from '../support/browser-headers.ts';
import { createClient, type TestClient } from '../support/client.ts';
import { callbackUrlOf } from '../support/login-steps.ts';
import { withFailover } from '../support/redis-deployment.ts';
import { until } from '../support/until.ts';
import { startWorld, type World } from '../support/world.ts';

// Two processes on a store that has replicas of its own: the project says which one (see vitest.config.ts).

let world: World;

beforeAll(async () => {
  world = await startWorld({ replicas: 2 });
});

afterEach(async () => {
  await withFailover(world.store).whole();
  await expectHealthy(world);
});

/** The master that has the first of the sessions. */
async function masterWithSessions() {
  const store = withFailover(world.store);
  for (const master of await store.masters()) {
    const [key] = await master.keys('sallyport:s:*');
    if (key !== undefined) return { key, master: await store.masterOf(key) };
  }
  throw new Error('no master has a session');
}

async function visit(client: TestClient): Promise<string> {
  const answer = await client.send(`${world.origin}/app`, { headers: navigation });
  return `${answer.status} ${answer.header('retry-after') ?? ''}`.trim();
}

/** Kills the master of some session and waits until another one serves its keys. */
async function killMaster() {
  const store = withFailover(world.store);
  const { key, master } = await masterWithSessions();
  await master.stop();
  await until('another is master', async () => (await store.masterOf(key)).port !== master.port, {
    deadlineMs: 40_000,
  });
  return master;
}

describe('a master of the store that is killed under load (I4)', () => {
  it('ends no session: 503 for a while, then every browser goes on without a login', async () => {
    const clients = await Promise.all(Array.from({ length: 30 }, () => world.logIn('/app')));
    await withFailover(world.store).replicated();
    const processes = world.replicas.map(({ pid }) => pid);
    world.reset();
    const outcomes = new Map<string, number>();
    const state = { isOver: false };
    // A few at a time: thirty that repeat what fails at once would take the processors from Redis. All in turn: the
    // sessions of a few could all be on the masters that live on.
    const traffic = [0, 1, 2, 3].map(async (worker) => {
      for (let turn = worker; !state.isOver; turn += 4) {
        const client = clients[turn % clients.length];
        if (client === undefined) throw new Error('there is no browser');
        const outcome = await visit(client);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
    });

    const killed = await killMaster();
    await until('every browser is served', async () => {
      const answers = await Promise.all(clients.map(visit));
      return answers.every((answer) => answer === '200');
    });
    state.isOver = true;
    await Promise.all(traffic);
    await killed.start();

    expect([...outcomes.keys()].sort()).toEqual(['200', '503 1']);
    expect(world.provider.count('authorize')).toBe(0);
    expect(world.replicas.map(({ pid }) => pid)).toEqual(processes);
  });
});

describe('a master of the store that is killed in mid-login (I5)', () => {
  it('costs nothing more than another login', async () => {
    const witness = await world.logIn('/app');
    await withFailover(world.store).replicated();
    const client = createClient();
    const callback = await callbackUrlOf(client, world.origin, '/app');
    const killed = await killMaster();
    await until('a page is served', async () => (await visit(witness)) === '200');
    // Whatever the failover took of it: the browser ends up on its page, and at no error that stays.
    const answer = await until('the login ends', async () => {
      const ended = await client.follow(callback);
      return ended.status === 503 ? undefined : ended;
    });
    expect([200, 400]).toContain(answer.status);
    // Other keys than the witness's may be served a moment later.
    const page = await until('a page follows', async () => {
      const ended = await client.follow(`${world.origin}/app`);
      return ended.status === 503 ? undefined : ended;
    });
    expect(page.status).toBe(200);
    await killed.start();
  });
});
