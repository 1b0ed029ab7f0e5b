// More than 300 lines: four processes take long to start.
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { SignJWT } from 'jose';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseKeyRing } from '../../src/adapters/node-crypto/key-ring.ts';
import { createSealer } from '../../src/adapters/node-crypto/sealer.ts';
import { systemRandom } from '../../src/adapters/system/random.ts';
import type { Sealer } from '../../src/ports/sealer.ts';
import { expectHealthy } from '../support/aftermath.ts';
import { status } from '../support/bad-answers.ts';
import { createClient } from '../support/client.ts';
import { metricOf } from '../support/metrics.ts';
import { redisClient, sessionKeys } from '../support/redis-client.ts';
import { ended, hold, type RefreshWorld, startRefreshWorld, type Visitor } from '../support/refresh-world.ts';
import { reloadWith } from '../support/reload.ts';
import { percentileOf, statusesOf, storm } from '../support/storm.ts';
import { until } from '../support/until.ts';

// Four processes on one Redis, and a provider that takes a refresh token once.

let all: RefreshWorld;
let redis: Redis;

/** A visitor whose session is known by its key in Redis. */
type Known = Visitor & { readonly key: string };

const alices: Known[] = [];
/** Two for whom nothing else is done: what ends all of his sessions ends these. */
const bobs: Known[] = [];

beforeAll(async () => {
  all = await startRefreshWorld(
    {
      store: 'redis',
      replicas: 4,
      adjust: (config) => {
        // Long enough for a refresh that outlasts the lease.
        config['envoy'].checkTimeout = '15s';
        config['providers'].test.requestTimeout = '12s';
        // A thousand requests at once take a machine with few processors longer than they take Redis.
        config['store'].commandTimeout = '5s';
      },
    },
    18,
  );
  redis = redisClient(all.world);
  for (let count = 0; count < 9; count += 1) alices.push(await logInWithKey());
  all.world.provider.logInAs('bob', { email: 'bob@example.com', email_verified: true });
  for (let count = 0; count < 2; count += 1) bobs.push(await logInWithKey());
});
afterEach(async () => {
  all.reset();
  await expectHealthy(all.world);
});

/** Enough that every process has some of them. */
const several = 40;

/** Sends so many at once; their statuses, once all are answered. */
async function crowd(visitor: Visitor, count = several): Promise<Readonly<Record<number, number>>> {
  return statusesOf(await storm(all.world.port, count, { cookie: visitor.cookie }));
}

/** Checks that each process answered so far. */
async function checks(): Promise<readonly number[]> {
  return await Promise.all(all.world.replicas.map((replica) => metricOf(replica, 'sallyport_checks_total')));
}

async function logInWithKey(): Promise<Known> {
  const before = await sessionKeys(redis);
  const visitor = await all.logIn(2);
  const key = (await sessionKeys(redis)).find((each) => !before.includes(each)) ?? expect.fail('no session');
  return { ...visitor, key };
}

/** The next of them, whose token has ended by now. */
async function expiredOf(visitors: Known[]): Promise<Known> {
  const visitor = visitors.shift() ?? (await logInWithKey());
  await ended(visitor);
  return visitor;
}

async function redisMilliseconds(): Promise<number> {
  const [seconds = 0, micros = 0] = (await redis.time()).map(Number);
  return seconds * 1000 + micros / 1000;
}

