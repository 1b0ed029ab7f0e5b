import { createHash } from 'node:crypto';
import { refreshedSession } from '../core/session/refreshed-session.ts';
import { knownSubjectOf, type Session } from '../core/session/session.ts';
import { isStale, type RefreshReason } from '../core/session/staleness.ts';
import type { AuthorizationServer, Refresh, RefreshSteps } from '../ports/authorization-server.ts';
import type { Clock } from '../ports/clock.ts';
import type { Pause } from '../ports/pause.ts';
import type { Random } from '../ports/random.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { backOffAfter } from './back-off.ts';
import { createFlights, type Flights } from './flights.ts';
import {
  isLost,
  providerOf,
  type RefreshUnavailable,
  reportRefresh,
  shortestRestMs,
  unavailableFor,
} from './refresh-outcome.ts';
import { createRests, type Rests } from './rests.ts';

/** What became of a sealed session whose token should be replaced. */
export type SealedRefresh =
  | { readonly kind: 'refreshed'; readonly session: Session }
  | { readonly kind: 'ended' }
  | RefreshUnavailable;

/** Replaces tokens of sealed sessions, once for however many ask in this process. */
export type RefreshSealed = (session: Session, reason: RefreshReason) => Promise<SealedRefresh>;

/** What a process knows of refreshes of sealed sessions. No store does, so it outlives a configuration. */
export interface SealedRefreshMemory {
  readonly flights: Flights<SealedRefresh>;
  /** Outcomes of the last moments, the oldest first. */
  readonly recent: Map<string, SealedRefresh>;
  /** Sessions that were made in the last moments, by their tokens, the oldest first. */
  readonly made: Map<string, Session>;
  readonly rests: Rests;
}

export function createSealedRefreshMemory(pause: Pick<Pause, 'elapsed'>): SealedRefreshMemory {
  return { flights: createFlights(), recent: new Map(), made: new Map(), rests: createRests(pause) };
}

export interface SealedRefresherPorts {
  readonly memory: SealedRefreshMemory;
  readonly providers: ReadonlyMap<string, AuthorizationServer>;
  readonly clock: Clock;
  readonly pause: Pause;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

/**
 * How long a new session stands in for requests that were sent with the old one: a browser that has several under way
 * gets the new cookie with the first answer.
 */
const rememberedMs = 30_000;
const maxRemembered = 10_000;

/**
 * No store is there to agree in: two processes that get the old cookie at the same moment both redeem its refresh token,
 * which a provider that rotates takes for theft. Whoever has such a provider and several processes needs a store.
 */
export function createSealedRefresher(ports: SealedRefresherPorts): RefreshSealed {
  const { clock, pause, memory } = ports;
  const { flights, recent, made, rests } = memory;

  async function fly(key: string, session: Session, reason: RefreshReason): Promise<SealedRefresh> {
    const restMs = rests.leftOf(key);
    if (restMs > 0) return unavailableFor(restMs);
    const outcome = await redeem(key, session, reason, ports);
    if (outcome.kind !== 'unavailable') remember(recent, key, outcome);
    if (outcome.kind === 'refreshed') remember(made, tokensOf(outcome.session), outcome.session);
    return outcome;
  }

  function remember<Value>(known: Map<string, Value>, key: string, value: Value): void {
    for (const [oldest] of known) {
      if (known.size < maxRemembered) break;
      known.delete(oldest);
    }
    known.set(key, value);
    void pause.pause(rememberedMs).then(() => {
      if (known.get(key) === value) known.delete(key);
    });
  }

  /** The session with the times that its cookies may not say: those of form 0x01 say nothing of a refresh. */
  function withTimes(session: Session): Session {
    const known = made.get(tokensOf(session));
    if (known === undefined) return session;
    const { obtainedAt, expiresAt } = known.tokenSet;
    return { ...session, healedAt: known.healedAt, tokenSet: { ...session.tokenSet, obtainedAt, expiresAt } };
  }

  async function refresh(session: Session, reason: RefreshReason): Promise<SealedRefresh> {
    const key = keyOf(session);
    const known = recent.get(key) ?? flights.get(key);
    if (known === undefined) {
      const timed = withTimes(session);
      if (timed !== session && !isStale(timed, reason, clock.milliseconds())) {
        return { kind: 'refreshed', session: timed };
      }
      return await flights.join(key, () => fly(key, session, reason));
    }
    const outcome = await known;
    if (outcome.kind !== 'refreshed' || !isStale(outcome.session, reason, clock.milliseconds())) return outcome;
    // What it brought is stale by now. From there it goes on, not from here.
    return keyOf(outcome.session) === key ? unavailableFor(shortestRestMs) : await refresh(outcome.session, reason);
  }
  return refresh;
}

async function redeem(
  key: string,
  session: Session,
  reason: RefreshReason,
  ports: SealedRefresherPorts,
): Promise<SealedRefresh> {
  const { clock, random, telemetry, memory } = ports;
  const { tokenSet } = session;
  const subject = knownSubjectOf(session);
  const { refreshToken } = tokenSet;
  const provider = providerOf(session, ports);
  if (refreshToken === undefined || provider === undefined) return { kind: 'ended' };
  const send = (): Promise<Refresh> => provider.refresh({ refreshToken, tokenSet, subject }, steps);
  const first = await send();
  const answer = isLost(first) ? await send() : first;
  reportRefresh(answer, session, reason.kind, telemetry);
  switch (answer.kind) {
    case 'refreshed':
      return { kind: 'refreshed', session: refreshedSession(session, answer, reason, clock.milliseconds()) };
    case 'refused':
      return { kind: 'ended' };
    case 'unavailable': {
      const restMs = backOffAfter(memory.rests.countOf(key), answer.retryAfter, random);
      memory.rests.begin(key, restMs);
      return unavailableFor(restMs);
    }
  }
}

/** Nobody else can be asked, and what was rotated goes into the cookie with the rest. */
const steps: RefreshSteps = { maySend: async () => true, rotated: async () => undefined };

/** The same for all cookies that hold these tokens, however often they were sealed again. */
function keyOf(session: Session): string {
  return digestOf(session, session.tokenSet.obtainedAt);
}

/** The same, of a session whose times are not known. */
function tokensOf(session: Session): string {
  return digestOf(session, session.tokenSet.accessToken.reveal());
}

/** What was remembered of one instance, or of one client of a provider, is nothing to another. Shows no token. */
function digestOf({ instance, registration, tokenSet }: Session, what: number | string): string {
  const parts = [instance, registration, what, tokenSet.refreshToken?.reveal() ?? ''];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
