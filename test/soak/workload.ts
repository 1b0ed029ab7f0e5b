import { createServer, type IncomingMessage } from 'node:http';
import { atEnd } from '../support/ends.ts';
import { listenOnLoopback } from '../support/listen.ts';
import type { Ledger } from './ledger.ts';

/** The header by which the load says what it has a right to: `denied`, `public`, or the name of a user. */
export const rightHeader = 'x-soak-right';

const identityHeaders = ['authorization', 'x-auth-request-user', 'x-auth-request-email', 'x-auth-request-name'];

/** A workload that notes every request that should not have reached it. Resolves to its port. */
export async function startWorkload(ledger: Ledger): Promise<number> {
  const server = createServer((request, response) => {
    const problem = problemOf(request);
    if (problem !== undefined) ledger.violation('forwarded without a right', `${problem}: ${request.url}`);
    ledger.count('requests that reached the workload');
    request.resume();
    response.end('workload');
  });
  server.keepAliveTimeout = 120_000;
  const port = await listenOnLoopback(server);
  atEnd(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return port;
}

function problemOf(request: IncomingMessage): string | undefined {
  // The last hop of a login carries no headers of ours: its path says who it must be.
  const right = request.headers[rightHeader] ?? /^\/landing\/(\S+)$/.exec(request.url ?? '')?.[1] ?? 'denied';
  if (right === 'denied') return 'a request that had to be denied';
  if (/__Host-sallyport/.test(request.headers.cookie ?? '')) return 'a cookie of ours';
  if (right === 'public') {
    const forged = identityHeaders.filter((name) => request.headers[name] !== undefined);
    return forged.length === 0 ? undefined : `identity on a public path (${forged.join()})`;
  }
  const user = request.headers['x-auth-request-user'];
  if (user !== right) return `${String(user)} in the place of ${String(right)}`;
  return request.headers.authorization?.startsWith('Bearer ') === true ? undefined : 'no access token';
}
