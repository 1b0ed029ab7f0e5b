import type { StoredSession } from '../core/session/lifetimes.ts';
import { refreshedSession } from '../core/session/refreshed-session.ts';
import type { Session } from '../core/session/session.ts';
import { encodeSession } from '../core/session/session-codec.ts';
import { isStale, type RefreshReason } from '../core/session/staleness.ts';
import { secondsOf } from '../core/time.ts';
import type { AuthorizationServer, Refresh } from '../ports/authorization-server.ts';
import type { Clock } from '../ports/clock.ts';
import type { Pause } from '../ports/pause.ts';
import type { Random } from '../ports/random.ts';
import type { Sealer } from '../ports/sealer.ts';
import type { SessionRecords } from '../ports/store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { backOffAfter } from './back-off.ts';
import { type HeldClaim, holdClaim, leaseMs } from './held-claim.ts';
import { openSession } from './open-session.ts';
import type { Refresher, RefreshOutcome } from './refresher.ts';
import { createRests } from './rests.ts';
import { writeThrough } from './write-through.ts';

export interface RefresherPorts {
  readonly records: SessionRecords;
  readonly sealer: Sealer;
  readonly providers: ReadonlyMap<string, AuthorizationServer>;
  readonly clock: Clock;
  readonly pause: Pause;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

/** Between two looks whether another process is done. */
const pollMs = 25;

/** How long we wait for another process; one that is well has an answer by then, or has given up. */
const longestWaitMs = 30_000;

/** What we ask for where nobody knows better. */
const shortestRestMs = 1000;

/** How long the end of this process waits for refreshes that are under way. */
const closeMs = 10_000;

/**
 * The engine. In one process a session has one flight, however many ask; over all processes with one store the claim in
 * the session's record sees to that. What makes it safe is not the claim, which may run out under whoever is held up, but
 * that every write names the generation that it replaces: of two writers one wins, and nobody wins against a logout.
 */
export function createRefresher(ports: RefresherPorts): Refresher {
  const { clock, pause, random } = ports;
  const flights = new Map<string, Promise<RefreshOutcome>>();
  const rests = createRests(pause);
  const state = { isClosed: false };
  // One for the process: it has one flight for a session, and may go on with a claim whose reply it never saw.
  const holder = Buffer.from(random.bytes(12)).toString('base64url');

  function begin(name: string, reason: RefreshReason): Promise<RefreshOutcome> {
    const restMs = state.isClosed ? shortestRestMs : rests.leftOf(name);
    if (restMs > 0) return Promise.resolve(unavailable(restMs));
    const flight = refreshOnce(name, reason, holder, ports)
      .then((outcome) => {
        if (outcome.kind === 'unavailable') rests.begin(name, outcome.retryAfter * 1000);
        return outcome;
      })
      .finally(() => flights.delete(name));
    flights.set(name, flight);
    return flight;
  }

  return {
    async refresh(name, reason) {
      const underWay = flights.get(name);
      if (underWay !== undefined) {
        const outcome = await underWay;
        // It may have been for a lesser reason, and have found nothing to do.
        if (outcome.kind !== 'refreshed' || !isStale(outcome.stored.session, reason, clock.milliseconds()))
          return outcome;
      }
      return await (flights.get(name) ?? begin(name, reason));
    },
    async close() {
      state.isClosed = true;
      await Promise.race([Promise.allSettled(flights.values()), pause.pause(closeMs)]);
    },
  };
}

async function refreshOnce(
  name: string,
  reason: RefreshReason,
  holder: string,
  ports: RefresherPorts,
): Promise<RefreshOutcome> {
  const { records, clock, pause } = ports;
  const startedAt = pause.elapsed();
  while (pause.elapsed() - startedAt < longestWaitMs) {
    const stored = await openSession(name, ports);
    if (stored === undefined) return { kind: 'ended' };
    if (!isStale(stored.session, reason, clock.milliseconds())) return { kind: 'refreshed', stored };
    const askedAt = pause.elapsed();
    const claim = await records.claim(name, stored.generation, holder, leaseMs);
    switch (claim.kind) {
      case 'claimed': {
        const held = holdClaim(name, holder, askedAt, ports);
        const outcome = await redeem(stored, reason, { held, failures: claim.failures }, ports).finally(held.letGo);
        if (outcome.kind !== 'overtaken') return outcome;
        break;
      }
      case 'backing_off':
        return unavailable(claim.milliseconds);
      case 'held':
        await pause.pause(pollMs);
        break;
      case 'replaced':
    }
  }
  return unavailable(shortestRestMs);
}

/** `overtaken`: the record is not as we left it; whoever changed it knows better. */
type Redeemed = RefreshOutcome | { readonly kind: 'overtaken' };

async function redeem(
  stored: StoredSession,
  reason: RefreshReason,
  { held, failures }: { readonly held: HeldClaim; readonly failures: number },
  ports: RefresherPorts,
): Promise<Redeemed> {
  const { records, clock, telemetry, random } = ports;
  const provider = providerOf(stored.session, ports);
  // decide() asks for no refresh without a refresh token; a provider may have left the configuration meanwhile.
  if (provider === undefined || stored.session.tokenSet.refreshToken === undefined) return { kind: 'ended' };
  const fields = { instance: stored.session.instance, provider: provider.name };
  const { latest, refresh } = await ask(stored, provider, held, ports);
  if (refresh === 'overtaken') return { kind: 'overtaken' };
  switch (refresh.kind) {
    case 'refreshed': {
      const session = refreshedSession(latest.session, refresh, reason, clock.milliseconds());
      const written = await write(latest, session, { keepsClaim: false }, ports);
      if (written !== undefined) {
        telemetry.event('tokens_refreshed', { ...fields, reason: reason.kind });
        return { kind: 'refreshed', stored: written };
      }
      // Whoever logged out meanwhile wins. Nobody holds these tokens any more, so nobody shall be able to use them.
      if ((await records.find(stored.name)) === undefined) void provider.revoke(session.tokenSet);
      return { kind: 'overtaken' };
    }
    case 'refused': {
      const { code, detail } = refresh;
      const isEnded = await records.deleteGeneration(stored.name, latest.generation);
      if (!isEnded) return { kind: 'overtaken' };
      telemetry.event('refresh_failed', { ...fields, outcome: 'refused', code, detail });
      telemetry.event('session_ended', { ...fields, outcome: 'grant_ended' });
      return { kind: 'ended' };
    }
    case 'unavailable': {
      const { detail, retryAfter } = refresh;
      telemetry.problem('refresh_failed', { ...fields, outcome: 'unavailable', detail });
      const backOff = backOffAfter(failures, retryAfter, random);
      await held.release(backOff);
      return unavailable(backOff);
    }
  }
}

interface Asked {
  /** The session as the store has it now. */
  readonly latest: StoredSession;
  readonly refresh: Refresh | 'overtaken';
}

/**
 * Asks the provider; once more where the answer was lost on the way. A rotated refresh token is in the store before
 * anything else is done with the answer: whoever comes after us, should we end here, goes on from it.
 */
async function ask(
  stored: StoredSession,
  provider: AuthorizationServer,
  held: HeldClaim,
  ports: RefresherPorts,
): Promise<Asked> {
  let latest = stored;
  const send = async (): Promise<Refresh | 'overtaken'> => {
    const { tokenSet, subject } = latest.session;
    if (tokenSet.refreshToken === undefined) return 'overtaken';
    // A process that stood still since it claimed must not redeem a token that another one has redeemed meanwhile.
    if (!(await held.isOurs())) return 'overtaken';
    return await provider.refresh({ refreshToken: tokenSet.refreshToken, tokenSet, subject }, async (refreshToken) => {
      const session = { ...latest.session, tokenSet: { ...latest.session.tokenSet, refreshToken } };
      // Lost to another writer: its tokens are in the store, and the last write will find that out.
      latest = (await write(latest, session, { keepsClaim: true }, ports)) ?? latest;
    });
  };
  const first = await send();
  const isLost = first !== 'overtaken' && first.kind === 'unavailable' && first.isLost;
  return { refresh: isLost ? await send() : first, latest };
}

/** The session with its new generation; undefined when it ended or was replaced by others. */
async function write(
  before: StoredSession,
  session: Session,
  options: { readonly keepsClaim: boolean },
  ports: RefresherPorts,
): Promise<StoredSession | undefined> {
  const { name, generation } = before;
  const sealed = ports.sealer.sealBytes('session', encodeSession(session), name);
  const isWritten = await writeThrough({ name, generation, sealed, ...options }, ports);
  return isWritten ? { ...before, session, generation: generation + 1 } : undefined;
}

/** The one that the session came from, if it is still the same. */
function providerOf(
  { provider, registration }: Session,
  { providers }: RefresherPorts,
): AuthorizationServer | undefined {
  const found = providers.get(provider);
  return found?.registration === registration ? found : undefined;
}

function unavailable(milliseconds: number): RefreshOutcome {
  return { kind: 'unavailable', retryAfter: secondsOf(Math.max(1, Math.ceil(milliseconds / 1000))) };
}
