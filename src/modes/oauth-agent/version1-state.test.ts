import { beforeEach, describe, expect, it } from 'vitest';
import {
  type AgentStates,
  agentStates,
  keepAll,
  presentedBy,
  refreshPath,
  requestFrom,
  sharedKey,
  sharedKeyReference,
} from '../../../test/support/agent-states.ts';
import { type CookieJar, createCookieJar } from '../../../test/support/cookie-jar.ts';
import { openVersion1, sealVersion1 } from '../../../test/support/cookie-version1.ts';
import { tokenSetAt } from '../../../test/support/session.ts';
import { Secret } from '../../core/secret.ts';
import { secondsOf } from '../../core/time.ts';
import { claims } from './claims.ts';
import { encodeContents } from './cookie-codec.ts';
import { logout } from './logout.ts';
import type { AgentRuntime } from './runtime.ts';
import type { PresentedSession } from './state.ts';

/*
 * Form 0x01: cookies as other OAuth agents write them, each with the bare token. What a cookie holds is checked with
 * node:crypto alone.
 */

const claimsPath = '/oauth-agent/claims';

let states: AgentStates;
let writing: AgentRuntime;
let reading: AgentRuntime;
let jar: CookieJar;
beforeEach(async () => {
  states = agentStates();
  const key = sharedKeyReference;
  writing = states.agent({ state: 'sealed', version1: { key } });
  reading = states.agent({ state: 'sealed', version1: { key, write: false } });
  jar = theirs();
});

/** A browser with a session that another agent has made. */
function theirs(accessToken = 'canary-opaque-access-token'): CookieJar {
  const browser = createCookieJar();
  browser.put('example-at', sealVersion1(accessToken, sharedKey), '/');
  browser.put('example-auth', sealVersion1('canary-their-refresh-token', sharedKey), refreshPath);
  browser.put('example-id', sealVersion1('canary-their-id-token', sharedKey), claimsPath);
  browser.put('example-csrf', sealVersion1('canary-their-csrf-token', sharedKey), '/');
  return browser;
}

const found = (agent: AgentRuntime, browser = jar, target = refreshPath) => presentedBy(browser, agent, target);

async function refreshedBy(agent: AgentRuntime, browser = jar): Promise<PresentedSession> {
  const requestedAt = states.clock.milliseconds();
  const reason = { kind: 'rejected', requestedAt, cooldown: secondsOf(30) } as const;
  const outcome = await agent.state.refresh(await found(agent, browser), reason);
  if (outcome.kind !== 'refreshed') throw new Error(outcome.kind);
  keepAll(browser, outcome.setCookies);
  return outcome.presented;
}

const placed = (browser = jar) => browser.all().map(({ name, path }) => `${name} ${path}`);

describe('a session that another agent has made', () => {
  it('is found, with nothing known of it but its tokens', async () => {
    for (const agent of [writing, reading]) {
      const { found: stored, key, inCookies } = await found(agent);
      expect(stored.session).toMatchObject({ instance: 'spa', provider: 'idp', subject: '', claims: new Map() });
      const { accessToken, refreshToken, idToken, expiresAt } = stored.session.tokenSet;
      expect([accessToken, refreshToken, idToken].map((token) => token?.reveal())).toEqual([
        'canary-opaque-access-token',
        'canary-their-refresh-token',
        undefined,
      ]);
      expect(expiresAt).toBeUndefined();
      expect(inCookies).toEqual({ version: 1, csrfToken: 'canary-their-csrf-token', hasRefreshToken: true });
      const headers = { 'x-example-csrf': 'canary-their-csrf-token' };
      expect(agent.csrf.isRepeated(requestFrom(jar, '/api', headers), key)).toBe(true);
    }
    expect((await states.agent({ state: 'sealed' }).state.find(requestFrom(jar))).kind).toBe('invalid');
  });

  it('puts no other text that the key has sealed into the URL of a logout or into our own form', async () => {
    for (const agent of [writing, reading]) {
      const browser = theirs();
      browser.put('example-id', sealVersion1('canary-another-refresh-token', sharedKey), '/oauth-agent');
      const { found: stored } = await found(agent, browser, '/oauth-agent/logout');
      expect(stored.session.tokenSet.idToken).toBeUndefined();
      const { session } = (await refreshedBy(agent, browser)).found;
      expect(session.tokenSet.idToken?.reveal()).not.toBe('canary-another-refresh-token');
    }
  });

  it('ends its access token when that says so itself', async () => {
    const { clock } = states;
    const payload = { exp: clock.now() + 300, iat: clock.now() - 3000 };
    const jwt = `e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.c2ln`;
    const { tokenSet } = (await found(writing, theirs(jwt))).found.session;
    expect(tokenSet).toMatchObject({ expiresAt: payload.exp, obtainedAt: payload.iat * 1000 });
  });

  it.each([
    ['a text with a blank', 'not a token'],
    ['a header of its own', 'x\r\nx-admin: 1'],
    ['nothing', ''],
    ['no ASCII', 'tökén'],
  ])('is none with %s for an access token (H16)', async (_what, text) => {
    expect((await writing.state.find(requestFrom(theirs(text)))).kind).toBe('invalid');
  });

  it('is none with cookies of both forms', async () => {
    const ours = await states.browserOf(states.agent({ state: 'sealed' }));
    ours.put('example-at', sealVersion1('canary-opaque-access-token', sharedKey));
    expect((await writing.state.find(requestFrom(ours, refreshPath))).kind).toBe('invalid');
    // Whoever has the shared key joins no refresh token of his to a session in our own form.
    const other = await states.browserOf(reading);
    const { key } = await found(reading, other);
    const token = new Secret('canary-their-refresh-token');
    const forged = Buffer.from(encodeContents({ kind: 'refresh_token', key, token })).toString();
    other.put('example-auth', sealVersion1(forged, sharedKey));
    expect((await reading.state.find(requestFrom(other, refreshPath))).kind).toBe('invalid');
  });

  it('has no CSRF token without its cookie, and gets one when it is asked for', async () => {
    for (const agent of [writing, reading]) {
      const bare = theirs();
      bare.delete('example-csrf');
      const presented = await found(agent, bare);
      expect(agent.csrf.tokenOf(requestFrom(bare), presented.key)).toBeUndefined();
      const { token, setCookie } = agent.csrf.tell(requestFrom(bare), presented);
      bare.keep(setCookie ?? '');
      const again = await found(agent, bare);
      expect(agent.csrf.tokenOf(requestFrom(bare), again.key)).toBe(token);
    }
  });
});

