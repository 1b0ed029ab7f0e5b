import { createServer, type IncomingMessage } from 'node:http';
import type { Ledger } from '../soak/ledger.ts';
import { atEnd } from '../support/ends.ts';
import { listenOnLoopback } from '../support/listen.ts';
import type { Refreshes } from './refreshes.ts';
import { claimsOf, type TokenClaims } from './tokens.ts';

/** The header by which a client says who it is. */
export const userHeader = 'x-endurance-user';

/** The way back from a login, on which no header of ours comes along. */
export const landing = '/landing/';

/** How long after its end a token may arrive: clocks of whole seconds, and the way. */
const toleratedMs = 1000;

/** One request in so many has its token shown to Keycloak. */
const askedOnceIn = 200;

interface WorkloadOptions {
  readonly ledger: Ledger;
  readonly refreshes: Refreshes;
  /** Where Keycloak says whether it takes an access token. */
  readonly userinfoUrl: string;
}

export interface Workload {
  readonly port: number;
  /** Longest time for which a token was still sent after a newer one of that session had been seen, in milliseconds. */
  readonly longestMixture: number;
}

/** A workload that looks at each access token as a resource server would. */
export async function startTokenWorkload({ ledger, refreshes, userinfoUrl }: WorkloadOptions): Promise<Workload> {
  const newest = new Map<string, { readonly iat: number; readonly token: string; readonly since: number }>();
  let longestMixture = 0;
  let requests = 0;

  function problemOf(request: IncomingMessage, token: string, claims: TokenClaims | undefined): string | undefined {
    const user = request.headers[userHeader] ?? request.url?.split(landing)[1];
    if (claims === undefined) return 'no access token';
    const told = request.headers['x-auth-request-user'];
    if (user !== told || user !== claims.preferred_username) {
      return `${String(told)}, with a token of ${claims.preferred_username}, in the place of ${String(user)}`;
    }
    const lateMs = Date.now() - claims.exp * 1000;
    if (lateMs > toleratedMs) return `a token that ended ${lateMs} ms before`;
    if (lateMs > 0) ledger.count('token that ended less than a second before');
    noteAge(claims, token);
    return undefined;
  }

  function noteAge({ sid, iat }: TokenClaims, token: string): void {
    const known = newest.get(sid);
    const now = performance.now();
    if (known === undefined || iat > known.iat) newest.set(sid, { iat, token, since: now });
    else if (known.token !== token && iat < known.iat) longestMixture = Math.max(longestMixture, now - known.since);
  }

  async function askKeycloak(token: string, { exp, preferred_username: user = '' }: TokenClaims): Promise<void> {
    if (exp * 1000 - Date.now() < 1000) return;
    const { status } = await fetch(userinfoUrl, { headers: { authorization: `Bearer ${token}` } });
    ledger.count(`token shown to Keycloak: ${status}`);
    if (status !== 200 && !refreshes.isCut(user)) {
      ledger.violation('a token that Keycloak does not take', `${user}: ${status}`);
    }
  }

  const server = createServer((request, response) => {
    request.resume();
    requests += 1;
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const claims = claimsOf(token);
    refreshes.used(token);
    const problem = problemOf(request, token, claims);
    if (problem !== undefined) {
      ledger.violation('a request that the workload refuses', problem);
      return void response.writeHead(401).end();
    }
    if (requests % askedOnceIn === 0 && claims !== undefined) {
      void askKeycloak(token, claims).catch((error: unknown) => ledger.count(`Keycloak not asked: ${String(error)}`));
    }
    response.end('workload');
  });
  server.keepAliveTimeout = 120_000;
  const port = await listenOnLoopback(server);
  atEnd(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return {
    port,
    get longestMixture() {
      return longestMixture;
    },
  };
}
