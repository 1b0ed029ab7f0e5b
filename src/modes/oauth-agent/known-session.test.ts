import { beforeEach, describe, expect, it } from 'vitest';
import { type AgentStates, agentStates, refreshPath, requestFrom } from '../../../test/support/agent-states.ts';
import { type CookieJar, createCookieJar } from '../../../test/support/cookie-jar.ts';
import { tokenSetAt } from '../../../test/support/session.ts';
import { knownSession } from './known-session.ts';

let states: AgentStates;
beforeEach(() => {
  states = agentStates();
});

/** A session whose access token lives for an hour and that has no refresh token. */
const withoutRefreshToken = () => ({ tokenSet: tokenSetAt(states.clock.now(), { refreshToken: undefined }) });

describe.each(['store', 'sealed'] as const)('who sends a request to an agent, with state: %s', (state) => {
  const agent = () => states.agent({ state });
  const known = (jar: CookieJar, path = refreshPath) => knownSession(requestFrom(jar, path), agent());

  it('is nobody without cookies, and nobody with such that open nothing', async () => {
    const jar = createCookieJar();
    expect(await known(jar)).toEqual({ kind: 'none' });
    jar.put('example-at', 'x');
    expect(await known(jar)).toEqual({ kind: 'invalid' });
  });

  it('is the user of a session that lives', async () => {
    const jar = await states.browserOf(agent());
    const session = await known(jar);
    if (session.kind !== 'live') throw new Error(session.kind);
    expect(session.presented.found.session.subject).toBe('alice');
  });

  it('is nobody after the absolute end', async () => {
    const jar = await states.browserOf(agent());
    states.clock.advance(12 * 3600);
    expect(await known(jar)).toMatchObject({ kind: 'ended' });
  });

  it.each([
    [{ instance: 'other' }, 'other_instance'],
    [{ provider: 'former' }, 'other_provider'],
    [{ registration: 'https://idp.example#former' }, 'other_provider'],
  ])('is nobody of %j', async (parts, because) => {
    const jar = await states.browserOf(agent(), parts);
    expect(await known(jar)).toEqual({ kind: 'ended', because });
  });

  it('is nobody with a token that has ended and no refresh token to replace it', async () => {
    const jar = await states.browserOf(agent(), withoutRefreshToken());
    states.clock.advance(3599);
    expect((await known(jar)).kind).toBe('live');
    states.clock.advance(1);
    for (const path of ['/api', refreshPath]) {
      const { kind } = await known(jar, path);
      expect(kind).toBe('ended');
    }
  });
});

describe('who sends a request to an agent with a store', () => {
  it('is nobody after an hour without use', async () => {
    const jar = await states.browserOf(states.agent());
    const request = requestFrom(jar);
    states.clock.advance(3600);
    // The store drops it by itself; where it has not yet, its age counts.
    expect(await knownSession(request, states.agent())).toMatchObject({ kind: 'ended' });
    const kept = await states.browserOf(states.agent({ idleLifetime: '2h' }));
    states.clock.advance(3600);
    expect(await knownSession(requestFrom(kept), states.agent({ idleLifetime: '1h' }))).toEqual({
      kind: 'ended',
      because: 'idle_lifetime',
    });
    expect((await knownSession(requestFrom(kept), states.agent({ idleLifetime: '2h' }))).kind).toBe('live');
  });
});

describe('who calls an API with a sealed session', () => {
  it('is its user with a token that has ended: the refresh token is in a cookie that does not come', async () => {
    const agent = states.agent({ state: 'sealed' });
    const jar = await states.browserOf(agent);
    states.clock.advance(6 * 3600);
    for (const path of ['/api', refreshPath]) {
      expect((await knownSession(requestFrom(jar, path), agent)).kind).toBe('live');
    }
  });
});