describe('an agent that writes form 0x01', () => {
  it('writes what others read, where they look for it', async () => {
    const browser = await states.browserOf(writing);
    expect(placed(browser)).toEqual([
      'example-at /',
      `example-auth ${refreshPath}`,
      `example-id ${claimsPath}`,
      'example-csrf /',
    ]);
    expect(
      ['at', 'auth', 'id'].map((purpose) => openVersion1(browser.value(`example-${purpose}`) ?? '', sharedKey)),
    ).toEqual(['canary-access-token', 'canary-refresh-token', 'canary-id-token']);
    const { key } = await found(writing, browser);
    expect(openVersion1(browser.value('example-csrf') ?? '', sharedKey)).toBe(
      writing.csrf.tokenOf(requestFrom(browser), key),
    );
  });

  it('refreshes a session of others, and leaves them able to read it', async () => {
    const before = await found(writing);
    const after = await refreshedBy(writing);
    expect(placed()).toEqual([
      'example-at /',
      `example-auth ${refreshPath}`,
      `example-id ${claimsPath}`,
      'example-csrf /',
    ]);
    expect(
      ['at', 'auth', 'id', 'csrf'].map((purpose) => openVersion1(jar.value(`example-${purpose}`) ?? '', sharedKey)),
    ).toEqual([
      'canary-access-token-1',
      'canary-refresh-token-1',
      // The endpoint does not get it, and the provider sent no other.
      'canary-their-id-token',
      'canary-their-csrf-token',
    ]);
    expect([after.key, after.inCookies]).toEqual([before.key, before.inCookies]);
    expect((await found(writing)).key).toBe(before.key);
  });

  it('refreshes once for many tabs that ask one after the other with the newest cookies, which do not say of when', async () => {
    for (let tab = 0; tab < 20; tab += 1) await refreshedBy(writing);
    expect(states.provider.refreshes).toEqual(['canary-their-refresh-token']);
    expect(openVersion1(jar.value('example-at') ?? '', sharedKey)).toBe('canary-access-token-1');
    expect(openVersion1(jar.value('example-id') ?? '', sharedKey)).toBe('canary-their-id-token');
    await expect(found(writing)).resolves.toMatchObject({ key: (await found(writing, theirs())).key });
  });

  it('deletes a refresh token that there is none of', async () => {
    const tokenSet = tokenSetAt(states.clock.now(), { refreshToken: undefined, idToken: undefined });
    const begun = await writing.state.begin(states.newSession({ tokenSet }), requestFrom(jar));
    keepAll(jar, begun.kind === 'begun' ? begun.setCookies : []);
    expect(placed().toSorted()).toEqual(['example-at /', 'example-csrf /', 'example-out /']);
  });

  it('sees at a logout neither refresh token nor ID token, and deletes them all the same', async () => {
    const { tokenSet } = (await found(writing, jar, '/oauth-agent/logout')).found.session;
    expect(tokenSet).toMatchObject({ refreshToken: undefined, idToken: undefined });
    keepAll(jar, writing.state.forget(requestFrom(jar, '/oauth-agent/logout')));
    expect(placed()).toEqual(['example-out /']);
  });

  it('is not brought back after a logout by the answer to a refresh that was under way', async () => {
    const late = jar.copy();
    await refreshedBy(writing, late);
    // Meanwhile another tab was loaded anew, and told another CSRF token.
    keepAll(jar, [writing.csrf.tell(requestFrom(jar), await found(writing)).setCookie ?? '']);
    keepAll(jar, writing.state.forget(requestFrom(jar)));
    for (const { name, value, path } of late.all()) jar.put(name, value, path);
    expect(await writing.state.find(requestFrom(jar))).toEqual({ kind: 'ended' });
  });

  it('takes over a session in our own form', async () => {
    const browser = await states.browserOf(states.agent({ state: 'sealed' }));
    states.clock.advance(60);
    const after = await refreshedBy(writing, browser);
    expect(placed(browser)).toEqual([
      'example-at /',
      'example-csrf /',
      `example-auth ${refreshPath}`,
      `example-id ${claimsPath}`,
    ]);
    expect((await found(writing, browser)).key).toBe(after.key);
    expect(after.inCookies?.version).toBe(1);
  });
});

