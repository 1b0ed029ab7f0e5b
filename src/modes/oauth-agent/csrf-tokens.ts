import { createHash } from 'node:crypto';
import { readCookie, setCookie } from '../../core/http/cookies.ts';
import { type HttpRequest, soleHeader } from '../../core/http/request.ts';
import { Secret } from '../../core/secret.ts';
import { decodeContents, encodeContents } from './cookie-codec.ts';
import type { CookieSeal } from './cookie-seal.ts';
import type { AgentCookies } from './cookies.ts';
import { isSame, type OwnTokens } from './own-tokens.ts';
import type { PresentedSession } from './state.ts';

/** The CSRF tokens of one agent: a sealed cookie, bound to one session, whose content the application repeats in a header. */
export interface CsrfTokens {
  /**
   * The token of this session's cookie; undefined for a missing or doubled cookie, or one of another session. To be kept
   * and compared, and for no answer: in form 0x01 it may be whatever the shared key has sealed, an access token too.
   */
  tokenOf(request: HttpRequest, key: string): string | undefined;
  /**
   * What a page may be told: the token of its session where it is one of ours, else one that stands for it, or a new one.
   * `setCookie`: where the cookie must change for that, a Set-Cookie value.
   */
  tell(
    request: HttpRequest,
    presented: Pick<PresentedSession, 'key' | 'inCookies'>,
  ): { readonly token: string; readonly setCookie: string | undefined };
  /**
   * Whether the request repeats the token of this session in its one `x-<prefix>-csrf` header, or the one that stands for
   * it: a tab that was told the former goes on when another is told the latter. In constant time.
   */
  isRepeated(request: HttpRequest, key: string): boolean;
  /** A new token for a session that is written now, and the Set-Cookie value for it. */
  issue(key: string): { readonly token: string; readonly setCookie: string };
  /** The Set-Cookie value that keeps this token beside a session that is written now. */
  keep(key: string, token: string): string;
  /**
   * The key of a session in cookies of form 0x01, which carry none: what its CSRF token amounts to, so that the token fits
   * the session; '' where it has no such cookie.
   */
  version1KeyOf(request: HttpRequest): string;
  /** As {@link CsrfTokens.version1KeyOf}, of a token that is about to be written. */
  version1KeyFor(token: string): string;
}

/** See {@link CsrfTokens}. */
export function createCsrfTokens(cookies: AgentCookies, seal: CookieSeal, own: OwnTokens): CsrfTokens {
  const { csrf } = cookies;
  // In the form of its session: beside one of the other form it would be of none.
  const keep = (key: string, token: string, form = seal.writes) => {
    const plaintext =
      form === 1 ? Buffer.from(token) : encodeContents({ kind: 'csrf_token', key, token: new Secret(token) });
    return setCookie(csrf.name, seal.seal(csrf, plaintext, form), csrf.style);
  };
  const issue = (key: string, form = seal.writes) => {
    const token = own.mint();
    return { token, setCookie: keep(key, token, form) };
  };
  // The same whichever of the two a tab was told, and known from neither.
  const version1KeyFor = (token: string) =>
    createHash('sha256')
      .update(`csrf\0${own.standInFor(token)}`)
      .digest('base64url');
  const tokenOf = (request: HttpRequest, key: string): string | undefined => {
    const kept = readCsrfCookie(request, cookies, seal);
    if (kept === undefined) return undefined;
    return isSame(kept.version === 1 ? version1KeyFor(kept.token) : kept.key, key) ? kept.token : undefined;
  };
  return {
    tokenOf,
    tell(request, { key, inCookies }) {
      const kept = tokenOf(request, key);
      const form = inCookies?.version ?? 2;
      if (kept === undefined) return issue(key, form);
      const token = own.standInFor(kept);
      // Other programs know nothing of what stands for what, and compare.
      return { token, setCookie: form === 2 || token === kept ? undefined : keep(key, token, form) };
    },
    isRepeated(request, key) {
      const repeated = soleHeader(request, cookies.csrfHeader);
      const token = tokenOf(request, key);
      return repeated !== undefined && token !== undefined && own.amountToSame(repeated, token);
    },
    issue: (key) => issue(key),
    keep: (key, token) => keep(key, token),
    version1KeyOf(request) {
      const kept = readCsrfCookie(request, cookies, seal);
      return kept?.version === 1 ? version1KeyFor(kept.token) : '';
    },
    version1KeyFor,
  };
}

type KeptToken =
  | { readonly version: 1; readonly token: string }
  | { readonly version: 2; readonly token: string; readonly key: string };

function readCsrfCookie(request: HttpRequest, { csrf }: AgentCookies, seal: CookieSeal): KeptToken | undefined {
  const value = readCookie(request, csrf.name);
  const opened = value === undefined ? undefined : seal.open(csrf, value);
  if (opened === undefined) return undefined;
  if (opened.version === 1) {
    const token = Buffer.from(opened.plaintext).toString();
    return token === '' ? undefined : { version: 1, token };
  }
  const contents = decodeContents(opened.plaintext);
  // Without a key it would fit every session of form 0x01.
  return contents?.kind === 'csrf_token' && contents.key !== ''
    ? { version: 2, key: contents.key, token: contents.token.reveal() }
    : undefined;
}
