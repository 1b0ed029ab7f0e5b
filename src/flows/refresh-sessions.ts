import { isStale, type RefreshReason } from '../core/session/staleness.ts';
import type { SessionChanges } from '../ports/store.ts';
import { type ChangeWaiter, createChangeWaiter } from './change-waiter.ts';
import { createFlights } from './flights.ts';
import { holdClaim, leaseMs } from './held-claim.ts';
import { openSession } from './open-session.ts';
import { type ClaimedRefreshPorts, redeemClaimed } from './redeem-claimed.ts';
import { providerOf, shortestRestMs, unavailableFor } from './refresh-outcome.ts';
import type { Refresher, RefreshOutcome } from './refresher.ts';
import { createRests } from './rests.ts';

/** Between two looks whether another process is done, where nothing was told; each wait is longer than the one before. */
const firstPollMs = 25;
const longestPollMs = 250;

/** How long we wait for another process; one that is well has an answer by then, or has given up. */
const longestWaitMs = 30_000;

/** How long the end of this process waits for refreshes that are under way. */
const closeMs = 10_000;

/**
 * The engine. In one process a session has one flight, however many ask; over all processes with one store the claim in
 * the session's record sees to that. What makes it safe is not the claim, which may run out under whoever is held up, but
 * that every write names the generation that it replaces: of two writers one wins, and nobody wins against a logout.
 */
export function createRefresher(ports: ClaimedRefreshPorts & { readonly changes: SessionChanges }): Refresher {
  const { clock, pause, random } = ports;
  const flights = createFlights<RefreshOutcome>();
  const rests = createRests(pause);
  const waiter = createChangeWaiter(ports.changes, pause);
  const state = { isClosed: false };
  // One for the process: it has one flight for a session, and may go on with a claim whose reply it never saw.
  const holder = Buffer.from(random.bytes(12)).toString('base64url');

  async function fly(name: string, reason: RefreshReason): Promise<RefreshOutcome> {
    const restMs = state.isClosed ? shortestRestMs : rests.leftOf(name);
    if (restMs > 0) return unavailableFor(restMs);
    const outcome = await refreshOnce(name, reason, { holder, waiter }, ports);
    if (outcome.kind === 'unavailable') rests.begin(name, outcome.retryAfter * 1000);
    return outcome;
  }

  return {
    async refresh(name, reason) {
      const underWay = flights.get(name);
      if (underWay !== undefined) {
        const outcome = await underWay;
        // It may have been for a lesser reason, and have found nothing to do.
        const isEnough = outcome.kind !== 'refreshed' || !isStale(outcome.stored.session, reason, clock.milliseconds());
        if (isEnough) return outcome;
      }
      return await flights.join(name, () => fly(name, reason));
    },
    async close() {
      state.isClosed = true;
      await Promise.race([flights.settled(), pause.pause(closeMs)]);
      waiter.close();
    },
  };
}

async function refreshOnce(
  name: string,
  reason: RefreshReason,
  { holder, waiter }: { readonly holder: string; readonly waiter: ChangeWaiter },
  ports: ClaimedRefreshPorts,
): Promise<RefreshOutcome> {
  const { records, clock, pause } = ports;
  const startedAt = pause.elapsed();
  const losses = { count: 0 };
  let pollMs = firstPollMs;
  while (pause.elapsed() - startedAt < longestWaitMs) {
    const stored = await openSession(name, ports);
    if (stored === undefined) return { kind: 'ended' };
    if (!isStale(stored.session, reason, clock.milliseconds())) return { kind: 'refreshed', stored };
    // decide() asks for no refresh without a refresh token; a provider may have left the configuration meanwhile.
    const provider = providerOf(stored.session, ports);
    const { refreshToken } = stored.session.tokenSet;
    if (provider === undefined || refreshToken === undefined) return { kind: 'ended' };
    const askedAt = pause.elapsed();
    const claim = await records.claim(name, stored.generation, holder, leaseMs);
    switch (claim.kind) {
      case 'claimed': {
        const held = holdClaim(name, holder, askedAt, ports);
        const work = { held, provider, reason, failures: claim.failures, losses };
        const outcome = await redeemClaimed(stored, work, ports).finally(held.letGo);
        if (outcome.kind !== 'overtaken') return outcome;
        break;
      }
      case 'backing_off':
        return unavailableFor(claim.milliseconds);
      case 'held':
        await waiter.wait(name, pollMs);
        pollMs = Math.min(2 * pollMs, longestPollMs);
        break;
      case 'replaced':
    }
  }
  return unavailableFor(shortestRestMs);
}
