import { type CookieStyle, clearCookie, readCookie, setCookie } from './cookies.ts';
import type { HttpRequest } from './request.ts';

/** A value that is too large for one cookie, in as many as it needs. */
export interface ChunkedCookie {
  /** Name of the first chunk; the others add `.1`, `.2` and so on, which no configured name can have. */
  readonly name: string;
  /** Chunks at most. */
  readonly maxChunks: number;
  /** A value that fits one cookie stands there as it is, for programs that know nothing of chunks. */
  readonly bareWhenWhole?: true;
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
  const head = headOf(chunks[0] ?? '', cookie);
  if (head === undefined || head.count > cookie.maxChunks) return undefined;
  const rest = chunks.slice(1, head.count);
  const isWhole = !rest.includes(undefined) && chunks.slice(head.count).every((chunk) => chunk === undefined);
  return isWhole ? [head.first, ...rest].join('') : undefined;
}

/** The first chunk says how many there are: `2.` and then its part of the value, in which there is no dot. */
function headOf(text: string, { bareWhenWhole }: ChunkedCookie): { count: number; first: string } | undefined {
  const [, digits, first = ''] = /^([1-9][0-9]?)\.(.*)$/.exec(text) ?? [];
  if (digits === undefined) return bareWhenWhole && text !== '' ? { count: 1, first: text } : undefined;
  // One way only to write a value.
  return bareWhenWhole && digits === '1' ? undefined : { count: Number(digits), first };
}

/**
 * Set-Cookie values that keep `value` (base64url) in the browser and delete the chunks that it does not need; undefined
 * when it does not fit.
 */
export function writeChunks(value: string, cookie: ChunkedCookie, style: CookieStyle): readonly string[] | undefined {
  const count = Math.ceil(value.length / chunkLength);
  if (count === 0 || count > cookie.maxChunks) return undefined;
  const isBare = count === 1 && cookie.bareWhenWhole === true;
  return chunkNames(cookie).map((name, index) => {
    if (index >= count) return clearCookie(name, style);
    const chunk = value.slice(index * chunkLength, (index + 1) * chunkLength);
    return setCookie(name, index === 0 && !isBare ? `${count}.${chunk}` : chunk, style);
  });
}

/** Set-Cookie values that delete all chunks. */
export function clearChunks(cookie: ChunkedCookie, style: CookieStyle): readonly string[] {
  return chunkNames(cookie).map((name) => clearCookie(name, style));
}
