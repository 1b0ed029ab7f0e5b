// More than 300 lines: four processes take long to start.
import type { Redis } from 'ioredis';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { hang } from '../support/bad-answers.ts';
import { redisClient, sessionKeys } from '../support/redis-client.ts';
import type { Passage } from '../support/refresh-gates.ts';
import {
  allAreAsked,
  ended,
  hold,
  type RefreshWorld,
  startRefreshWorld,
  type Visitor,
} from '../support/refresh-world.ts';
import { startTraffic, type Traffic } from '../support/traffic.ts';
import { until } from '../support/until.ts';

// Four processes on one Redis, of which some die or lose it in the middle of a refresh, and a provider that takes a refresh
// token once: who redeems it again has lost the session.

let all: RefreshWorld;
let redis: Redis;

beforeAll(async () => {
  all = await startRefreshWorld(
    {
      store: 'redis',
      replicas: 4,
      adjust: (config) => {
        config['envoy'].checkTimeout = '2s';
        config['providers'].test.requestTimeout = '20s';
      },
    },
    12,
  );
  redis = redisClient(all.world);
});
afterEach(async () => {
  all.reset();
  // After an outage each finds the store again in its own time.
  await until('every replica has the store again', async () => {
    const readiness = await Promise.all(all.world.replicas.map(({ opsUrl }) => fetch(`${opsUrl}/readyz`)));
    return readiness.every(({ ok }) => ok);
  });
  await expectHealthy(all.world);
});

/** A few tabs of one browser that reload until they are served. */
function tabs(visitor: Visitor): Traffic {
  const open = async () => Number((await all.open(visitor)).slice(0, 3));
  return startTraffic([1, 2, 3, 4, 5, 6].map(() => ['page', open] as const));
}

/** Waits for the page, for as long as nothing but 503 comes; what came in its place. */
async function served(visitor: Visitor): Promise<string> {
  return await until('an answer that is not 503', async () => {
    const answer = await all.open(visitor);
    return answer.startsWith('503') ? undefined : answer;
  });
}

/** It begins and ends with the same session. */
async function expectNobodyLoggedOut(traffic: Traffic): Promise<void> {
  await traffic.stop();
  expect([...traffic.outcomes.keys()].filter((outcome) => !['page: 200', 'page: 503'].includes(outcome))).toEqual([]);
  expect(all.world.provider.count('authorize')).toBe(0);
  expect([...all.authorizations()]).toEqual([all.newest()]);
}

async function kill({ replica }: Passage): Promise<void> {
  expect(await all.world.replicas[replica]?.stop('SIGKILL')).toEqual({ code: undefined, signal: 'SIGKILL' });
}

async function revive({ replica }: Passage): Promise<void> {
  await all.world.restart(replica);
  await allAreAsked(all.world);
}

