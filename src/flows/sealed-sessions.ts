import { type ChunkedCookie, chunkNames, clearChunks, readChunks, writeChunks } from '../core/http/cookie-chunks.ts';
import { type CookieStyle, readCookies, setCookie } from '../core/http/cookies.ts';
import type { HttpRequest } from '../core/http/request.ts';
import type { FoundSession } from '../core/session/lifetimes.ts';
import { decodeSealedSession, encodeSealedSession } from '../core/session/sealed-session.ts';
import type { Clock } from '../ports/clock.ts';
import type { Sealer } from '../ports/sealer.ts';
import type { RefreshSealed } from './refresh-sealed.ts';
import type { SessionKeeper } from './session-keeper.ts';

export interface SealedSessionsOptions {
  /** The mode instance: its name is bound to what is sealed. */
  readonly instance: string;
  readonly cookieName: string;
  readonly style: CookieStyle;
}

export interface SealedSessionsPorts {
  readonly sealer: Sealer;
  readonly refreshSealed: RefreshSealed;
  readonly clock: Clock;
}

/** Chunks of 3.8 kB: with the cookies of the workload they stay below the header limits of Envoy and of Node. */
const maxChunks = 5;

/**
 * Sessions that are in the browser alone, sealed. No store is asked, and so none can end them: a copy of the cookies
 * lives until its end, whatever happens here. Use is noted in the cookie itself.
 */
export function sealedSessions(
  { instance, cookieName, style }: SealedSessionsOptions,
  { sealer, refreshSealed, clock }: SealedSessionsPorts,
): SessionKeeper {
  const cookie: ChunkedCookie = { name: cookieName, maxChunks };
  // The cookie's name too: a value that is moved to another cookie opens nothing (S6).
  const context = `${instance}\0${cookieName}`;
  const sealed = (plaintext: Uint8Array) =>
    writeChunks(sealer.seal('sealed-session', plaintext, context), cookie, style);
  // The answer to a request that was under way may come after the logout and bring the session back: the browser keeps
  // the time of its last logout, and what began before that counts for nothing.
  const logoutCookie = `${cookieName}.out`;
  // The latest of all that came: a second one, which a sibling host can set, must not hide it.
  const loggedOutAt = (request: HttpRequest): number =>
    Math.max(0, ...readCookies(request, logoutCookie).map((value) => (/^\d{1,12}$/.test(value) ? Number(value) : 0)));
  const find = (request: HttpRequest): FoundSession | undefined => {
    const value = readChunks(request, cookie);
    const opened = value === undefined ? undefined : sealer.open('sealed-session', value, context);
    const stored = opened === undefined ? undefined : decodeSealedSession(opened);
    return stored === undefined || stored.session.createdAt < loggedOutAt(request) ? undefined : stored;
  };
  return {
    cookieNames: [...chunkNames(cookie), logoutCookie],
    find: async (request) => find(request),
    async begin(session) {
      const setCookies = sealed(encodeSealedSession({ session, lastSeenAt: session.createdAt }));
      return setCookies === undefined ? { kind: 'too_large' } : { kind: 'begun', setCookies, name: undefined };
    },
    async refresh({ session }, reason) {
      const outcome = await refreshSealed(session, reason);
      if (outcome.kind !== 'refreshed') return outcome;
      const found = { session: outcome.session, name: undefined, lastSeenAt: clock.now() };
      const setCookies = sealed(encodeSealedSession(found));
      // The browser goes on with the old cookie, whose refresh token may be used up: better a login now.
      return setCookies === undefined ? { kind: 'ended' } : { kind: 'refreshed', found, setCookies };
    },
    // Its answer has gone when the new tokens come, and no other place could keep them.
    refreshSoon: () => undefined,
    touch: ({ session }, now) => sealed(encodeSealedSession({ session, lastSeenAt: now })) ?? [],
    end: async (request) => find(request) !== undefined,
    forget: (now) => [...clearChunks(cookie, style), setCookie(logoutCookie, String(now), style)],
  };
}
