import { type CookieStyle, clearCookie, readCookie, setCookie } from '../core/http/cookies.ts';
import type { Seconds } from '../core/time.ts';
import { StoreUnavailableError } from '../ports/store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Refresher } from './refresher.ts';
import type { SessionKeeper } from './session-keeper.ts';
import { createSession, endSession, findSession, type SessionPorts } from './sessions.ts';

export interface StoredSessionsOptions {
  readonly cookieName: string;
  readonly style: CookieStyle;
  readonly idleLifetime: Seconds;
  /** The oldest sessions of a user end when there are more. Default: 100. */
  readonly maxPerUser: number | undefined;
}

/** Sessions in the store; the browser holds an id. */
export function storedSessions(
  { cookieName, style, idleLifetime, maxPerUser = 100 }: StoredSessionsOptions,
  ports: SessionPorts & { readonly telemetry: Telemetry; readonly refresher: Refresher },
): SessionKeeper {
  const { records, refresher, telemetry } = ports;
  /** Nobody waits for it, and what it was for can be done the next time. */
  const unawaited = (work: Promise<unknown>, operation: string): void => {
    work.catch((error: unknown) => {
      if (error instanceof StoreUnavailableError) telemetry.problem('store_unavailable', { operation }, error);
      else telemetry.problem('check_failed', { outcome: 'error', operation }, error);
    });
  };
  return {
    cookieNames: [cookieName],
    find: (request) => findSession(readCookie(request, cookieName), ports),
    async begin(session) {
      const id = await createSession(session, { idleLifetime, maxPerUser }, ports);
      return { kind: 'begun', setCookies: [setCookie(cookieName, id, style)], name: ports.idNames.nameOf(id) };
    },
    async refresh({ name }, reason) {
      if (name === undefined) return { kind: 'ended' };
      const outcome = await refresher.refresh(name, reason);
      return outcome.kind === 'refreshed' ? { kind: 'refreshed', found: outcome.stored, setCookies: [] } : outcome;
    },
    refreshSoon({ name }) {
      if (name !== undefined) unawaited(refresher.refresh(name, { kind: 'near_end' }), 'refresh');
    },
    touch({ name }, now) {
      // A lost touch only means an earlier idle end.
      if (name !== undefined) unawaited(records.touch(name, now), 'touch');
      return [];
    },
    end: (request) => endSession(readCookie(request, cookieName), ports),
    forget: () => [clearCookie(cookieName, style)],
  };
}
