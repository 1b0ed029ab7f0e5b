import { type CookieStyle, clearCookie, readCookie, setCookie } from '../core/http/cookies.ts';
import type { Seconds } from '../core/time.ts';
import type { Telemetry } from '../ports/telemetry.ts';
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
  ports: SessionPorts & { readonly telemetry: Telemetry },
): SessionKeeper {
  return {
    cookieNames: [cookieName],
    find: (request) => findSession(readCookie(request, cookieName), ports),
    async begin(session) {
      const id = await createSession(session, { idleLifetime, maxPerUser }, ports);
      return { kind: 'begun', setCookies: [setCookie(cookieName, id, style)] };
    },
    touch(request, _stored, now) {
      const id = readCookie(request, cookieName);
      if (id === undefined) return [];
      // The request does not wait for it, and a lost touch only means an earlier idle end.
      touchSession(id, now, ports).catch((error: unknown) => {
        ports.telemetry.problem('store_unavailable', { operation: 'touch' }, error);
      });
      return [];
    },
    end: (request) => endSession(readCookie(request, cookieName), ports),
    forget: () => [clearCookie(cookieName, style)],
  };
}