describe('an agent that reads form 0x01 and writes its own', () => {
  it('takes a session over at its next refresh, with a life that ends', async () => {
    states.provider.refreshWith({ claims: new Map([['sub', 'alice']]) });
    const after = await refreshedBy(reading);
    expect(placed()).toEqual([
      'example-at /',
      'example-csrf /',
      'example-auth /oauth-agent',
      'example-id /oauth-agent',
    ]);
    const { found: stored, key, inCookies } = await found(reading);
    const now = states.clock.now();
    expect(stored.session).toMatchObject({ subject: 'alice', createdAt: now, endsAt: now + 12 * 3600 });
    expect(inCookies).toEqual({ version: 2, csrfToken: 'canary-their-csrf-token', hasRefreshToken: true });
    expect(key).toBe(after.key);
    // And by an agent that knows of no other form.
    expect((await states.agent({ state: 'sealed' }).state.find(requestFrom(jar))).kind).toBe('found');
  });

  it('knows no claims without a new ID token, and tells the provider of a logout without one', async () => {
    const { key } = await refreshedBy(reading);
    expect(placed()).toEqual(['example-at /', 'example-csrf /', 'example-auth /oauth-agent']);
    const call = (target: string, headers = {}) => ({
      request: requestFrom(jar, target, headers),
      origin: 'https://app.example.com',
      body: Buffer.alloc(0),
    });
    expect(await claims.answerTo(call(claimsPath), reading)).toMatchObject({ status: 200, body: '{}' });
    const repeated = { 'x-example-csrf': reading.csrf.tokenOf(requestFrom(jar), key) ?? '' };
    const answer = await logout.answerTo(call('/oauth-agent/logout', repeated), reading);
    expect(answer.status).toBe(200);
    expect(states.provider.logouts).toMatchObject([{ idToken: undefined }]);
    expect(states.provider.revoked).toEqual(['canary-refresh-token-1']);
  });

  it('gives two tabs that do it at once one session', async () => {
    const other = jar.copy();
    // The other one was loaded anew, and told another CSRF token.
    const { token, setCookie } = reading.csrf.tell(requestFrom(other), await found(reading, other));
    other.keep(setCookie ?? '');
    expect(token).not.toBe('canary-their-csrf-token');
    const one = await refreshedBy(reading);
    const two = await refreshedBy(reading, other);
    expect(two.key).toBe(one.key);
    jar.put('example-auth', other.value('example-auth') ?? '');
    expect((await found(reading)).key).toBe(one.key);
    const repeating = (repeated: string) => requestFrom(jar, refreshPath, { 'x-example-csrf': repeated });
    for (const each of [token, 'canary-their-csrf-token']) {
      expect(reading.csrf.isRepeated(repeating(each), one.key)).toBe(true);
    }
    expect(reading.csrf.tell(requestFrom(jar), one)).toEqual({ token, setCookie: undefined });
    expect(states.provider.refreshes).toEqual(['canary-their-refresh-token']);
  });

  it('deletes at a login what others have left at their paths', async () => {
    const begun = await reading.state.begin(states.newSession(), requestFrom(jar));
    keepAll(jar, begun.kind === 'begun' ? begun.setCookies : []);
    expect(placed().filter((place) => /-(?:auth|id) /.test(place))).toEqual([
      'example-auth /oauth-agent',
      'example-id /oauth-agent',
    ]);
    expect((await reading.state.find(requestFrom(jar, refreshPath))).kind).toBe('found');
    expect((await reading.state.find(requestFrom(jar, claimsPath))).kind).toBe('found');
  });

  it('gives a session without a CSRF cookie a key of its own', async () => {
    jar.delete('example-csrf');
    const after = await refreshedBy(reading);
    expect(after.key).toMatch(/^[\w-]{43}$/);
    expect(after.found.session.subject).toBe('');
  });
});
