import { beforeEach, describe, expect, it } from 'vitest';
import {
  type AgentStates,
  agentStates,
  keepAll,
  presentedBy,
  refreshPath,
  requestFrom,
} from '../../../test/support/agent-states.ts';
import { type CookieJar, createCookieJar } from '../../../test/support/cookie-jar.ts';
import { tokenSetAt } from '../../../test/support/session.ts';
import { Secret } from '../../core/secret.ts';
import { secondsOf } from '../../core/time.ts';
import type { AgentRuntime } from './runtime.ts';

let states: AgentStates;
let agent: AgentRuntime;
let jar: CookieJar;
beforeEach(async () => {
  states = agentStates();
  agent = states.agent({ state: 'sealed' });
  jar = await states.browserOf(agent);
});

const find = (browser: CookieJar = jar, target = refreshPath) => agent.state.find(requestFrom(browser, target));

const found = (browser: CookieJar = jar, target = refreshPath) => presentedBy(browser, agent, target);

/** Asks for other tokens, as `POST /refresh` does. */
async function refreshed(browser: CookieJar = jar) {
  const requestedAt = states.clock.milliseconds();
  const reason = { kind: 'rejected', requestedAt, cooldown: secondsOf(30) } as const;
  return await agent.state.refresh(await found(browser), reason);
}

async function refreshCookies(browser: CookieJar = jar): Promise<readonly string[]> {
  const outcome = await refreshed(browser);
  if (outcome.kind !== 'refreshed') throw new Error(outcome.kind);
  return outcome.setCookies;
}

const names = (browser: CookieJar = jar) => browser.all().map(({ name }) => name);
const tokens = (length: number) => ({
  tokenSet: tokenSetAt(states.clock.now(), { accessToken: new Secret('t'.repeat(length)) }),
});

describe('a sealed session of an agent', () => {
  it('is in four cookies, and nowhere else', async () => {
    states.store.setReachable(false);
    expect(names()).toEqual(['example-at', 'example-auth', 'example-id', 'example-csrf']);
    const { found: stored, key, inCookies } = await found();
    const expected = states.newSession();
    expect(stored).toEqual({
      session: { ...expected, claims: new Map() },
      lastSeenAt: states.clock.now(),
      name: undefined,
    });
    const { accessToken, refreshToken, idToken } = stored.session.tokenSet;
    expect([accessToken, refreshToken, idToken].map((token) => token?.reveal())).toEqual([
      'canary-access-token',
      'canary-refresh-token',
      'canary-id-token',
    ]);
    expect(key).toMatch(/^[\w-]{43}$/);
    expect(inCookies).toEqual({
      version: 2,
      csrfToken: agent.csrf.tokenOf(requestFrom(jar), key),
      hasRefreshToken: true,
    });
  });

  it('comes to an API without refresh token, ID token and claims', async () => {
    const { found: stored, inCookies } = await found(jar, '/api');
    expect(stored.session.tokenSet).toMatchObject({ refreshToken: undefined, idToken: undefined });
    expect(stored.session).toMatchObject({ subject: 'alice', claims: new Map() });
    expect(inCookies).toEqual({ version: 2, csrfToken: undefined, hasRefreshToken: true });
    expect((await found(jar, '/api')).key).toBe((await found()).key);
  });

  it('keeps the claims where there is no ID token, and nothing where there is neither', async () => {
    const plain = { tokenSet: tokenSetAt(states.clock.now(), { idToken: undefined, refreshToken: undefined }) };
    const one = await found(await states.browserOf(agent, plain));
    expect(one.found.session.claims).toEqual(states.newSession().claims);
    expect(one.inCookies?.hasRefreshToken).toBe(false);
    const bare = await states.browserOf(agent, { ...plain, claims: new Map() });
    expect(names(bare)).toEqual(['example-at', 'example-csrf']);
    expect((await find(bare)).kind).toBe('found');
  });

  it('is opened by another process with the same keys', async () => {
    const other = states.agent({ state: 'sealed' });
    expect((await other.state.find(requestFrom(jar))).kind).toBe('found');
  });

  it('has another key and another CSRF token after each login (S1)', async () => {
    const before = await found();
    const begun = await agent.state.begin(states.newSession(), requestFrom(jar, refreshPath));
    if (begun.kind !== 'begun') throw new Error(begun.kind);
    const old = requestFrom(jar);
    keepAll(jar, begun.setCookies);
    const after = await found();
    expect(after.key).not.toBe(before.key);
    expect(agent.csrf.tokenOf(old, after.key)).toBeUndefined();
    expect(agent.csrf.tokenOf(requestFrom(jar), after.key)).toBe(begun.csrfToken);
  });

  it('ends at its end, however often it was refreshed', async () => {
    states.clock.advance(6 * 3600);
    keepAll(jar, await refreshCookies());
    states.clock.advance(6 * 3600 - 1);
    expect((await find()).kind).toBe('found');
    states.clock.advance(1);
    expect(await find()).toEqual({ kind: 'ended' });
  });

  it('shows no token and no claim to who reads its cookies', () => {
    for (const { value } of jar.all()) {
      const text = Buffer.from(value, 'base64url').toString('latin1');
      for (const secret of ['canary', 'alice', 'Alice']) expect(text).not.toContain(secret);
    }
  });

  it('has no cookie whose name it does not give away', () => {
    expect(agent.state.cookieNames).toEqual([
      ...['at', 'auth', 'id'].flatMap((purpose) =>
        ['', '.1', '.2', '.3', '.4'].map((chunk) => `example-${purpose}${chunk}`),
      ),
      'example-csrf',
      'example-login',
      'example-out',
    ]);
  });
});

