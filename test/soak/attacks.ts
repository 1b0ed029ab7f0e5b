import { rawGet } from '../support/raw-http.ts';
import { rightHeader } from './workload.ts';

/** One request that must not get through. `session`: the Cookie header of somebody who is logged in. */
export interface Attack {
  readonly name: string;
  bytes(host: string, session: string): string;
}

const denied = `${rightHeader}: denied`;

const forged = [
  'Authorization: Bearer forged',
  'X-Auth-Request-User: root',
  'x-auth-request-email: root@example.com',
  'X_Auth_Request_User: root',
  'X-Original-URL: /public/',
  'X-Forwarded-Uri: /public/',
];

/** Ways around the public prefix. */
const targets = [
  '/public/../private',
  '/public/%2e%2e/private',
  '/public/..%2fprivate',
  '/public/..;/private',
  '/public%2f..%2fprivate',
  '/public\\..\\private',
  '//private',
  '/private?/public/',
  '/private#/public/',
  '/public/%00/../private',
  '/%70rivate',
  '/PUBLIC/private',
];

/** Refused to everybody: Envoy and the workload might not mean the same by them. */
const readInTwoWays = ['/public/..%2fprivate', '/public%2f..%2fprivate', '/private;a=b', '/private/%00'];

/** A small corpus; test/security holds the whole. */
export const attacks: readonly Attack[] = [
  ...targets.map((target) => ({
    name: `without a session: ${target}`,
    bytes: (host: string) => rawGet(target, host, [denied, ...forged]),
  })),
  ...readInTwoWays.map((target) => ({
    name: `a way that is read in two ways, with a session: ${target}`,
    bytes: (host: string, session: string) => rawGet(target, host, [denied, `Cookie: ${session}`]),
  })),
  {
    name: 'another host, with a session',
    bytes: (_host, session) => rawGet('/private', 'evil.example', [denied, `Cookie: ${session}`]),
  },
  {
    name: 'a session id with one character changed',
    bytes: (host, session) => rawGet('/private', host, [denied, `Cookie: ${flipped(session)}`]),
  },
  {
    name: 'the session cookie twice',
    bytes: (host, session) => rawGet('/private', host, [denied, `Cookie: ${session}; ${session}`]),
  },
  {
    name: '70 kB of cookies',
    bytes: (host) => rawGet('/private', host, [denied, `Cookie: a=${'b'.repeat(70_000)}`]),
  },
  {
    name: 'a callback that nobody began',
    bytes: (host) => rawGet('/_auth/callback?code=a&state=b', host, [denied]),
  },
  {
    name: 'a foreign page that logs somebody out',
    bytes: (host, session) =>
      rawGet('/_auth/logout', host, [denied, `Cookie: ${session}`, 'Origin: https://evil.example'], 'POST'),
  },
  {
    name: 'a path that is denied to everybody',
    bytes: (host, session) => rawGet('/denied/', host, [denied, `Cookie: ${session}`]),
  },
];

function flipped(session: string): string {
  const last = session.at(-1) === 'A' ? 'B' : 'A';
  return `${session.slice(0, -1)}${last}`;
}
