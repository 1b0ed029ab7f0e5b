import type { HttpRequest } from './request.ts';

/** How much header a request may bring. Envoy has limits of its own; these hold behind any Envoy. */
export interface HeaderLimits {
  /** Bytes of all names and values, the request line's own parts included. */
  readonly maxHeaderBytes: number;
  /** Lines, those that Envoy adds included. */
  readonly maxHeaderCount: number;
}

/** Whether a request is within the limits; else it is answered with 431 (RFC 6585 §5). */
export function isWithin(limits: HeaderLimits, request: HttpRequest): boolean {
  let count = 0;
  let bytes = request.method.length + request.authority.length + request.target.length;
  for (const [name, values] of request.headers) {
    count += values.length;
    for (const value of values) bytes += name.length + value.length;
  }
  return count <= limits.maxHeaderCount && bytes <= limits.maxHeaderBytes;
}

/** Whether a header's name has an underscore: many servers read `X_User` as `X-User`. */
export function hasUnderscoredHeader(request: HttpRequest): boolean {
  for (const name of request.headers.keys()) if (name.includes('_')) return true;
  return false;
}
