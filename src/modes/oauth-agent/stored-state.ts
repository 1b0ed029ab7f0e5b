import { clearCookie, hasCookie, readCookie } from '../../core/http/cookies.ts';
import { storedSessions } from '../../flows/stored-sessions.ts';
import type { AgentState } from './state.ts';
import type { StateParts } from './state-parts.ts';

/** Sessions in the store; the cookie `-at` holds an id. The CSRF token is bound to the name under which the store has it. */
export function storedState({ settings, cookies, csrf, services }: StateParts): AgentState {
  const { at } = cookies;
  const { telemetry, refresher, sessions } = services;
  const { idleLifetime, maxSessionsPerUser: maxPerUser } = settings;
  const keeper = storedSessions(
    { cookieName: at.name, style: at.style, idleLifetime, maxPerUser },
    { ...sessions, telemetry, refresher },
  );
  return {
    cookieNames: [at, cookies.csrf, cookies.login].map(({ name }) => name),
    async find(request) {
      const found = await keeper.find(request);
      if (found?.name !== undefined) return { kind: 'found', found, key: found.name };
      if (!hasCookie(request, at.name)) return { kind: 'none' };
      const id = readCookie(request, at.name);
      return { kind: id === undefined || sessions.idNames.nameOf(id) === undefined ? 'invalid' : 'ended' };
    },
    async begin(session, request) {
      const begun = await keeper.begin(session);
      if (begun.kind !== 'begun') return begun;
      if (begun.name === undefined) throw new Error('a stored session has no name');
      await keeper.end(request);
      const { token, setCookie } = csrf.issue(begun.name);
      return { kind: 'begun', setCookies: [...begun.setCookies, setCookie], csrfToken: token };
    },
    touch({ found }, now) {
      keeper.touch(found, now);
    },
    async refresh({ found }, reason) {
      const outcome = await keeper.refresh(found, reason);
      if (outcome.kind !== 'refreshed') return outcome;
      const { name } = outcome.found;
      if (name === undefined) return { kind: 'ended' };
      return { kind: 'refreshed', presented: { kind: 'found', found: outcome.found, key: name }, setCookies: [] };
    },
    refreshSoon: ({ found }) => keeper.refreshSoon(found),
    end: (request) => keeper.end(request),
    // Nothing has to be remembered: the store knows what has ended.
    forget: () => [at, cookies.csrf, cookies.login].map(({ name, style }) => clearCookie(name, style)),
  };
}