describe('a refresh of a sealed session', () => {
  it('brings new tokens in new cookies, under the same key and with the same CSRF token', async () => {
    const before = await found();
    states.clock.advance(60);
    const outcome = await refreshed();
    if (outcome.kind !== 'refreshed') throw new Error(outcome.kind);
    keepAll(jar, outcome.setCookies);
    expect(names()).toEqual(['example-at', 'example-auth', 'example-id', 'example-csrf']);
    const after = await found();
    expect(after).toEqual({ ...outcome.presented, found: { ...outcome.presented.found } });
    expect([after.key, after.inCookies]).toEqual([before.key, before.inCookies]);
    const { accessToken, refreshToken, idToken } = after.found.session.tokenSet;
    expect([accessToken, refreshToken, idToken].map((token) => token?.reveal())).toEqual([
      'canary-access-token-1',
      'canary-refresh-token-1',
      'canary-id-token',
    ]);
    expect(after.found.session).toMatchObject({ subject: 'alice', endsAt: before.found.session.endsAt });
  });

  it('happens once for two tabs, and for one that comes a little later with the old cookies (F1)', async () => {
    states.clock.advance(60);
    const late = jar.copy();
    const held = states.provider.holdRefreshes();
    const both = [refreshed(jar.copy()), refreshed(jar.copy())];
    held.release();
    for (const outcome of await Promise.all(both)) expect(outcome.kind).toBe('refreshed');
    states.clock.advance(10);
    keepAll(late, await refreshCookies(late));
    expect((await found(late)).found.session.tokenSet.accessToken.reveal()).toBe('canary-access-token-1');
    expect(states.provider.refreshes).toEqual(['canary-refresh-token']);
  });

  it('does nothing where the tokens are of a moment ago', async () => {
    states.clock.advance(60);
    keepAll(jar, await refreshCookies());
    states.clock.advance(29);
    expect(await refreshCookies()).toEqual([]);
    states.clock.advance(1);
    expect(await refreshCookies()).not.toEqual([]);
    expect(states.provider.refreshes).toHaveLength(2);
  });

  it('leaves all as it is while the provider is away', async () => {
    states.clock.advance(60);
    states.provider.setReachable(false);
    expect(await refreshed()).toMatchObject({ kind: 'unavailable' });
    states.provider.setReachable(true);
    states.clock.advance(60);
    expect((await refreshed()).kind).toBe('refreshed');
  });

  it('is over when the grant is', async () => {
    states.clock.advance(60);
    states.provider.answerRefresh({ kind: 'refused', code: 'invalid_grant', detail: 'invalid_grant' });
    expect(await refreshed()).toEqual({ kind: 'ended' });
  });

  it('ends the session when the new tokens do not fit into cookies: the refresh token before may be used up', async () => {
    states.clock.advance(60);
    const { tokenSet } = tokens(20_000);
    states.provider.answerRefresh({ kind: 'refreshed', tokenSet, claims: undefined, withdrawn: [] });
    expect(await refreshed()).toEqual({ kind: 'ended' });
  });

  it('leaves a CSRF cookie alone that it cannot open', async () => {
    jar.put('example-csrf', 'x');
    states.clock.advance(60);
    const setCookies = await refreshCookies();
    expect(setCookies.filter((line) => line.startsWith('example-csrf'))).toEqual([]);
  });

  it('never happens in the background, where no answer could carry the cookies', async () => {
    states.clock.advance(3590);
    agent.state.refreshSoon(await found());
    agent.state.touch(await found(), states.clock.now());
    expect(states.provider.refreshes).toEqual([]);
  });
});

describe('a logout with sealed sessions', () => {
  it('makes the browser forget every cookie, with all chunks, each at its own path', async () => {
    const large = await states.browserOf(agent, tokens(6_000));
    large.keep(agent.loginCookie.set('s'.repeat(43)));
    // Of a time with other settings.
    large.keep('example-auth=x; Path=/oauth-agent/refresh; Secure');
    large.keep('example-id=x; Path=/oauth-agent/claims; Secure');
    large.keep('example-id.1=x; Path=/oauth-agent/claims; Secure');
    expect(await agent.state.end(requestFrom(large))).toBe(true);
    keepAll(large, agent.state.forget(undefined));
    expect(names(large)).toEqual([]);
    expect(await agent.state.end(requestFrom(large))).toBe(false);
  });

  it('is not undone by the answer to a refresh that was under way', async () => {
    states.clock.advance(60);
    const late = await refreshCookies(jar.copy());
    keepAll(jar, agent.state.forget(requestFrom(jar, refreshPath)));
    expect(names()).toEqual(['example-out']);
    keepAll(jar, late);
    for (const target of ['/api', refreshPath]) expect(await find(jar, target)).toEqual({ kind: 'ended' });
    // And a login after it counts, in the same second too.
    const begun = await agent.state.begin(states.newSession(), requestFrom(jar, refreshPath));
    keepAll(jar, begun.kind === 'begun' ? begun.setCookies : []);
    expect((await find()).kind).toBe('found');
  });

  it('is not needed for the session before a login to be over for good', async () => {
    states.clock.advance(60);
    const late = await refreshCookies(jar.copy());
    const begun = await agent.state.begin(states.newSession({ subject: 'bob' }), requestFrom(jar, refreshPath));
    keepAll(jar, begun.kind === 'begun' ? begun.setCookies : []);
    keepAll(jar, late);
    expect(await find()).toEqual({ kind: 'ended' });
  });

  it('notes nothing for cookies that lead to no session', () => {
    const other = createCookieJar();
    other.put('example-at', 'x');
    const lines = agent.state.forget(requestFrom(other));
    expect(lines.filter((line) => line.startsWith('example-out'))).toEqual([]);
    expect(lines).toEqual(agent.state.forget(undefined));
  });
});
