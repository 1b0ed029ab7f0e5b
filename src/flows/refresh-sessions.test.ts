// More than 300 lines: everything that the engine promises, in one table of contents.
import { beforeEach, describe, expect, it } from 'vitest';
import { failingStore } from '../../test/support/failing-store.ts';
import { type ManualTime, manualTime } from '../../test/support/manual-time.ts';
import { recordingTelemetry } from '../../test/support/recording-telemetry.ts';
import { type ScriptedGrant, scriptedGrant } from '../../test/support/scripted-grant.ts';
import { sessionAt, tokenSetAt } from '../../test/support/session.ts';
import { createMemoryStore } from '../adapters/memory/memory-store.ts';
import { createIdNames } from '../adapters/node-crypto/id-names.ts';
import { newKeyRing } from '../adapters/node-crypto/new-key-ring.ts';
import { createSealer } from '../adapters/node-crypto/sealer.ts';
import { systemRandom } from '../adapters/system/random.ts';
import { encodeSession } from '../core/session/session-codec.ts';
import type { RefreshReason } from '../core/session/staleness.ts';
import { epochMillisecondsOf, secondsOf } from '../core/time.ts';
import { type SessionIndex, StoreUnavailableError } from '../ports/store.ts';
import { leaseMs } from './held-claim.ts';
import { openSession } from './open-session.ts';
import { createRefresher } from './refresh-sessions.ts';
import type { Refresher } from './refresher.ts';

/** Cannot be written to. */
const failingIndex: SessionIndex = {
  add: () => Promise.reject(new StoreUnavailableError('an index addition')),
  list: async () => [],
  remove: async () => undefined,
};

const expired: RefreshReason = { kind: 'expired' };
const name = 'name-of-a-session';