describe('F5 the process that refreshes is killed', () => {
  it('before the provider has seen the request: another takes over, and nobody is logged out', async () => {
    const visitor = await all.expired();
    all.world.reset();
    const held = hold(all.gates, 'request');
    const traffic = tabs(visitor);
    const first = await held.first;
    await kill(first);
    const killedAt = performance.now();
    held.release();
    expect(await served(visitor)).toBe('200');
    const took = performance.now() - killedAt;
    await expectNobodyLoggedOut(traffic);
    process.stderr.write(`F5: another process took over after ${Math.round(took)} ms\n`);
    expect(took).toBeLessThan(10_000);
    const [dead, living, ...more] = all.gates.refreshes;
    expect(more).toEqual([]);
    expect(living?.refreshToken).toBe(dead?.refreshToken);
    expect(living?.replica).not.toBe(dead?.replica);
    await revive(first);
  });

  it('after the provider has rotated the token and before it knows: one more try, then a login, and no loop of 503', async () => {
    const visitor = await all.expired();
    all.world.reset();
    const held = hold(all.gates, 'answer');
    const traffic = tabs(visitor);
    const first = await held.first;
    await kill(first);
    held.release();
    expect(await served(visitor)).toBe('302 to login');
    await traffic.stop();
    expect(all.gates.refreshes).toHaveLength(2);
    expect(all.world.upstream.requests).toEqual([]);
    for (let count = 0; count < 8; count += 1) expect(await all.open(visitor)).toBe('302 to login');
    const page = await visitor.client.follow(`${all.world.origin}/orders`);
    expect([page.status, page.url]).toEqual([200, `${all.world.origin}/orders`]);
    await revive(first);
  });

  it('while it validates what it got: the rotated token was written before, and another goes on from it', async () => {
    const visitor = await all.expired();
    // Processes that know no keys of the provider have to ask for them before they believe an ID token.
    await Promise.all([...all.world.replicas.keys()].map((index) => all.world.restart(index)));
    await allAreAsked(all.world);
    all.world.reset();
    all.world.provider.answer('jwks', hang);
    const passages: Passage[] = [];
    all.gates.onRefresh(async (passage) => {
      passages.push(passage);
      passage.send(await passage.forward());
    });
    const traffic = tabs(visitor);
    await until('it asks for the keys', () => all.world.provider.count('jwks') > 0);
    const first = passages[0] ?? expect.fail('nobody refreshed');
    await kill(first);
    all.world.provider.reset();
    expect(await served(visitor)).toBe('200');
    await expectNobodyLoggedOut(traffic);
    const [dead, living, ...more] = all.gates.refreshes;
    expect(more).toEqual([]);
    expect(living?.refreshToken).not.toBe(dead?.refreshToken);
    await revive(first);
  });

  it('after it has written the new tokens: the others have them', async () => {
    const visitor = await all.expired();
    all.world.reset();
    expect(await all.open(visitor)).toBe('200');
    const [done] = all.gates.refreshes;
    await all.world.replicas[done?.replica ?? 0]?.stop('SIGKILL');
    const traffic = tabs(visitor);
    expect(await served(visitor)).toBe('200');
    await expectNobodyLoggedOut(traffic);
    expect(all.gates.refreshes).toHaveLength(1);
    await all.world.restart(done?.replica ?? 0);
    await allAreAsked(all.world);
  });
});

