import type { Seconds } from '../time.ts';
import type { Header, PlainReply } from '../verdict.ts';
import { preflightMethodOf } from './navigation.ts';
import { type HttpRequest, headerValues } from './request.ts';

/** What pages of trusted origins may do with answers, their cookies included (Fetch §3.2, CORS protocol). */
export interface CorsPolicy {
  /** In upper case. */
  readonly allowMethods: readonly string[];
  /** Empty: the headers that a preflight asks for. */
  readonly allowHeaders: readonly string[];
  /** Headers of answers that the page may read. */
  readonly exposeHeaders: readonly string[];
  /** How long browsers may keep the answer to a preflight. */
  readonly maxAge: Seconds;
}

/** What an answer says about its origin. */
export interface CorsHeaders {
  /** In place of what the workload says under these names: two values are none to a browser. */
  readonly set: readonly Header[];
  /** Beside what the workload says under these names. */
  readonly add: readonly Header[];
}

/** Whether a browser asks beforehand what a page may send (Fetch §3.2.2). The rules see the same requests as such. */
export function isPreflight(request: HttpRequest): boolean {
  return preflightMethodOf(request) !== undefined;
}

/** The answer to a preflight of a page of `origin`, which is trusted: 204 without content. */
export function preflightReply(request: HttpRequest, origin: string, policy: CorsPolicy): PlainReply {
  const allowHeaders = policy.allowHeaders.length > 0 ? policy.allowHeaders : requestedHeaders(request);
  return {
    kind: 'reply',
    status: 204,
    headers: [
      ...allowing(origin),
      ['access-control-allow-methods', policy.allowMethods.join(', ')],
      ...listed('access-control-allow-headers', allowHeaders),
      ['access-control-max-age', String(policy.maxAge)],
      ['vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'],
    ],
    body: '',
  };
}

/**
 * The headers of every answer but that to a preflight. `origin` is the trusted one whose page asks; without one the
 * answer allows nothing, and no cache may keep it for a page that is trusted (Fetch §3.2.5, `Vary`).
 */
export function corsHeaders(origin: string | undefined, { exposeHeaders }: CorsPolicy): CorsHeaders {
  const set =
    origin === undefined ? [] : [...allowing(origin), ...listed('access-control-expose-headers', exposeHeaders)];
  return { set, add: [['vary', 'Origin']] };
}

/** Never `*`: it would be every origin, and says nothing to a request with cookies. */
function allowing(origin: string): readonly Header[] {
  return [
    ['access-control-allow-origin', origin],
    ['access-control-allow-credentials', 'true'],
  ];
}

function listed(name: string, values: readonly string[]): readonly Header[] {
  return values.length === 0 ? [] : [[name, values.join(', ')]];
}

/** More than any page asks for; it comes back in the answer. */
const maxListLength = 2_048;

/** What a preflight asks for, to be reflected; nothing when one of it is no header's name (RFC 9110 §5.6.2 token). */
function requestedHeaders(request: HttpRequest): readonly string[] {
  const list = headerValues(request, 'access-control-request-headers').join(',');
  if (list.length > maxListLength) return [];
  const names = list.split(',').map((name) => name.trim());
  return names.every((name) => token.test(name) && name !== '*') ? names : [];
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
