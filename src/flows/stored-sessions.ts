import { type CookieStyle, clearCookie, readCookie, setCookie } from '../core/http/cookies.ts';
import type { HttpRequest } from '../core/http/request.ts';
import type { Seconds } from '../core/time.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Refresher } from './refresher.ts';
import type { SessionKeeper } from './session-keeper.ts';
import { createSession, endSession, findSession, type SessionPorts, touchSession } from './sessions.ts';

export interface StoredSessionsOptions {
  readonly cookieName: string;
  readonly style: CookieStyle;
  readonly idleLifetime: Seconds;
  /** The oldest sessions of a user end when there are more. */
  readonly maxPerUser: number;
}

/** Sessions in the store; the browser holds an id. */
export function storedSessions(
  { cookieName, style, idleLifetime, maxPerUser }: StoredSessionsOptions,
  ports: SessionPorts & { readonly telemetry: Telemetry; readonly refresher: Refresher },
): SessionKeeper {
  const { refresher, telemetry, idNames } = ports;
  const nameOf = (request: HttpRequest): string | undefined => {
    const id = readCookie(request, cookieName);
    return id === undefined ? undefined : idNames.nameOf(id);
  };
  return {
    cookieNames: [cookieName],
    find: (request) => findSession(readCookie(request, cookieName), ports),
    async begin(session) {
      const id = await createSession(session, { idleLifetime, maxPerUser }, ports);
      return { kind: 'begun', setCookies: [setCookie(cookieName, id, style)] };
    },
    async refresh(request, _found, reason) {
      const name = nameOf(request);
      if (name === undefined) return { kind: 'ended' };
      const outcome = await refresher.refresh(name, reason);
      return outcome.kind === 'refreshed' ? { kind: 'refreshed', found: outcome.stored, setCookies: [] } : outcome;
    },
    refreshSoon(request) {
      const name = nameOf(request);
      if (name === undefined) return;
      refresher.refresh(name, { kind: 'near_end' }).catch((error: unknown) => {
        telemetry.problem('store_unavailable', { operation: 'refresh' }, error);
      });
    },
    touch(request, _found, now) {
      const id = readCookie(request, cookieName);
      if (id === undefined) return [];
      // The request does not wait for it, and a lost touch only means an earlier idle end.
      touchSession(id, now, ports).catch((error: unknown) => {
        telemetry.problem('store_unavailable', { operation: 'touch' }, error);
      });
      return [];
    },
    end: (request) => endSession(readCookie(request, cookieName), ports),
    forget: () => [clearCookie(cookieName, style)],
  };
}
