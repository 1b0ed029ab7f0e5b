import type { Forward, Header } from '../verdict.ts';
import { stripCookies } from './cookies.ts';
import type { HttpRequest } from './request.ts';

/** What no client may say to a workload, whatever rule lets the request through. */
export interface Hygiene {
  /** Folded names (see {@link foldName}) that only we may set. */
  readonly managedNames: ReadonlySet<string>;
  /** Folded prefixes that only we may set. */
  readonly managedPrefixes: readonly string[];
  /** Folded names that proxies before us write: in their spelling they stay, in any other a client sent them. */
  readonly proxyNames: ReadonlySet<string>;
  /** Folded prefixes of such names. */
  readonly proxyPrefixes: readonly string[];
  /** Names of our own cookies. */
  readonly ownCookies: ReadonlySet<string>;
}

/** What a mode wants set on a request that it lets through. */
export interface HeaderChanges {
  readonly setHeaders: readonly Header[];
  readonly responseHeadersIfAbsent: readonly Header[];
  readonly setResponseHeaders?: readonly Header[];
  readonly addResponseHeaders?: readonly Header[];
  readonly setCookies?: readonly string[];
  /** Leave the client's own Authorization header in place. Only where nothing of ours is set there. */
  readonly keepsAuthorization: boolean;
}

/**
 * One spelling for all spellings of a header name that servers treat as one: CGI and WSGI turn `-`, `_` and
 * sometimes `.` into the same variable.
 */
export function foldName(name: string): string {
  // Most names are in the one spelling already.
  return /^[a-z0-9-]*$/.test(name) ? name : name.toLowerCase().replace(/[^a-z0-9]/g, '-');
}

/** The one constructor of a forward: every managed header of the client's goes, ours are set, our cookies stay here. */
export function forwardWith(request: HttpRequest, changes: HeaderChanges, hygiene: Hygiene): Forward {
  const set = new Map(changes.setHeaders.map(([name, value]) => [name.toLowerCase(), value]));
  const cookies = stripCookies(request, hygiene.ownCookies);
  if (cookies.kind === 'changed' && !isManaged('cookie', changes, hygiene)) set.set('cookie', cookies.value);
  const isRemoved = (name: string): boolean =>
    isManaged(name, changes, hygiene) || (name === 'cookie' && cookies.kind === 'nothing_left');
  return {
    kind: 'forward',
    setHeaders: [...set],
    removeHeaders: [...request.headers.keys()].filter((name) => !set.has(name) && isRemoved(name)),
    responseHeadersIfAbsent: changes.responseHeadersIfAbsent,
    ...(changes.setResponseHeaders === undefined ? {} : { setResponseHeaders: changes.setResponseHeaders }),
    ...(changes.addResponseHeaders === undefined ? {} : { addResponseHeaders: changes.addResponseHeaders }),
    ...(changes.setCookies === undefined ? {} : { setCookies: changes.setCookies }),
  };
}

function isManaged(name: string, changes: HeaderChanges, hygiene: Hygiene): boolean {
  const folded = foldName(name);
  if (folded === 'authorization') return !(changes.keepsAuthorization && name === 'authorization');
  if (hygiene.managedNames.has(folded) || beginsWithOne(folded, hygiene.managedPrefixes)) return true;
  return folded !== name && (hygiene.proxyNames.has(folded) || beginsWithOne(folded, hygiene.proxyPrefixes));
}

function beginsWithOne(name: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => name.startsWith(prefix));
}

/**
 * A claim's text as a header value: printable ASCII as it is, everything else (and `%`, and blanks at the ends, which
 * HTTP drops) percent-encoded as UTF-8, so that `decodeURIComponent` gives the claim back, no two claims look the
 * same to the workload, and nothing can end the line.
 */
export function headerValueOf(text: string): string {
  return text.toWellFormed().replace(/^ | $|[^\x20-\x24\x26-\x7e]/gu, encodeURIComponent);
}
