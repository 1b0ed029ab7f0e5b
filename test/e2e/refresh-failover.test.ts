import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { withFailover } from '../support/redis-deployment.ts';
import { ended, hold, type RefreshWorld, startRefreshWorld } from '../support/refresh-world.ts';
import { startTraffic } from '../support/traffic.ts';
import { until } from '../support/until.ts';

// Two processes on a store that has replicas of its own: the project says which one (see vitest.config.ts).

let all: RefreshWorld;

beforeAll(async () => {
  all = await startRefreshWorld({ replicas: 2 });
});
afterEach(async () => {
  await withFailover(all.world.store).whole();
  all.reset();
  await expectHealthy(all.world);
});

describe('F7 a master of the store that dies when the provider has rotated the token (I5)', () => {
  it('logs nobody out: the new tokens are written to the next master', async () => {
    const store = withFailover(all.world.store);
    const visitor = await all.logIn(2);
    const keys = await Promise.all((await store.masters()).map((master) => master.keys('sallyport:s:*')));
    const [key] = keys.flat();
    if (key === undefined) throw new Error('no master has a session');
    await store.replicated();
    await ended(visitor);
    all.world.reset();

    const held = hold(all.gates, 'answer');
    const traffic = startTraffic([['page', async () => Number((await all.open(visitor)).slice(0, 3))]]);
    await held.first;
    // The claim as well: a failover that loses it lets another process in.
    await store.replicated();
    const killed = await store.masterOf(key);
    await killed.stop();
    held.release();
    await until('another is master', async () => (await store.masterOf(key)).port !== killed.port, {
      deadlineMs: 40_000,
    });
    await until('the page is served', async () => (await all.open(visitor)) === '200');
    await traffic.stop();
    await killed.start();

    expect([...traffic.outcomes.keys()].filter((outcome) => !['page: 200', 'page: 503'].includes(outcome))).toEqual([]);
    expect(all.gates.refreshes).toHaveLength(1);
    expect([...all.authorizations()]).toEqual([all.newest()]);
    expect(all.world.provider.count('authorize')).toBe(0);
  });
});