describe('F2 a thousand requests at once with one expired token, over four processes', () => {
  it('lead to one refresh, and all are served, ten times out of ten', async () => {
    const measured: string[] = [];
    const before = await checks();
    for (let run = 1; run <= 10; run += 1) {
      const { cookie } = await all.expired();
      all.reset();
      const answers = await storm(all.world.port, 1000, { cookie });
      expect([run, statusesOf(answers)]).toEqual([run, { 200: 1000 }]);
      expect([run, all.gates.refreshes.length]).toEqual([run, 1]);
      expect([...all.authorizations()]).toEqual([all.newest()]);
      expect(all.world.upstream.requests).toHaveLength(1000);
      // The last ones, when every process is warm, beside the same crowd with a token that is fresh.
      if (run > 7) {
        const fresh = await storm(all.world.port, 1000, { cookie });
        const times = [0.5, 0.99].map((part) => [fresh, answers].map((each) => Math.round(percentileOf(each, part))));
        measured.push(times.map((pair) => pair.join('→')).join(' '));
      }
    }
    for (const [index, count] of (await checks()).entries()) expect(count - (before[index] ?? 0)).toBeGreaterThan(1000);
    process.stderr.write(`F2: 1,000 requests, fresh→expired, p50 p99 ms: ${measured.join(', ')}\n`);
  });

  it('lead to one in the background while the token has not quite ended, and nobody waits for it', async () => {
    const visitor = await all.logIn(6);
    const old = all.newest();
    const held = hold(all.gates, 'answer');
    // Asked as a page would that looks for news now and then.
    await until('the token is near its end', async () => {
      expect(await all.fetch(visitor)).toBe('200');
      return all.gates.refreshes.length > 0;
    });
    expect(await crowd(visitor)).toEqual({ 200: several });
    expect([...all.authorizations()]).toEqual([old]);
    held.release();
    await until('the new token is used', async () => {
      all.world.upstream.clear();
      expect(await crowd(visitor)).toEqual({ 200: several });
      return [...all.authorizations()].join() === all.newest();
    });
    expect(all.newest()).not.toBe(old);
    expect(all.gates.refreshes).toHaveLength(1);
  });
});

describe('F2 many sessions whose tokens end at one time', () => {
  it('are refreshed once each, and nobody gets the token of another', async () => {
    const visitors = await Promise.all(Array.from({ length: 8 }, () => all.expired()));
    const crowds = visitors.map(({ cookie }, index) => storm(all.world.port, several, { cookie }, `/visitor-${index}`));
    for (const answers of await Promise.all(crowds)) expect(statusesOf(answers)).toEqual({ 200: several });
    expect(all.gates.refreshes).toHaveLength(visitors.length);
    const seen = visitors.map((_, index) => {
      const own = all.world.upstream.requests.filter(({ target }) => target.startsWith(`/visitor-${index}/`));
      expect(own).toHaveLength(several);
      return [...new Set(own.map((request) => request.values('authorization').join()))];
    });
    for (const tokens of seen) expect(tokens).toHaveLength(1);
    expect(new Set(seen.flat()).size).toBe(visitors.length);
  });
});

describe('F3 a refresh that takes longer than the lease', () => {
  it('is still the only one, and everybody waits for it', async () => {
    const visitor = await expiredOf(alices);
    const held = hold(all.gates, 'answer');
    const answers = crowd(visitor);
    await held.first;
    const leaseEnd = Number(await redis.hget(visitor.key, 'u'));
    expect(leaseEnd).toBeGreaterThan(0);
    await until('the lease would have run out', async () => (await redisMilliseconds()) > leaseEnd + 1500);
    expect(all.world.upstream.requests).toEqual([]);
    held.release();
    expect(await answers).toEqual({ 200: several });
    expect(all.gates.refreshes).toHaveLength(1);
    expect([...all.authorizations()]).toEqual([all.newest()]);
  });
});

describe('F4 a request that waits for a refresh', () => {
  it('never goes on with the old token, which every process has in memory', async () => {
    const visitor = await all.logIn(3);
    expect(await crowd(visitor)).toEqual({ 200: several });
    const old = all.newest();
    await ended(visitor);
    all.reset();
    const held = hold(all.gates, 'answer');
    const answers = crowd(visitor);
    await held.first;
    // What came later, from each process, is answered: those before it had every chance to be wrong.
    await storm(all.world.port, several, {}, '/public');
    const pages = () => all.world.upstream.requests.filter(({ target }) => !target.startsWith('/public'));
    expect(pages()).toEqual([]);
    held.release();
    expect(await answers).toEqual({ 200: several });
    expect(new Set(pages().map((request) => request.values('authorization').join()))).toEqual(new Set([all.newest()]));
    expect(all.newest()).not.toBe(old);
    expect(all.gates.refreshes).toHaveLength(1);
  });
});

