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
import { httpRequest } from '../../../test/support/http-request.ts';
import { tokenSetAt } from '../../../test/support/session.ts';
import { Secret } from '../../core/secret.ts';
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

const names = (browser: CookieJar = jar) => browser.all().map(({ name }) => name);
const tokens = (length: number) => ({
  tokenSet: tokenSetAt(states.clock.now(), { accessToken: new Secret('t'.repeat(length)) }),
});

describe('the cookies of a sealed session', () => {
  it('are no session with any of them changed or cut (S4)', async () => {
    for (const cookie of ['example-at', 'example-auth', 'example-id']) {
      const value = jar.value(cookie) ?? '';
      for (let index = 0; index < value.length; index += 5) {
        const flipped = `${value.slice(0, index)}${value[index] === 'A' ? 'B' : 'A'}${value.slice(index + 1)}`;
        for (const wrong of [flipped, value.slice(0, index)]) {
          const changed = jar.copy();
          changed.put(cookie, wrong);
          expect(await find(changed)).toEqual({ kind: 'invalid' });
        }
      }
    }
  });

  it('are no session when one is moved to the place of another (S6)', async () => {
    for (const [from, to] of [
      ['example-auth', 'example-at'],
      ['example-id', 'example-at'],
      ['example-csrf', 'example-at'],
      ['example-at', 'example-auth'],
      ['example-id', 'example-auth'],
      ['example-auth', 'example-id'],
      ['example-csrf', 'example-id'],
    ] as const) {
      const changed = jar.copy();
      changed.put(to, jar.value(from) ?? '');
      expect(await find(changed)).toEqual({ kind: 'invalid' });
    }
  });

  it('are no session when one of them is of another session, of the same user too (S6)', async () => {
    const other = await states.browserOf(agent);
    for (const cookie of ['example-at', 'example-auth', 'example-id']) {
      const mixed = jar.copy();
      mixed.put(cookie, other.value(cookie) ?? '');
      expect(await find(mixed)).toEqual({ kind: 'invalid' });
    }
    // Its CSRF token is a matter of its own.
    const mixed = jar.copy();
    mixed.put('example-csrf', other.value('example-csrf') ?? '');
    const { key, inCookies } = await found(mixed);
    expect([agent.csrf.tokenOf(requestFrom(mixed), key), inCookies?.csrfToken]).toEqual([undefined, undefined]);
  });

  it('are no session of another instance, and of none with another prefix (S6)', async () => {
    const other = states.agent({ state: 'sealed' }, 'other');
    expect(await other.state.find(requestFrom(jar, refreshPath))).toEqual({ kind: 'invalid' });
    const renamed = states.agent({ state: 'sealed', cookie: { prefix: 'shop' } });
    const moved = jar.headerFor(refreshPath).replaceAll('example-', 'shop-');
    expect(await renamed.state.find(httpRequest({ headers: { cookie: moved } }))).toEqual({ kind: 'invalid' });
  });

  it('are none when the session itself does not come', async () => {
    const bare = jar.copy();
    bare.delete('example-at');
    expect(await find(bare)).toEqual({ kind: 'invalid' });
    // Where an API is called, nothing came at all.
    expect(await find(bare, '/api')).toEqual({ kind: 'none' });
    expect(await find(createCookieJar())).toEqual({ kind: 'none' });
  });

  it('are enough without refresh and ID token', async () => {
    const bare = jar.copy();
    bare.delete('example-auth');
    bare.delete('example-id');
    expect((await found(bare)).found.session.tokenSet.refreshToken).toBeUndefined();
  });

  it.each([
    ['twice in a line', (cookies: string) => [`${cookies}; ${cookies}`]],
    ['twice in two lines', (cookies: string) => [cookies, cookies]],
    ['beside an empty one', (cookies: string) => [`${cookies}; example-at=`]],
    ['beside one of another host', (cookies: string) => [`example-auth=x; ${cookies}`]],
    ['in quotes (S9)', (cookies: string) => [cookies.replace(/example-at=([\w-]+)/, 'example-at="$1"')]],
    ['beside bytes that are not UTF-8 (H15)', (cookies: string) => [`${cookies}; x=\xff`]],
    ['with padding (S9)', (cookies: string) => [cookies.replace(/example-at=([\w-]+)/, 'example-at=$1=')]],
    ['with a chunk count before it (S7)', (cookies: string) => [cookies.replace('example-at=', 'example-at=1.')]],
    ['with a chunk too many (S7)', (cookies: string) => [`${cookies}; example-at.1=AAAA`]],
    ['with a chunk too many of another (S7)', (cookies: string) => [`${cookies}; example-auth.3=AAAA`]],
  ])('are no session %s (S8)', async (_case, change) => {
    const request = httpRequest({ headers: { cookie: change(jar.headerFor(refreshPath)) } });
    expect(await agent.state.find(request)).toEqual({ kind: 'invalid' });
  });

  it.each([
    ['$Version', (cookies: string) => `$Version=1; ${cookies}`],
    ['blanks', (cookies: string) => `  ${cookies.replaceAll('; ', ' ;\t')} `],
    ['cookies of the workload', (cookies: string) => `a="x; b=__proto__; ${cookies}; example-at2=x; Example-at=y`],
  ])('are one beside %s (S9)', async (_case, change) => {
    const request = httpRequest({ headers: { cookie: change(jar.headerFor(refreshPath)) } });
    expect((await agent.state.find(request)).kind).toBe('found');
  });

  it('are one when HTTP/2 splits their line (RFC 9113 §8.2.3)', async () => {
    const cookie = jar.headerFor(refreshPath).split('; ');
    expect((await agent.state.find(httpRequest({ headers: { cookie } }))).kind).toBe('found');
  });
});

