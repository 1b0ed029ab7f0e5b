import { beforeEach, describe, expect, it } from 'vitest';
import {
  type AgentStates,
  agentStates,
  keepAll,
  presentedBy,
  requestFrom,
} from '../../../test/support/agent-states.ts';
import { type CookieJar, createCookieJar } from '../../../test/support/cookie-jar.ts';
import { httpRequest } from '../../../test/support/http-request.ts';
import { secondsOf } from '../../core/time.ts';
import { StoreUnavailableError } from '../../ports/store.ts';
import type { AgentRuntime } from './runtime.ts';

let states: AgentStates;
let agent: AgentRuntime;
let jar: CookieJar;
beforeEach(async () => {
  states = agentStates();
  agent = states.agent();
  jar = await states.browserOf(agent);
});

const find = (browser = jar) => agent.state.find(requestFrom(browser));

const found = (browser = jar) => presentedBy(browser, agent);

describe('a stored session of an agent', () => {
  it('is an id in a cookie, and everything else in the store', async () => {
    expect(jar.all().map(({ name, path }) => `${name} ${path}`)).toEqual(['example-at /', 'example-csrf /']);
    const { found: stored, key, inCookies } = await found();
    expect(stored.session).toEqual(states.newSession());
    expect([key, inCookies]).toEqual([stored.name, undefined]);
    expect(agent.csrf.tokenOf(requestFrom(jar), key)).toMatch(/^[\w-]{43}$/);
    expect(agent.state.cookieNames).toEqual(['example-at', 'example-csrf', 'example-login']);
  });

  it('is none without its cookie, or with one that is no id of ours', async () => {
    expect(await find(createCookieJar())).toEqual({ kind: 'none' });
    const id = jar.value('example-at') ?? '';
    for (const cookie of [
      `example-at=${id}; example-at=${id}`,
      `example-at=${id}A`,
      `example-at=${id.slice(0, -1)}`,
      'example-at=',
      `example-at="${id}"`,
      `example-at=1.${id}`,
    ]) {
      expect(await agent.state.find(httpRequest({ headers: { cookie } }))).toEqual({ kind: 'invalid' });
    }
    expect((await agent.state.find(httpRequest({ headers: { cookie: `$Version=1; example-at=${id}` } }))).kind).toBe(
      'found',
    );
  });

  it('has ended when the store knows it no more', async () => {
    expect(await agent.state.end(requestFrom(jar))).toBe(true);
    expect(await agent.state.end(requestFrom(jar))).toBe(false);
    expect(await find()).toEqual({ kind: 'ended' });
    keepAll(jar, agent.state.forget(requestFrom(jar)));
    expect(jar.all()).toEqual([]);
  });

  it('gets another id and another CSRF token at each login, and the one before ends (S1)', async () => {
    const before = await found();
    const old = jar.copy();
    const begun = await agent.state.begin(states.newSession(), requestFrom(jar));
    if (begun.kind !== 'begun') throw new Error(begun.kind);
    keepAll(jar, begun.setCookies);
    const after = await found();
    expect(after.key).not.toBe(before.key);
    expect(agent.csrf.tokenOf(requestFrom(jar), after.key)).toBe(begun.csrfToken);
    expect(agent.csrf.tokenOf(requestFrom(old), after.key)).toBeUndefined();
    expect(await find(old)).toEqual({ kind: 'ended' });
  });

  it('gets new tokens in the store, and needs no other cookies for them', async () => {
    states.clock.advance(60);
    const requestedAt = states.clock.milliseconds();
    const reason = { kind: 'rejected', requestedAt, cooldown: secondsOf(30) } as const;
    const outcome = await agent.state.refresh(await found(), reason);
    expect(outcome).toMatchObject({ kind: 'refreshed', setCookies: [], presented: { key: (await found()).key } });
    expect((await found()).found.session.tokenSet.accessToken.reveal()).toBe('canary-access-token-1');
    // In a moment there is no reason any more.
    await agent.state.refresh(await found(), reason);
    expect(states.provider.refreshes).toHaveLength(1);
  });

  it('is over when the grant is', async () => {
    const presented = await found();
    states.provider.answerRefresh({ kind: 'refused', code: 'invalid_grant', detail: 'invalid_grant' });
    states.clock.advance(3600);
    expect(await agent.state.refresh(presented, { kind: 'expired' })).toEqual({ kind: 'ended' });
    expect(await find()).toEqual({ kind: 'ended' });
  });

  it('is refreshed in the background where nobody waits', async () => {
    states.clock.advance(3590);
    const held = states.provider.holdRefreshes();
    agent.state.refreshSoon(await found());
    held.release();
    await expect.poll(() => states.provider.refreshes).toEqual(['canary-refresh-token']);
  });

  it('knows when it was used', async () => {
    states.clock.advance(3000);
    const presented = await found();
    agent.state.touch(presented, states.clock.now());
    expect((await found()).found.lastSeenAt).toBe(states.clock.now());
  });

  it('is one of a hundred of its user at most, unless the settings say otherwise', async () => {
    const two = states.agent({ maxSessionsPerUser: 2 });
    const browsers = [];
    for (let login = 0; login < 3; login += 1) browsers.push(await states.browserOf(two, { subject: 'bob' }));
    const kinds = await Promise.all(browsers.map(async (browser) => (await find(browser)).kind));
    expect(kinds).toEqual(['ended', 'found', 'found']);
  });

  it('is neither there nor gone while the store is away (I4)', async () => {
    const presented = await found();
    const fresh = jar.copy();
    states.store.setReachable(false);
    await expect(states.agent().state.begin(states.newSession(), httpRequest())).rejects.toThrow(StoreUnavailableError);
    await expect(agent.state.end(requestFrom(fresh))).rejects.toThrow(StoreUnavailableError);
    agent.state.touch(presented, states.clock.now());
    states.store.setReachable(true);
    expect((await find()).kind).toBe('found');
  });
});
