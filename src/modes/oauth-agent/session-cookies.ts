import { type ChunkedCookie, chunkNames, clearChunks, readChunks, writeChunks } from '../../core/http/cookie-chunks.ts';
import { hasCookie } from '../../core/http/cookies.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import type { CookieSeal } from './cookie-seal.ts';
import type { PlacedCookie } from './cookies.ts';

/** Chunks of 3.8 kB: three such cookies stay below the header limits of Envoy and of Node. */
const maxChunks = 5;

/** What came as one of our cookies. */
export type OpenedCookie =
  | { readonly kind: 'absent' }
  /** It came, and opens nothing: changed, cut short, doubled, not whole, of another cookie or key. */
  | { readonly kind: 'invalid' }
  | { readonly kind: 'opened'; readonly version: 1 | 2; readonly plaintext: Uint8Array };

/** The cookies of a sealed session that may need chunks: each opened, written and deleted as a whole. */
export interface SessionCookies {
  open(request: HttpRequest, cookie: PlacedCookie): OpenedCookie;
  /** Set-Cookie values; undefined when browsers would not keep it. */
  write(cookie: PlacedCookie, plaintext: Uint8Array): readonly string[] | undefined;
  clear(cookie: PlacedCookie): readonly string[];
  /** All names that it may take. */
  namesOf(cookie: PlacedCookie): readonly string[];
}

/** See {@link SessionCookies}. */
export function createSessionCookies(seal: CookieSeal): SessionCookies {
  // Gateways of others, which know the form 0x01, know nothing of chunks.
  const chunked = ({ name }: PlacedCookie): ChunkedCookie => ({ name, maxChunks, bareWhenWhole: true });
  const namesOf = (cookie: PlacedCookie) => chunkNames(chunked(cookie));
  return {
    open(request, cookie) {
      const value = readChunks(request, chunked(cookie));
      const opened = value === undefined ? undefined : seal.open(cookie, value);
      if (opened !== undefined) return { kind: 'opened', ...opened };
      return { kind: namesOf(cookie).some((name) => hasCookie(request, name)) ? 'invalid' : 'absent' };
    },
    write: (cookie, plaintext) => writeChunks(seal.seal(cookie, plaintext), chunked(cookie), cookie.style),
    clear: (cookie) => clearChunks(chunked(cookie), cookie.style),
    namesOf,
  };
}
