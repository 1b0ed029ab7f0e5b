import { createHash, timingSafeEqual } from 'node:crypto';
import { readCookie, setCookie } from '../../core/http/cookies.ts';
import { type HttpRequest, soleHeader } from '../../core/http/request.ts';
import { Secret } from '../../core/secret.ts';
import type { Random } from '../../ports/random.ts';
import { decodeContents, encodeContents } from './cookie-codec.ts';
import type { CookieSeal } from './cookie-seal.ts';
import type { AgentCookies } from './cookies.ts';

/** The CSRF tokens of one agent: a sealed cookie, bound to one session, whose content the application repeats in a header. */
export interface CsrfTokens {
  /** The token of this session's cookie; undefined for a missing or doubled cookie, or one of another session. */
  tokenOf(request: HttpRequest, key: string): string | undefined;
  /** Whether the request repeats the token of this session in its one `x-<prefix>-csrf` header; in constant time. */
  isRepeated(request: HttpRequest, key: string): boolean;
  /** A new token for a session, and the Set-Cookie value for it. */
  issue(key: string): { readonly token: string; readonly setCookie: string };
  /** The Set-Cookie value that keeps this token. */
  keep(key: string, token: string): string;
}

/** See {@link CsrfTokens}. */
export function createCsrfTokens(cookies: AgentCookies, seal: CookieSeal, random: Random): CsrfTokens {
  const keep = (key: string, token: string) => {
    const plaintext =
      seal.writes === 1 ? Buffer.from(token) : encodeContents({ kind: 'csrf_token', key, token: new Secret(token) });
    return setCookie(cookies.csrf.name, seal.seal(cookies.csrf, plaintext), cookies.csrf.style);
  };
  const tokenOf = (request: HttpRequest, key: string): string | undefined => {
    const kept = readCsrfCookie(request, cookies, seal);
    return kept !== undefined && isSame(kept.key, key) ? kept.token : undefined;
  };
  return {
    tokenOf,
    isRepeated(request, key) {
      const repeated = soleHeader(request, cookies.csrfHeader);
      const token = tokenOf(request, key);
      return repeated !== undefined && token !== undefined && isSame(repeated, token);
    },
    issue(key) {
      const token = Buffer.from(random.bytes(32)).toString('base64url');
      return { token, setCookie: keep(key, token) };
    },
    keep,
  };
}

/**
 * The key of a session in cookies of form 0x01, which carry none: what its CSRF token amounts to, so that the token fits
 * the session; '' where it has no such cookie.
 */
export function version1KeyOf(request: HttpRequest, cookies: AgentCookies, seal: CookieSeal): string {
  const kept = readCsrfCookie(request, cookies, seal);
  return kept?.version === 1 ? kept.key : '';
}

/** As {@link version1KeyOf}, of a token that is about to be written. */
export function version1KeyFor(token: string): string {
  return createHash('sha256').update(`csrf\0${token}`).digest('base64url');
}

function readCsrfCookie(
  request: HttpRequest,
  { csrf }: AgentCookies,
  seal: CookieSeal,
): { readonly version: 1 | 2; readonly key: string; readonly token: string } | undefined {
  const value = readCookie(request, csrf.name);
  const opened = value === undefined ? undefined : seal.open(csrf, value);
  if (opened === undefined) return undefined;
  if (opened.version === 1) {
    const token = Buffer.from(opened.plaintext).toString();
    return token === '' ? undefined : { version: 1, key: version1KeyFor(token), token };
  }
  const contents = decodeContents(opened.plaintext);
  return contents?.kind === 'csrf_token'
    ? { version: 2, key: contents.key, token: contents.token.reveal() }
    : undefined;
}

/** In a time that says nothing about the texts, their lengths included. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
