import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { navigation } from '../../../test/support/browser-headers.ts';
import { httpRequest } from '../../../test/support/http-request.ts';
import { tokenSetAt } from '../../../test/support/session.ts';
import { type CheckParts, checkIn, headerOf, loggedInTo, refusalIn } from '../../../test/support/session-check.ts';
import {
  appOrigin,
  type Browser,
  cookieHeader,
  type SessionWorld,
  sessionWorld,
} from '../../../test/support/session-world.ts';
import { epochMillisecondsOf } from '../../core/time.ts';
import type { Reply } from '../../core/verdict.ts';
import type { Pass } from '../mode.ts';
import type { SessionRequirements } from './requirements.ts';

let world: SessionWorld;
beforeEach(async () => {
  world = await sessionWorld();
});
afterEach(async () => {
  await world.close();
});

const check = (parts?: CheckParts) => checkIn(world, parts);
const refusal = (parts?: CheckParts) => refusalIn(world, parts);
const loggedIn = () => loggedInTo(world);

/** A request each minute, for so many of them. */
async function use(browser: Browser, minutes: number, requirements: SessionRequirements = {}): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    world.clock.advance(60);
    expect((await check({ browser, requirements })).kind).toBe('pass');
  }
}

describe('a session', () => {
  it('ends with its access token where there is no refresh token (ADR 4)', async () => {
    world.provider.logInAs({ tokenSet: tokenSetAt(world.clock.now(), { refreshToken: undefined }) });
    const browser = await loggedIn();
    await use(browser, 58);
    world.clock.advance(120);
    expect((await refusal({ browser, headers: navigation })).status).toBe(302);
    expect((await refusal({ browser })).status).toBe(401);
  });

  describe('whose access token', () => {
    const bearer = (answer: Pass | Reply) =>
      answer.kind === 'pass' ? new Map(answer.setHeaders).get('authorization') : undefined;

    it('is near its end goes on with it, and has another soon', async () => {
      const browser = await loggedIn();
      await use(browser, 58);
      world.clock.advance(90);
      expect(bearer(await check({ browser }))).toBe('Bearer canary-access-token');
      await vi.waitFor(async () => expect(bearer(await check({ browser }))).toBe('Bearer canary-access-token-1'));
      expect(world.provider.refreshes).toEqual(['canary-refresh-token']);
    });

    it('has ended waits for another, one for all requests (F1, F4)', async () => {
      const browser = await loggedIn();
      await use(browser, 58);
      world.clock.advance(120);
      const answers = await Promise.all(Array.from({ length: 50 }, () => check({ browser })));
      expect(new Set(answers.map(bearer))).toEqual(new Set(['Bearer canary-access-token-1']));
      expect(world.provider.refreshes).toHaveLength(1);
    });

    it('has ended while the provider is away gets 503 with Retry-After, and lives on', async () => {
      const browser = await loggedIn();
      await use(browser, 58);
      world.clock.advance(120);
      world.provider.setReachable(false);
      for (const parts of [{ browser }, { browser, headers: navigation }]) {
        const reply = await refusal(parts);
        expect(reply.status).toBe(503);
        expect(headerOf(reply, 'retry-after')).toBe('1');
        expect(reply.body).not.toContain('ECONNREFUSED');
      }
      world.provider.setReachable(true);
      world.clock.advance(1);
      expect((await check({ browser })).kind).toBe('pass');
    });

    it('was refused by the workload is replaced once; a dead one is not replaced again and again', async () => {
      const browser = await loggedIn();
      const rejected = () => ({ requestedAt: epochMillisecondsOf(world.clock.milliseconds() + 1) });
      const answers = await Promise.all(Array.from({ length: 50 }, () => check({ browser, rejected: rejected() })));
      expect(new Set(answers.map(bearer))).toEqual(new Set(['Bearer canary-access-token-1']));
      world.clock.advance(10);
      expect(bearer(await check({ browser, rejected: rejected() }))).toBe('Bearer canary-access-token-1');
      world.clock.advance(20);
      expect(bearer(await check({ browser, rejected: rejected() }))).toBe('Bearer canary-access-token-2');
      expect(world.provider.refreshes).toHaveLength(2);
    });

    it('was refused goes to the workload once more while the provider is away: its own 401 says more', async () => {
      const browser = await loggedIn();
      world.provider.setReachable(false);
      const rejected = { requestedAt: epochMillisecondsOf(world.clock.milliseconds() + 1) };
      expect(bearer(await check({ browser, rejected }))).toBe('Bearer canary-access-token');
    });

    it('is replaced is decided on again: the new ID token may say that the user has left the group', async () => {
      const browser = await loggedIn();
      const requirements = { groups: ['admins'] };
      await use(browser, 58, requirements);
      world.clock.advance(120);
      world.provider.refreshWith({ claims: new Map([['groups', ['staff']]]) });
      expect((await refusal({ browser, requirements })).status).toBe(403);
    });

    it('is replaced in a sealed session that is refused all the same: the browser gets the new cookie (F5)', async () => {
      await world.close();
      world = await sessionWorld({ settings: { state: 'sealed', idleLifetime: '2h' } });
      const browser = await loggedIn();
      world.clock.advance(3600 - 1);
      world.provider.refreshWith({ claims: new Map([['groups', ['staff']]]) });
      world.clock.advance(1);
      const reply = await refusal({ browser, requirements: { groups: ['admins'] } });
      expect(reply.status).toBe(403);
      expect(headerOf({ ...reply, headers: reply.headers.toReversed() }, 'set-cookie')).toMatch(
        /^__Host-sallyport=\S{500}/,
      );
    });

    it('was refused and ends while the provider is away gets 503, not a token that has ended', async () => {
      const browser = await loggedIn();
      await use(browser, 58);
      const rejected = { requestedAt: epochMillisecondsOf(world.clock.milliseconds() + 1) };
      world.clock.advance(100);
      const held = world.provider.holdRefreshes();
      const answer = refusal({ browser, rejected });
      await vi.waitFor(() => expect(world.provider.refreshes).toHaveLength(1));
      world.clock.advance(20);
      world.provider.answerRefresh({ kind: 'unavailable', detail: '503', retryAfter: undefined, isLost: false });
      held.release();
      expect((await answer).status).toBe(503);
    });

    it('cannot be replaced any more, since the grant is over, sends a person to log in and says 401 to a program (F10)', async () => {
      const browser = await loggedIn();
      await use(browser, 58);
      world.clock.advance(120);
      world.provider.answerRefresh({ kind: 'refused', code: 'invalid_grant', detail: 'it is over' });
      expect((await refusal({ browser, headers: navigation })).status).toBe(302);
      expect((await refusal({ browser })).status).toBe(401);
    });
  });

  it('says to operators what it would do about a token, and does nothing', async () => {
    const browser = await loggedIn();
    await use(browser, 58);
    world.clock.advance(120);
    const request = httpRequest({ target: '/app', headers: { cookie: cookieHeader(browser) } });
    const facts = { origin: appOrigin, rule: 'the application', rejected: undefined };
    expect(await world.instance.explain?.(request, facts, {})).toEqual({
      decision: 'forward',
      reason: 'token_refresh',
    });
    expect(world.provider.refreshes).toEqual([]);
  });
});