describe('tokens that are too large for a cookie', () => {
  it('take several, and fewer again after the next login', async () => {
    const large = await states.browserOf(agent, tokens(6_000));
    expect(names(large).filter((name) => name.startsWith('example-at'))).toEqual([
      'example-at',
      'example-at.1',
      'example-at.2',
    ]);
    expect((await found(large, '/api')).found.session.tokenSet.accessToken.reveal()).toHaveLength(6_000);
    const begun = await agent.state.begin(states.newSession(), requestFrom(large));
    keepAll(large, begun.kind === 'begun' ? begun.setCookies : []);
    expect(names(large).filter((name) => name.startsWith('example-at'))).toEqual(['example-at']);
    expect((await find(large)).kind).toBe('found');
  });

  it('are no session in chunks that are missing, mixed, exchanged, doubled or too many (S7)', async () => {
    const large = await states.browserOf(agent, tokens(6_000));
    const other = await states.browserOf(agent, tokens(6_000));
    const chunks = ['example-at', 'example-at.1', 'example-at.2'] as const;
    const value = (name: string) => large.value(name) ?? '';
    const changes: ((changed: CookieJar) => void)[] = [
      ...chunks.map((name) => (changed: CookieJar) => changed.delete(name)),
      ...chunks.map((name) => (changed: CookieJar) => changed.put(name, other.value(name) ?? '')),
      (changed) => {
        changed.put('example-at.1', value('example-at.2'));
        changed.put('example-at.2', value('example-at.1'));
      },
      (changed) => changed.put('example-at.2', value('example-at.1')),
      (changed) => changed.put('example-at.3', value('example-at.2')),
      (changed) => changed.put('example-at', value('example-at').replace(/^3/, '2')),
      (changed) => changed.put('example-at', value('example-at').replace(/^3/, '4')),
      (changed) => changed.put('example-at', value('example-at').replace(/^3/, '6')),
      (changed) => changed.put('example-at', value('example-at').slice(2)),
    ];
    for (const change of changes) {
      const changed = large.copy();
      change(changed);
      expect(await find(changed, '/api')).toEqual({ kind: 'invalid' });
    }
  });

  it('are no session where browsers would not keep them', async () => {
    expect(await agent.state.begin(states.newSession(tokens(20_000)), httpRequest())).toEqual({ kind: 'too_large' });
    const claims = new Map([['x', 'y'.repeat(20_000)]]);
    const tokenSet = tokenSetAt(states.clock.now(), { idToken: undefined });
    expect(await agent.state.begin(states.newSession({ claims, tokenSet }), httpRequest())).toEqual({
      kind: 'too_large',
    });
  });
});