describe('a refresh that nobody waits for any more', () => {
  it('goes on, and the next request has what it brought', async () => {
    const visitor = await expiredOf(alices);
    const held = hold(all.gates, 'answer');
    const leaving = new AbortController();
    const request = fetch(`${all.world.origin}/orders`, {
      headers: { cookie: visitor.cookie },
      signal: leaving.signal,
    });
    const end = expect(request).rejects.toThrow('abort');
    await held.first;
    leaving.abort();
    await end;
    held.release();
    expect(await crowd(visitor)).toEqual({ 200: several });
    expect(all.gates.refreshes).toHaveLength(1);
    expect([...all.authorizations()]).toEqual([all.newest()]);
  });

  it('ends with the tokens in the store when the configuration is exchanged meanwhile, the provider with it', async () => {
    const visitor = await expiredOf(alices);
    const held = hold(all.gates, 'answer');
    const answers = crowd(visitor);
    const { replica } = await held.first;
    const sallyport = all.world.replicas[replica] ?? expect.fail('an unknown process refreshes');
    const config = structuredClone(all.world.configs[replica] ?? {});
    config['providers'].test.requestTimeout = '11s';
    expect(await reloadWith(sallyport, config)).toBe('reloaded');
    const more = crowd(visitor);
    held.release();
    expect([await answers, await more]).toEqual([{ 200: several }, { 200: several }]);
    expect(all.gates.refreshes).toHaveLength(1);
    expect([...all.authorizations()]).toEqual([all.newest()]);
    expect(await reloadWith(sallyport, all.world.configs[replica])).toBe('reloaded');
  });
});

describe('F9 an expires_in of 1e99', () => {
  it('gives a token that ends within a year', async () => {
    const visitor = await expiredOf(alices);
    all.gates.onRefresh(async (passage) => {
      const answer = await passage.forward();
      passage.send({ ...answer, body: answer.body.replace('"expires_in":3600', '"expires_in":1e99') });
    });
    expect(await crowd(visitor)).toEqual({ 200: several });
    expect(all.gates.refreshes).toHaveLength(1);
    const name = /\{(.*)\}/.exec(visitor.key)?.[1] ?? '';
    const sealed = (await redis.hgetBuffer(visitor.key, 'v')) ?? expect.fail('no session');
    const opened = sealerOf(all.world.keyRing).openBytes('session', sealed, name) ?? expect.fail('it does not open');
    const { expires } = JSON.parse(Buffer.from(opened).toString()) as { readonly expires: unknown }; // as the codec writes it
    const year = 366 * 86_400;
    expect(expires).toBeLessThanOrEqual(Date.now() / 1000 + year);
    expect(expires).toBeGreaterThan(Date.now() / 1000);
  });

  function sealerOf(ring: string): Sealer {
    const parsed = parseKeyRing(ring);
    if (parsed.kind === 'invalid') return expect.fail(parsed.problem);
    return createSealer(parsed.ring, systemRandom);
  }
});