describe('createRefresher', () => {
  let time: ManualTime;
  let provider: ScriptedGrant;
  let store: ReturnType<typeof failingStore>;
  let telemetry: ReturnType<typeof recordingTelemetry>;
  let sealer: ReturnType<typeof createSealer>;
  let idNames: ReturnType<typeof createIdNames>;
  let first: Refresher;
  let second: Refresher;

  const ports = (): Parameters<typeof createRefresher>[0] => ({
    records: store.sessions,
    index: store.index,
    idNames,
    changes: store.changes,
    sealer,
    providers: new Map([['idp', provider.server]]),
    clock: time.clock,
    pause: time.pause,
    random: systemRandom,
    telemetry,
  });
  const stored = () => openSession(name, { records: store.sessions, sealer });
  const tokens = async () => (await stored())?.session.tokenSet;

  beforeEach(async () => {
    time = manualTime();
    provider = scriptedGrant(time.clock);
    store = failingStore(createMemoryStore({ clock: time.clock }));
    telemetry = recordingTelemetry();
    const ring = newKeyRing(systemRandom, time.clock.now());
    sealer = createSealer(ring, systemRandom);
    idNames = createIdNames(ring, systemRandom);
    const session = sessionAt(time.clock.now() - 3600, {
      tokenSet: tokenSetAt(time.clock.now() - 3600, { refreshToken: provider.current() }),
    });
    await store.sessions.create(name, {
      sealed: sealer.sealBytes('session', encodeSession(session), name),
      lastSeenAt: time.clock.now(),
      endsAt: session.endsAt,
      idleFor: secondsOf(3600),
      keyId: 'AAAAAA',
    });
    first = createRefresher(ports());
    second = createRefresher(ports());
  });

  it('refreshes once for 1,000 requests of one process (F1)', async () => {
    const outcomes = await Promise.all(Array.from({ length: 1000 }, () => first.refresh(name, expired)));
    expect(provider.refreshes()).toBe(1);
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['refreshed']));
    expect((await tokens())?.accessToken.reveal()).toBe('access-token-1');
  });

  it('lets another process wait for the new tokens, and never hands it the old ones (F2, F4)', async () => {
    provider.hold();
    const one = first.refresh(name, expired);
    await time.pass(0);
    const other = second.refresh(name, expired);
    await time.pass(500);
    provider.letGo();
    await time.pass(100);
    for (const outcome of [await one, await other]) {
      expect(outcome).toMatchObject({ kind: 'refreshed' });
      expect(outcome.kind === 'refreshed' && outcome.stored.session.tokenSet.accessToken.reveal()).toBe(
        'access-token-1',
      );
    }
    expect(provider.refreshes()).toBe(1);
  });

  it('keeps its claim for as long as the provider takes (F3)', async () => {
    provider.hold();
    const one = first.refresh(name, expired);
    await time.pass(0);
    const other = second.refresh(name, expired);
    await time.pass(20_000);
    provider.letGo();
    await time.pass(100);
    expect(await one).toMatchObject({ kind: 'refreshed' });
    expect(await other).toMatchObject({ kind: 'refreshed' });
    expect(provider.refreshes()).toBe(1);
  });

  it('takes over from a process that died before the provider heard of it (F5)', async () => {
    await store.sessions.claim(name, 1, 'the dead', leaseMs);
    const outcome = second.refresh(name, expired);
    await time.pass(2900);
    expect(provider.refreshes()).toBe(0);
    await time.pass(800);
    expect(await outcome).toMatchObject({ kind: 'refreshed' });
    expect(provider.refreshes()).toBe(1);
  });

  it('goes on from the rotated token of a process that died with the answer in hand (F5)', async () => {
    const before = await stored();
    if (before === undefined) throw new Error('no session');
    await store.sessions.claim(name, 1, 'the dead', leaseMs);
    const refreshToken = provider.rotate();
    const rotated = { ...before.session, tokenSet: { ...before.session.tokenSet, refreshToken } };
    await store.sessions.replace(name, 1, sealer.sealBytes('session', encodeSession(rotated), name), {
      keepsClaim: true,
    });
    const outcome = second.refresh(name, expired);
    await time.pass(4000);
    expect(await outcome).toMatchObject({ kind: 'refreshed' });
  });

  it('has the rotated token in the store before it looks at the rest of the answer', async () => {
    provider.holdAfterRotation();
    const outcome = first.refresh(name, expired);
    await time.pass(0);
    expect(await tokens()).toMatchObject({ refreshToken: provider.current() });
    expect((await tokens())?.accessToken.reveal()).toBe('canary-access-token');
    provider.letGo();
    expect(await outcome).toMatchObject({ kind: 'refreshed' });
  });

  it('asks once more when the answer was lost, and ends the session when the token was used up (F6)', async () => {
    provider.loseAnswers(1);
    expect(await first.refresh(name, expired)).toEqual({ kind: 'ended' });
    expect(provider.refreshes()).toBe(2);
    expect(await stored()).toBeUndefined();
  });

  it('can be found by the address that the new ID token says', async () => {
    provider.claims(new Map([['email', 'Alice@New.example']]));
    await first.refresh(name, expired);
    const [group] = idNames.groupNames('email', 'alice@new.example');
    expect(await store.index.list(group)).toEqual([name]);
  });

  it('keeps new tokens although the new address cannot be entered', async () => {
    provider.claims(new Map([['email', 'alice@new.example']]));
    const deaf = createRefresher({ ...ports(), index: failingIndex });
    expect(await deaf.refresh(name, expired)).toMatchObject({ kind: 'refreshed' });
    expect((await tokens())?.accessToken.reveal()).toBe('access-token-1');
    expect(telemetry.names()).toContain('store_unavailable');
  });

  it('revokes a rotated token whose answer was no good otherwise (T9)', async () => {
    provider.holdAfterRotation({ kind: 'refused', code: 'invalid_response', detail: 'another sub' });
    const outcome = first.refresh(name, expired);
    await time.pass(0);
    provider.letGo();
    expect(await outcome).toEqual({ kind: 'ended' });
    expect(await stored()).toBeUndefined();
    expect(provider.revoked()).toEqual([provider.current().reveal()]);
  });

  it('asks no third time', async () => {
    provider.loseAnswers(9, { rotating: false });
    expect(await first.refresh(name, expired)).toMatchObject({ kind: 'unavailable' });
    expect(provider.refreshes()).toBe(2);
    expect(await stored()).toBeDefined();
  });

  it('writes what was rotated when the store is back, however long it was away (F7)', async () => {
    provider.hold();
    const one = first.refresh(name, expired);
    await time.pass(0);
    store.setReachable(false);
    provider.letGo();
    await time.pass(20_000);
    store.setReachable(true);
    // Whoever comes first after the outage must not redeem the token that is used up.
    const other = second.refresh(name, expired);
    await time.pass(1000);
    expect(await one).toMatchObject({ kind: 'refreshed' });
    expect(await other).toMatchObject({ kind: 'refreshed' });
    expect(provider.refreshes()).toBe(1);
    expect(provider.reuses()).toBe(0);
  });

  it('waits for a process that finds the store again later than others (F7)', async () => {
    const late = failingStore(store);
    const holder = createRefresher({ ...ports(), records: late.sessions });
    provider.hold();
    const one = holder.refresh(name, expired);
    await time.pass(0);
    late.setReachable(false);
    store.setReachable(false);
    provider.letGo();
    await time.pass(10_000);
    store.setReachable(true);
    const other = second.refresh(name, expired);
    await time.pass(1200);
    late.setReachable(true);
    await time.pass(1000);
    expect(await one).toMatchObject({ kind: 'refreshed' });
    expect(await other).toMatchObject({ kind: 'refreshed' });
    expect(provider.reuses()).toBe(0);
  });

  it('ends the session when the provider ends the grant (F10)', async () => {
    provider.answer({ kind: 'refused', code: 'invalid_grant', detail: 'the provider answered invalid_grant' });
    expect(await first.refresh(name, expired)).toEqual({ kind: 'ended' });
    expect(await stored()).toBeUndefined();
    expect(telemetry.events).toContainEqual(
      expect.objectContaining({ name: 'session_ended', fields: expect.objectContaining({ outcome: 'grant_ended' }) }),
    );
  });

  it('keeps the session when the provider is away, and leaves the provider alone for a while, in all processes (F10)', async () => {
    provider.answer({ kind: 'unavailable', detail: '503', retryAfter: undefined, isLost: false });
    for (const process of [first, second, first, second]) {
      expect(await process.refresh(name, expired)).toMatchObject({ kind: 'unavailable' });
    }
    expect(provider.refreshes()).toBe(1);
    expect(await stored()).toBeDefined();
    provider.answer(undefined);
    await time.pass(2000);
    expect(await second.refresh(name, expired)).toMatchObject({ kind: 'refreshed' });
  });

  it('comes back later each time, and not before the provider wants it', async () => {
    provider.answer({ kind: 'unavailable', detail: '503', retryAfter: undefined, isLost: false });
    for (let second = 0; second < 300; second += 1) {
      await first.refresh(name, expired);
      await time.pass(1000);
    }
    expect(provider.refreshes()).toBeGreaterThan(8);
    expect(provider.refreshes()).toBeLessThan(30);
    await time.pass(60_000);
    provider.answer({ kind: 'unavailable', detail: '429', retryAfter: secondsOf(120), isLost: false });
    expect(await first.refresh(name, expired)).toEqual({ kind: 'unavailable', retryAfter: 120 });
    const asked = provider.refreshes();
    await time.pass(119_000);
    expect(await second.refresh(name, expired)).toEqual({ kind: 'unavailable', retryAfter: 1 });
    expect(provider.refreshes()).toBe(asked);
  });

  it.each(['hold', 'holdAfterRotation'] as const)(
    'lets a logout win that comes during a refresh, and revokes what nobody has any more: %s (F11)',
    async (hold) => {
      provider[hold]();
      const outcome = first.refresh(name, expired);
      await time.pass(0);
      await store.sessions.delete(name);
      provider.letGo();
      expect(await outcome).toEqual({ kind: 'ended' });
      expect(await stored()).toBeUndefined();
      expect(provider.revoked()).toEqual([provider.current().reveal()]);
    },
  );

  it('does not redeem a token after standing still for longer than its claim', async () => {
    const stopped = Promise.withResolvers<void>();
    const sleepy = createRefresher({
      ...ports(),
      records: {
        ...store.sessions,
        async claim(...parts) {
          const claim = await store.sessions.claim(...parts);
          await stopped.promise;
          return claim;
        },
      },
    });
    const outcome = sleepy.refresh(name, expired);
    await time.pass(0);
    const other = second.refresh(name, expired);
    await time.pass(4000);
    expect(await other).toMatchObject({ kind: 'refreshed' });
    stopped.resolve();
    await time.pass(100);
    expect(await outcome).toMatchObject({ kind: 'refreshed' });
    expect(provider.refreshes()).toBe(1);
  });

  it('replaces a token that a workload refused, and not one that came after the request began', async () => {
    const requestedAt = time.clock.milliseconds();
    const rejected: RefreshReason = { kind: 'rejected', requestedAt, cooldown: secondsOf(30) };
    const outcomes = await Promise.all(Array.from({ length: 500 }, () => first.refresh(name, rejected)));
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['refreshed']));
    await time.pass(100);
    await second.refresh(name, rejected);
    expect(provider.refreshes()).toBe(1);
    expect((await stored())?.session.healedAt).toBe(time.clock.now());
    // A later request whose token is refused as well: not again before the cooldown is over.
    const later = (): RefreshReason => ({
      ...rejected,
      requestedAt: epochMillisecondsOf(time.clock.milliseconds() + 1),
    });
    await time.pass(10_000);
    await first.refresh(name, later());
    expect(provider.refreshes()).toBe(1);
    await time.pass(20_000);
    await first.refresh(name, later());
    expect(provider.refreshes()).toBe(2);
  });

  it('says that the session has ended when there is none, and refreshes nothing that is fresh', async () => {
    await first.refresh(name, expired);
    expect(await second.refresh(name, { kind: 'near_end' })).toMatchObject({ kind: 'refreshed' });
    expect(provider.refreshes()).toBe(1);
    await store.sessions.delete(name);
    expect(await first.refresh(name, expired)).toEqual({ kind: 'ended' });
  });

  it('waits at its end for what is under way, and begins nothing new', async () => {
    provider.hold();
    const outcome = first.refresh(name, expired);
    await time.pass(0);
    let isClosed = false;
    const closing = first.close().then(() => {
      isClosed = true;
    });
    await time.pass(5000);
    expect(isClosed).toBe(false);
    provider.letGo();
    await closing;
    expect(await outcome).toMatchObject({ kind: 'refreshed' });
    expect(await first.refresh('another', expired)).toMatchObject({ kind: 'unavailable' });
  });
});
