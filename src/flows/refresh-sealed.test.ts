import { beforeEach, describe, expect, it } from 'vitest';
import { type ManualTime, manualTime } from '../../test/support/manual-time.ts';
import { recordingTelemetry } from '../../test/support/recording-telemetry.ts';
import { type ScriptedGrant, scriptedGrant } from '../../test/support/scripted-grant.ts';
import { sessionAt, tokenSetAt } from '../../test/support/session.ts';
import { systemRandom } from '../adapters/system/random.ts';
import type { Session } from '../core/session/session.ts';
import type { RefreshReason } from '../core/session/staleness.ts';
import { epochMillisecondsOf, secondsOf } from '../core/time.ts';
import type { AuthorizationServer } from '../ports/authorization-server.ts';
import {
  createSealedRefresher,
  createSealedRefreshMemory,
  type RefreshSealed,
  type SealedRefresh,
} from './refresh-sealed.ts';

const expired: RefreshReason = { kind: 'expired' };

describe('createSealedRefresher', () => {
  let time: ManualTime;
  let provider: ScriptedGrant;
  let newRefresher: (server?: AuthorizationServer) => RefreshSealed;
  let refresh: RefreshSealed;
  let old: Session;

  beforeEach(() => {
    time = manualTime();
    provider = scriptedGrant(time.clock);
    const began = time.clock.now() - 3600;
    old = sessionAt(began, { tokenSet: tokenSetAt(began, { refreshToken: provider.current() }) });
    const memory = createSealedRefreshMemory(time.pause);
    newRefresher = (server = provider.server) =>
      createSealedRefresher({
        memory,
        providers: new Map([['idp', server]]),
        clock: time.clock,
        pause: time.pause,
        random: systemRandom,
        telemetry: recordingTelemetry(),
      });
    refresh = newRefresher();
  });

  function sessionOf(outcome: SealedRefresh): Session {
    if (outcome.kind !== 'refreshed') throw new Error(outcome.kind);
    return outcome.session;
  }

  it('redeems a refresh token once for all requests that bring it, and for those that come a little later (F1)', async () => {
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => refresh(old, expired)));
    await time.pass(20_000);
    const late = await refresh(old, expired);
    for (const outcome of [...outcomes, late]) {
      expect(sessionOf(outcome).tokenSet.accessToken.reveal()).toBe('access-token-1');
    }
    expect(provider.refreshes()).toBe(1);
  });

  it('follows an old cookie to the newest tokens', async () => {
    const first = sessionOf(await refresh(old, expired));
    // Refused soon after: the browser gets a third cookie while a request with the first is on its way.
    await time.pass(5000);
    const requestedAt = time.clock.milliseconds();
    const rejected: RefreshReason = { kind: 'rejected', requestedAt, cooldown: secondsOf(30) };
    await refresh(first, rejected);
    const outcome = await refresh(old, rejected);
    expect(sessionOf(outcome).tokenSet.accessToken.reveal()).toBe('access-token-2');
    expect(provider.refreshes()).toBe(2);
  });

  it('refreshes again when the new token has ended, with a provider that does not rotate as well', async () => {
    const first = sessionOf(await refresh(old, expired));
    await time.pass(3_600_000);
    expect(sessionOf(await refresh(first, expired)).tokenSet.accessToken.reveal()).toBe('access-token-2');
  });

  it('asks once more when an answer was lost, and no third time (F6)', async () => {
    provider.loseAnswers(9, { rotating: false });
    expect(await refresh(old, expired)).toMatchObject({ kind: 'unavailable' });
    expect(provider.refreshes()).toBe(2);
  });

  it('leaves a provider alone for a while that is away, and the session as it is (F10)', async () => {
    provider.answer({ kind: 'unavailable', detail: '503', retryAfter: undefined, isLost: false });
    for (let request = 0; request < 10; request += 1) {
      expect(await refresh(old, expired)).toEqual({ kind: 'unavailable', retryAfter: 1 });
    }
    expect(provider.refreshes()).toBe(1);
    provider.answer(undefined);
    await time.pass(1000);
    expect(await refresh(old, expired)).toMatchObject({ kind: 'refreshed' });
  });

  it('forgets no refresh that is under way, however many there are', async () => {
    provider.hold();
    const one = refresh(old, expired);
    const others = Array.from({ length: 10_001 }, (_, index) =>
      refresh({ ...old, tokenSet: tokenSetAt(index) }, expired),
    );
    const again = refresh(old, expired);
    await time.pass(0);
    const refreshes = provider.refreshes();
    provider.letGo();
    await Promise.all([...others, one]);
    expect(await again).toBe(await one);
    expect(refreshes).toBe(10_002);
  });

  it('knows after a reload what was refreshed before it', async () => {
    const first = await refresh(old, expired);
    expect(await newRefresher()(old, expired)).toEqual(first);
    expect(provider.refreshes()).toBe(1);
  });

  it('compares no subject where nobody knows it, and the one of the session everywhere else', async () => {
    const asked: (string | undefined)[] = [];
    const { server } = provider;
    const refreshSealed = newRefresher({
      ...server,
      refresh: async (grant, steps) => {
        asked.push(grant.subject);
        return await server.refresh(grant, steps);
      },
    });
    const first = sessionOf(await refreshSealed(old, expired));
    await time.pass(3_600_000);
    await refreshSealed({ ...first, subject: '' }, expired);
    expect(asked).toEqual(['alice', undefined]);
  });

  it('does not refresh what it has just made, where the cookie does not say of when that is', async () => {
    const forgetful = (session: Session): Session => ({
      ...session,
      healedAt: undefined,
      tokenSet: { ...session.tokenSet, obtainedAt: epochMillisecondsOf(0), expiresAt: undefined },
    });
    const rejected = (): RefreshReason => ({
      kind: 'rejected',
      requestedAt: time.clock.milliseconds(),
      cooldown: secondsOf(20),
    });
    let session = forgetful(old);
    for (let request = 0; request < 20; request += 1) {
      await time.pass(900);
      session = forgetful(sessionOf(await refresh(session, rejected())));
    }
    expect([session.tokenSet.accessToken.reveal(), provider.refreshes()]).toEqual(['access-token-1', 1]);
    // When the cooldown has passed, and when nothing is remembered any more.
    for (const [milliseconds, expected] of [
      [20_000, 2],
      [31_000, 3],
    ] as const) {
      await time.pass(milliseconds);
      session = forgetful(sessionOf(await refresh(session, rejected())));
      expect(provider.refreshes()).toBe(expected);
    }
  });

  it('keeps what it remembers to the instance and the client of the provider that it is of (S6)', async () => {
    const first = await refresh(old, expired);
    expect(await refresh({ ...old, instance: 'other' }, expired)).toEqual({ kind: 'ended' });
    expect(await refresh({ ...old, registration: 'https://former.example#app' }, expired)).toEqual({ kind: 'ended' });
    expect(await refresh(old, expired)).toEqual(first);
  });

  it('is over when the provider ends the grant', async () => {
    provider.answer({ kind: 'refused', code: 'invalid_grant', detail: 'the provider answered invalid_grant' });
    expect(await refresh(old, expired)).toEqual({ kind: 'ended' });
  });

  it('is over when the provider is another by now', async () => {
    expect(await refresh({ ...old, registration: 'https://former.example#app' }, expired)).toEqual({ kind: 'ended' });
    expect(provider.refreshes()).toBe(0);
  });
});
