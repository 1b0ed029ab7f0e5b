import { refreshedSession } from '../core/session/refreshed-session.ts';
import type { Session } from '../core/session/session.ts';
import { isStale, type RefreshReason } from '../core/session/staleness.ts';
import { type Seconds, secondsOf } from '../core/time.ts';
import type { Refresh } from '../ports/authorization-server.ts';
import { backOffAfter } from './back-off.ts';
import type { RefresherPorts } from './refresh-sessions.ts';
import { createRests } from './rests.ts';

/** What became of a sealed session whose token should be replaced. */
export type SealedRefresh =
  | { readonly kind: 'refreshed'; readonly session: Session }
  | { readonly kind: 'ended' }
  | { readonly kind: 'unavailable'; readonly retryAfter: Seconds };

/** Replaces tokens of sealed sessions, once for however many ask in this process. */
export type RefreshSealed = (session: Session, reason: RefreshReason) => Promise<SealedRefresh>;

/**
 * How long a new session stands in for requests that were sent with the old one: a browser that has several under way
 * gets the new cookie with the first answer.
 */
const rememberedMs = 30_000;
const maxRemembered = 10_000;

const shortestRestMs = 1000;

/**
 * No store is there to agree in: two processes that get the old cookie at the same moment both redeem its refresh token,
 * which a provider that rotates takes for theft. Whoever has such a provider and several processes needs a store.
 */
export function createSealedRefresher(ports: Omit<RefresherPorts, 'records' | 'sealer'>): RefreshSealed {
  const { clock, pause, random, telemetry, providers } = ports;
  const flights = new Map<string, Promise<SealedRefresh>>();
  const rests = createRests(pause);

  async function redeem(key: string, session: Session, reason: RefreshReason): Promise<SealedRefresh> {
    const { tokenSet, subject } = session;
    const { refreshToken } = tokenSet;
    const provider = providers.get(session.provider);
    if (refreshToken === undefined || provider?.registration !== session.registration) return { kind: 'ended' };
    const send = (): Promise<Refresh> => provider.refresh({ refreshToken, tokenSet, subject }, async () => undefined);
    const first = await send();
    const refresh = first.kind === 'unavailable' && first.isLost ? await send() : first;
    const fields = { instance: session.instance, provider: provider.name };
    switch (refresh.kind) {
      case 'refreshed':
        telemetry.event('tokens_refreshed', { ...fields, reason: reason.kind });
        return { kind: 'refreshed', session: refreshedSession(session, refresh, reason, clock.milliseconds()) };
      case 'refused':
        telemetry.event('refresh_failed', {
          ...fields,
          outcome: 'refused',
          code: refresh.code,
          detail: refresh.detail,
        });
        telemetry.event('session_ended', { ...fields, outcome: 'grant_ended' });
        return { kind: 'ended' };
      case 'unavailable': {
        telemetry.problem('refresh_failed', { ...fields, outcome: 'unavailable', detail: refresh.detail });
        const restMs = backOffAfter(0, refresh.retryAfter, random);
        rests.begin(key, restMs);
        return unavailable(restMs);
      }
    }
  }

  async function refresh(session: Session, reason: RefreshReason): Promise<SealedRefresh> {
    const key = keyOf(session);
    const known = flights.get(key);
    if (known !== undefined) {
      const outcome = await known;
      if (outcome.kind !== 'refreshed' || !isStale(outcome.session, reason, clock.milliseconds())) return outcome;
      // What it brought is stale by now. From there it goes on, not from here.
      return keyOf(outcome.session) === key ? unavailable(shortestRestMs) : await refresh(outcome.session, reason);
    }
    const restMs = rests.leftOf(key);
    if (restMs > 0) return unavailable(restMs);
    if (flights.size >= maxRemembered) flights.clear();
    const flight = redeem(key, session, reason);
    flights.set(key, flight);
    const outcome = await flight.catch((error: unknown) => {
      flights.delete(key);
      throw error;
    });
    if (outcome.kind === 'unavailable') flights.delete(key);
    else void pause.pause(rememberedMs).then(() => flights.delete(key));
    return outcome;
  }
  return refresh;
}

/** The same for all cookies that hold these tokens, however often they were sealed again. */
function keyOf({ tokenSet }: Session): string {
  return `${tokenSet.obtainedAt} ${tokenSet.refreshToken?.reveal() ?? ''}`;
}

function unavailable(milliseconds: number): SealedRefresh {
  return { kind: 'unavailable', retryAfter: secondsOf(Math.ceil(milliseconds / 1000)) };
}
