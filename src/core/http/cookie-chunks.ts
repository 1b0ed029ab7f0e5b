import { type CookieStyle, clearCookie, readCookie, setCookie } from './cookies.ts';
import type { HttpRequest } from './request.ts';

/** A value that is too large for one cookie, in as many as it needs. */
export interface ChunkedCookie {
  /** Name of the first chunk; the others add `.1`, `.2` and so on, which no configured name can have. */
  readonly name: string;
  /** Chunks at most. */
  readonly maxChunks: number;
}

/** Characters of a chunk. Browsers keep cookies of 4096 bytes: name, value and attributes (RFC 6265bis §5.6). */
const chunkLength = 3_800;

/** The names of all chunks there can be. */
export function chunkNames({ name, maxChunks }: ChunkedCookie): readonly string[] {
  return Array.from({ length: maxChunks }, (_, index) => (index === 0 ? name : `${name}.${index}`));
}

/**
 * The value that {@link writeChunks} wrote; undefined when a chunk is missing, doubled or surplus. Chunks that were
 * exchanged for others are not noticed here: what is sealed notices.
 */
export function readChunks(request: HttpRequest, cookie: ChunkedCookie): string | undefined {
  const chunks = chunkNames(cookie).map((name) => readCookie(request, name));
  // The first says how many there are: `2.` and then its part of the value.
  const [, count = '', first = ''] = /^([1-9][0-9]?)\.(.*)$/.exec(chunks[0] ?? '') ?? [];
  const rest = chunks.slice(1, Number(count));
  if (count === '' || Number(count) > cookie.maxChunks || rest.includes(undefined)) return undefined;
  return chunks.slice(Number(count)).every((chunk) => chunk === undefined) ? [first, ...rest].join('') : undefined;
}

/**
 * Set-Cookie values that keep `value` (base64url) in the browser and delete the chunks that it does not need; undefined
 * when it does not fit.
 */
export function writeChunks(value: string, cookie: ChunkedCookie, style: CookieStyle): readonly string[] | undefined {
  const count = Math.ceil(value.length / chunkLength);
  if (count === 0 || count > cookie.maxChunks) return undefined;
  return chunkNames(cookie).map((name, index) => {
    if (index >= count) return clearCookie(name, style);
    const chunk = value.slice(index * chunkLength, (index + 1) * chunkLength);
    return setCookie(name, index === 0 ? `${count}.${chunk}` : chunk, style);
  });
}

/** Set-Cookie values that delete all chunks. */
export function clearChunks(cookie: ChunkedCookie, style: CookieStyle): readonly string[] {
  return chunkNames(cookie).map((name) => clearCookie(name, style));
}
