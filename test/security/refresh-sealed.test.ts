import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { json, status } from '../support/bad-answers.ts';
import { type Answer, createClient } from '../support/client.ts';
import { hold, type RefreshWorld, startRefreshWorld, type Visitor } from '../support/refresh-world.ts';
import { until } from '../support/until.ts';
import { sessionCookie } from '../support/world.ts';

// Sessions that only browsers hold: the new tokens have to reach the browser, and those of its requests that were under way
// still bring the old ones.

let all: RefreshWorld;

beforeAll(async () => {
  all = await startRefreshWorld({ store: 'sealed' }, 5);
});
afterEach(async () => {
  all.reset();
  await expectHealthy(all.world);
});

/** Requests of one browser at one moment, all with the cookie that it has now. */
async function together({ cookie }: Visitor, count = 50): Promise<readonly Answer[]> {
  const send = () => createClient().send(`${all.world.origin}/app`, { headers: { cookie } });
  return await Promise.all(Array.from({ length: count }, send));
}

function renews(answer: Answer): boolean {
  return answer.values('set-cookie').some((line) => line.startsWith(`${sessionCookie}=`));
}

describe('F1 requests with one sealed session whose token has ended', () => {
  it('lead to one refresh, all are served, and each answer brings the browser the new session', async () => {
    const visitor = await all.expired();
    const held = hold(all.gates, 'answer');
    const answers = together(visitor);
    await held.first;
    held.release();
    for (const answer of await answers) {
      expect([answer.status, renews(answer), answer.header('cache-control')]).toEqual([200, true, 'private, no-store']);
    }
    expect(all.gates.refreshes).toHaveLength(1);
    expect([...all.authorizations()]).toEqual([all.newest()]);
    // A request that the browser sent before it had the answer comes late.
    for (const answer of await together(visitor, 5)) expect([answer.status, renews(answer)]).toEqual([200, true]);
    expect(all.gates.refreshes).toHaveLength(1);
    // And with the new one it goes on as before.
    expect(await all.open(visitor)).toBe('200');
    const cookie = visitor.client.cookieHeader(all.world.origin);
    expect(cookie).not.toBe(visitor.cookie);
    for (const answer of await together({ ...visitor, cookie }, 5)) {
      expect([answer.status, renews(answer)]).toEqual([200, false]);
    }
    expect(all.gates.refreshes).toHaveLength(1);
    expect([...all.authorizations()]).toEqual([all.newest()]);
  });
});

describe('F10 a provider that does not take the refresh of a sealed session', () => {
  it('ends it where it says invalid_grant', async () => {
    const visitor = await all.expired();
    all.gates.onRefresh(({ answerWith }) => answerWith(json('{"error":"invalid_grant"}', 400)));
    expect((await together(visitor, 20)).map((answer) => answer.status)).toEqual(Array.from({ length: 20 }, () => 401));
    expect(await all.open(visitor)).toBe('302 to login');
    expect(all.gates.refreshes).toHaveLength(1);
    expect(all.world.upstream.requests).toEqual([]);
  });

  it('keeps it while it says 500, asks seldom, and goes on from there', async () => {
    const visitor = await all.expired();
    all.gates.onRefresh(({ answerWith }) => answerWith(status(500)));
    expect((await together(visitor, 20)).map((answer) => answer.status)).toEqual(Array.from({ length: 20 }, () => 503));
    expect(all.gates.refreshes.length).toBeLessThanOrEqual(2);
    all.gates.reset();
    all.world.reset();
    await until('it goes on', async () => (await all.open(visitor)) === '200');
    expect(all.gates.refreshes).toHaveLength(1);
    expect(all.world.provider.count('authorize')).toBe(0);
  });
});

describe('F11 a logout during a refresh of a sealed session', () => {
  it('wins in the browser, whichever answer comes last', async () => {
    const visitor = await all.expired();
    const { client } = visitor;
    const held = hold(all.gates, 'answer');
    const waiting = all.open(visitor);
    await held.first;
    const headers = { 'sec-fetch-site': 'same-origin', origin: all.world.origin };
    expect((await client.send(`${all.world.origin}/_auth/logout`, { method: 'POST', headers })).status).toBe(303);
    held.release();
    // It was sent before the logout; its answer brings the browser a session.
    expect(await waiting).toBe('200');
    expect(client.cookies(all.world.origin).has(sessionCookie)).toBe(true);
    all.world.upstream.clear();
    expect(await all.open(visitor)).toBe('302 to login');
    expect(await all.fetch(visitor)).toBe('401');
    expect(all.world.upstream.requests).toEqual([]);
  });
});