describe('F11 the process that refreshes stands still, and the session ends meanwhile', () => {
  it('does not bring it back when it goes on with what it got long ago', async () => {
    const before = await sessionKeys(redis);
    const visitor = await all.logIn(2);
    const key = (await sessionKeys(redis)).find((each) => !before.includes(each)) ?? expect.fail('no session');
    await ended(visitor);
    all.world.reset();
    const held = Promise.withResolvers<Passage>();
    const released = Promise.withResolvers<void>();
    all.gates.onRefresh(async (passage) => {
      const answer = await passage.forward();
      if (all.gates.refreshes.length === 1) {
        held.resolve(passage);
        await released.promise;
      }
      passage.send(answer);
    });
    const traffic = tabs(visitor);
    const { replica } = await held.promise;
    const pid = all.world.replicas[replica]?.pid ?? expect.fail('an unknown process refreshes');
    process.kill(pid, 'SIGSTOP');
    try {
      // Another one takes over, with a token that the provider has seen.
      expect(await served(visitor)).toBe('302 to login');
      await traffic.stop();
      expect(await redis.exists(key)).toBe(0);
      released.resolve();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until('it gives back what it got', () =>
      all.gates.revoked.some((token) => token === all.gates.lastTokens()['refresh_token']),
    );
    expect(await redis.exists(key)).toBe(0);
    expect(all.gates.refreshes).toHaveLength(2);
    expect(all.world.upstream.requests).toEqual([]);
    await allAreAsked(all.world);
  });
});

describe('G5 the process that refreshes is asked to end (SIGTERM)', () => {
  it('finishes the refresh, answers who waits for it, and ends with 0', async () => {
    const visitor = await all.expired();
    all.world.reset();
    const held = hold(all.gates, 'answer');
    const waiting = all.open(visitor);
    const first = await held.first;
    const leaving = all.world.replicas[first.replica];
    const end = leaving?.stop('SIGTERM');
    await until('it has begun to end', () => leaving?.output().includes('draining_started'));
    held.release();
    expect(await end).toEqual({ code: 0, signal: undefined });
    expect(await waiting).toBe('200');
    const traffic = tabs(visitor);
    expect(await served(visitor)).toBe('200');
    await expectNobodyLoggedOut(traffic);
    expect(all.gates.refreshes).toHaveLength(1);
    await revive(first);
  });
});

describe('a refresh that takes longer than a check may', () => {
  it('goes on: who waits gets 503 in time, and the next request is served', async () => {
    const visitor = await all.expired();
    all.world.reset();
    const held = hold(all.gates, 'answer');
    const begun = performance.now();
    expect(await all.open(visitor)).toMatch(/^503 \d+$/);
    expect(performance.now() - begun).toBeLessThan(4000);
    expect(all.world.upstream.requests).toEqual([]);
    held.release();
    expect(await served(visitor)).toBe('200');
    expect(all.gates.refreshes).toHaveLength(1);
    expect([...all.authorizations()]).toEqual([all.newest()]);
  });
});

describe('F7 a store that fails when the provider has rotated the token', () => {
  const node = () => all.world.redis ?? expect.fail('a world without Redis');
  /** A claim and its takeover, as in src/flows/held-claim.ts and src/ports/store.ts. */
  const claimMs = 3500;

  it.each([
    ['that was killed (I4)', () => node().stop(), () => node().start(), 500],
    ['that was killed, for longer than the lease (I4)', () => node().stop(), () => node().start(), claimMs + 1000],
    ['that stands still, for longer than the lease (I4)', () => node().pause(), () => node().resume(), claimMs + 1000],
    [
      'that became read-only in a failover (I4)',
      () => redis.replicaof('127.0.0.1', 1),
      () => redis.replicaof('NO', 'ONE'),
      claimMs + 1000,
    ],
  ] as const)(
    '%s: the tokens are written when it is back, and nobody is logged out',
    async (_, begin, end, outageMs) => {
      const visitor = await all.expired();
      all.world.reset();
      const held = hold(all.gates, 'answer');
      const traffic = tabs(visitor);
      await held.first;
      await begin();
      const back = Date.now() + outageMs;
      held.release();
      try {
        await until('the outage has lasted', async () => {
          expect(await all.open(visitor)).toMatch(/^503 \d+$/);
          return Date.now() > back;
        });
      } finally {
        await end();
      }
      expect(await served(visitor)).toBe('200');
      await expectNobodyLoggedOut(traffic);
      expect(all.gates.refreshes).toHaveLength(1);
    },
  );

  it('that is read-only before it begins (I4): the provider is not asked, and the session goes on afterwards', async () => {
    const visitor = await all.expired();
    all.world.reset();
    await redis.replicaof('127.0.0.1', 1);
    try {
      for (let count = 0; count < 6; count += 1) expect(await all.open(visitor)).toMatch(/^503 \d+$/);
    } finally {
      await redis.replicaof('NO', 'ONE');
    }
    expect(all.gates.refreshes).toEqual([]);
    expect(await served(visitor)).toBe('200');
    expect(all.gates.refreshes).toHaveLength(1);
    expect(all.world.provider.count('authorize')).toBe(0);
  });
});

describe('I5 FLUSHALL in the middle of a refresh', () => {
  it('costs a login and nothing more; the new tokens are given back', async () => {
    const visitor = await all.expired();
    all.world.reset();
    const held = hold(all.gates, 'answer');
    const waiting = all.open(visitor);
    await held.first;
    await redis.flushall();
    held.release();
    expect(await waiting).toBe('302 to login');
    expect(await sessionKeys(redis)).toEqual([]);
    expect(all.world.upstream.requests).toEqual([]);
    expect(all.gates.refreshes).toHaveLength(1);
    const { refresh_token: issued } = all.gates.lastTokens();
    await until('the new tokens are revoked', () => all.gates.revoked.some((token) => token === issued));
    const page = await visitor.client.follow(`${all.world.origin}/orders`);
    expect([page.status, page.url]).toEqual([200, `${all.world.origin}/orders`]);
  });
});
