import { clearCookie } from '../../core/http/cookies.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import type { Session } from '../../core/session/session.ts';
import { isStale } from '../../core/session/staleness.ts';
import { hasEnded, noteEnd } from './ended-sessions.ts';
import { openSession } from './sealed-session.ts';
import { createSessionCookies, type SessionCookies } from './session-cookies.ts';
import type { AgentRefresh, AgentState, Presented, PresentedSession } from './state.ts';
import type { StateParts } from './state-parts.ts';
import { takenOver } from './version1-session.ts';
import { writeSession } from './write-session.ts';

/**
 * Sessions that are in the browser alone: access token, refresh token and ID token, each sealed in a cookie of its own,
 * with one key between them. No store is asked, and so none can end them: a copy of the cookies lives until its end,
 * whatever happens here.
 */
export function sealedState(parts: StateParts): AgentState {
  const { cookies, csrf, seal, services } = parts;
  const kept = createSessionCookies(seal);
  const sealed = [cookies.at, cookies.auth, cookies.id];

  /** The end of what the cookies of a request lead to, for the browser to remember. */
  function endOf(request: HttpRequest): readonly string[] {
    const opened = openSession(request, kept, parts);
    return opened.kind === 'opened' && opened.key !== '' ? [noteEnd(request, opened.key, cookies.out)] : [];
  }

  return {
    cookieNames: [
      ...sealed.flatMap((cookie) => kept.namesOf(cookie)),
      ...[cookies.csrf, cookies.login, cookies.out].map(({ name }) => name),
    ],
    find: async (request) => find(request, kept, parts),
    async begin(session, request) {
      const key = newKey(parts);
      const written = writeSession(session, { key, isNew: true }, kept, parts);
      if (written === undefined) return { kind: 'too_large' };
      const { token, setCookie } = csrf.issue(key);
      const setCookies = [...written, setCookie, ...clearLeftovers(kept, parts), ...endOf(request)];
      return { kind: 'begun', setCookies, csrfToken: token };
    },
    touch: () => undefined,
    async refresh(presented, reason) {
      const { session: found } = presented.found;
      // What form 0x01 says of the user nobody has verified: of a session that goes on, new tokens say who he is.
      const session = presented.inCookies?.version === 1 ? { ...found, claims: new Map() } : found;
      // As with a store: one that was replaced a moment ago is not replaced again.
      if (!isStale(session, reason, services.clock.milliseconds())) {
        return { kind: 'refreshed', presented, setCookies: [] };
      }
      const outcome = await services.refreshSealed(session, reason);
      return outcome.kind === 'refreshed' ? writeRefreshed(outcome.session, presented, kept, parts) : outcome;
    },
    // Its answer has gone when the new tokens come, and no other place could keep them.
    refreshSoon: () => undefined,
    end: async (request) => find(request, kept, parts).kind === 'found',
    forget: (loggedOut) => [
      ...sealed.flatMap((cookie) => kept.clear(cookie)),
      ...clearLeftovers(kept, parts),
      ...[cookies.csrf, cookies.login].map(({ name, style }) => clearCookie(name, style)),
      ...(loggedOut === undefined ? [] : endOf(loggedOut)),
    ],
  };
}

function find(request: HttpRequest, kept: SessionCookies, parts: StateParts): Presented {
  const opened = openSession(request, kept, parts);
  if (opened.kind !== 'opened') return opened;
  const { session, key, version, hasRefreshToken } = opened;
  const { cookies, csrf, services } = parts;
  const now = services.clock.now();
  if (now >= session.endsAt || hasEnded(request, key, cookies.out)) return { kind: 'ended' };
  const csrfToken = session.tokenSet.refreshToken === undefined ? undefined : csrf.tokenOf(request, key);
  return {
    kind: 'found',
    // Nothing notes when it was used: it is as if it always were.
    found: { session, lastSeenAt: now, name: undefined },
    key,
    inCookies: { version, csrfToken, hasRefreshToken },
  };
}

/** The cookies of a session that has new tokens: all of them anew, with the key and the CSRF token that it had. */
function writeRefreshed(
  refreshed: Session,
  { key: oldKey, inCookies }: PresentedSession,
  kept: SessionCookies,
  parts: StateParts,
): AgentRefresh {
  const { csrf, seal, services, settings } = parts;
  const now = services.clock.now();
  const { version = seal.writes, csrfToken } = inCookies ?? {};
  const isTakenOver = version === 1 && seal.writes === 2;
  const session = isTakenOver ? takenOver(refreshed, now, settings.absoluteLifetime) : refreshed;
  // The same in all tabs that take the session over, whose CSRF token it comes from.
  const key = seal.writes === 1 && csrfToken !== undefined ? csrf.version1KeyFor(csrfToken) : oldKey || newKey(parts);
  const written = writeSession(session, { key, isNew: version !== seal.writes }, kept, parts);
  // The browser goes on with the old cookies, whose refresh token may be used up: better a login now.
  if (written === undefined) return { kind: 'ended' };
  return {
    kind: 'refreshed',
    presented: {
      kind: 'found',
      found: { session, lastSeenAt: now, name: undefined },
      key,
      inCookies: {
        version: seal.writes,
        csrfToken,
        hasRefreshToken: session.tokenSet.refreshToken !== undefined,
      },
    },
    setCookies: [
      ...written,
      ...(csrfToken === undefined ? [] : [csrf.keep(key, csrfToken)]),
      ...(version === seal.writes ? [] : clearLeftovers(kept, parts)),
    ],
  };
}

function clearLeftovers(kept: SessionCookies, { cookies }: StateParts): readonly string[] {
  return cookies.leftovers.flatMap((cookie) => kept.clear(cookie));
}

function newKey({ services }: StateParts): string {
  return Buffer.from(services.random.bytes(32)).toString('base64url');
}