describe('F10 a provider that does not take the refresh', () => {
  const json = { 'content-type': 'application/json' };

  it('ends the session where it says invalid_grant, everywhere', async () => {
    const visitor = await expiredOf(alices);
    all.gates.onRefresh(({ answerWith }) =>
      answerWith((_request, response) => void response.writeHead(400, json).end('{"error":"invalid_grant"}')),
    );
    expect(await crowd(visitor)).toEqual({ 401: several });
    expect(await all.open(visitor)).toBe('302 to login');
    expect(all.gates.refreshes).toHaveLength(1);
    expect(all.world.upstream.requests).toEqual([]);
    expect(await redis.exists(visitor.key)).toBe(0);
  });

  it.each([
    ['500', () => status(500), '1', 4],
    ['429 and says when to come again', () => status(429, { 'retry-after': '3' }), '3', 1],
  ] as const)(
    'keeps the session when it says %s, and asks seldom, whichever process is asked',
    async (_, answer, wait, most) => {
      const visitor = await expiredOf(alices);
      all.world.reset();
      all.gates.onRefresh(({ answerWith }) => answerWith(answer()));
      const begun = Date.now();
      const answers = await storm(all.world.port, several, { cookie: visitor.cookie });
      expect(statusesOf(answers)).toEqual({ 503: several });
      expect(new Set(answers.map(({ retryAfter }) => retryAfter))).toEqual(new Set([wait]));
      await until('they have asked again and again', async () => {
        expect(await crowd(visitor, 8)).toEqual({ 503: 8 });
        return Date.now() > begun + 2500;
      });
      expect(all.gates.refreshes.length).toBeLessThanOrEqual(most);
      expect(new Set(all.gates.refreshes.map(({ refreshToken }) => refreshToken)).size).toBe(1);
      expect(all.world.upstream.requests).toEqual([]);
      await recovers(visitor);
    },
  );

  it('keeps the session when nobody listens there', async () => {
    const visitor = await expiredOf(alices);
    all.world.reset();
    await all.gates.shut();
    try {
      expect(await crowd(visitor)).toEqual({ 503: several });
    } finally {
      await all.gates.open();
    }
    await recovers(visitor);
  });

  /** It goes on without a login as soon as the provider is well. */
  async function recovers(visitor: Visitor): Promise<void> {
    all.gates.reset();
    await until('the session goes on', async () => (await all.open(visitor)) === '200');
    expect(await crowd(visitor)).toEqual({ 200: several });
    expect(all.gates.refreshes).toHaveLength(1);
    expect([...all.authorizations()]).toEqual([all.newest()]);
    expect(all.world.provider.count('authorize')).toBe(0);
  }
});

describe('F11 a logout during a refresh', () => {
  const event = 'http://schemas.openid.net/event/backchannel-logout';

  async function byTheBrowser({ client }: Visitor): Promise<void> {
    const headers = { 'sec-fetch-site': 'same-origin', origin: all.world.origin };
    const answer = await client.send(`${all.world.origin}/_auth/logout`, { method: 'POST', headers });
    expect(answer.status).toBe(303);
  }

  /** OpenID Connect Back-Channel Logout 1.0 §2.5. */
  async function byTheProvider(): Promise<void> {
    const { issuer: iss, clientId: aud, signingKey } = all.world.provider;
    const token = await new SignJWT({ iss, aud, sub: 'bob', jti: randomUUID(), events: { [event]: {} } })
      .setProtectedHeader({ alg: 'RS256', kid: 'rs256', typ: 'logout+jwt' })
      .setIssuedAt()
      .setExpirationTime('2m')
      .sign(signingKey);
    const answer = await createClient().send(`${all.world.origin}/_auth/backchannel-logout`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: token }).toString(),
    });
    expect(answer.status).toBe(200);
  }

  it.each([
    ['of the browser', byTheBrowser],
    ['of the provider, by its back channel', byTheProvider],
  ] as const)('%s wins on every process, and the new tokens are given back', async (_, logOut) => {
    const visitor = await expiredOf(bobs);
    const held = hold(all.gates, 'answer');
    const answers = crowd(visitor);
    await held.first;
    await logOut(visitor);
    expect(await redis.exists(visitor.key)).toBe(0);
    // Whoever comes now is refused while the refresh is still under way.
    expect(await crowd(visitor)).toEqual({ 401: several });
    held.release();
    expect(await answers).toEqual({ 401: several });
    expect(await crowd(visitor)).toEqual({ 401: several });
    expect(await redis.exists(visitor.key)).toBe(0);
    expect(all.world.upstream.requests).toEqual([]);
    expect(all.gates.refreshes).toHaveLength(1);
    const { refresh_token: issued } = all.gates.lastTokens();
    await until('the new tokens are revoked', () => all.gates.revoked.some((token) => token === issued));
  });
});
