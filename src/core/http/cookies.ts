import type { Header } from '../verdict.ts';
import { type HttpRequest, headerValues } from './request.ts';

/**
 * The value of one of our cookies; undefined when it is absent, came twice, or came beside bytes that are not UTF-8:
 * decoders disagree about what such a header says.
 */
export function readCookie(request: HttpRequest, name: string): string | undefined {
  const [value, ...others] = readCookies(request, name);
  if (value === undefined || others.length > 0) return undefined;
  return parsedCookiesOf(request).isUtf8 ? value : undefined;
}

/** Whether a cookie of this name came, readable or not. */
export function hasCookie(request: HttpRequest, name: string): boolean {
  return countCookies(request, name) > 0;
}

/** How often a cookie of this name came, readable or not. */
export function countCookies(request: HttpRequest, name: string): number {
  return readCookies(request, name).length;
}

/** All values that came under a name, readable or not, in their order. */
export function readCookies(request: HttpRequest, name: string): readonly string[] {
  const isThere = headerValues(request, 'cookie').some((line) => line.includes(name));
  return isThere ? (parsedCookiesOf(request).values.get(name) ?? []) : [];
}

interface ParsedCookies {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly isUtf8: boolean;
}

/**
 * What was parsed, for as long as its request lives: an agent asks for twenty names, and 90 kB taken apart for each
 * would hold up every other check for a tenth of a second.
 */
const parsed = new WeakMap<HttpRequest['headers'], ParsedCookies>();

function parsedCookiesOf(request: HttpRequest): ParsedCookies {
  const known = parsed.get(request.headers);
  if (known !== undefined) return known;
  const lines = headerValues(request, 'cookie');
  const values = new Map<string, string[]>();
  for (const piece of lines.flatMap((line) => line.split(';'))) {
    const equals = piece.indexOf('=');
    if (equals < 0) continue;
    const name = nameOf(piece);
    const value = trimBlanks(piece.slice(equals + 1));
    const before = values.get(name);
    if (before === undefined) values.set(name, [value]);
    else before.push(value);
  }
  const cookies = { values, isUtf8: lines.every(isUtf8) };
  parsed.set(request.headers, cookies);
  return cookies;
}

/** What the workload gets as its Cookie header. */
export type StrippedCookies =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'nothing_left' }
  | { readonly kind: 'changed'; readonly value: string };

/**
 * Takes our own cookies out; every other pair stays as it came, in its order, and a header without one of ours stays
 * whole. Pairs that are not UTF-8 or have control characters cannot be written anew (Envoy takes header values as UTF-8,
 * and the last guard no controls): they go with ours.
 */
export function stripCookies(request: HttpRequest, names: ReadonlySet<string>): StrippedCookies {
  const lines = headerValues(request, 'cookie').map((line) => line.split(';'));
  const kept = lines.map((pairs) => pairs.filter((pair) => !names.has(nameOf(pair))));
  if (kept.every((pairs, index) => pairs.length === lines[index]?.length)) return { kind: 'unchanged' };
  const value = kept
    .map((pairs) => trimBlanks(pairs.filter(canBeWritten).join(';')))
    .filter((line) => line !== '')
    .join('; ');
  return value === '' ? { kind: 'nothing_left' } : { kind: 'changed', value };
}

function canBeWritten(pair: string): boolean {
  return isUtf8(pair) && !control.test(pair);
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=');
  return trimBlanks(equals < 0 ? pair : pair.slice(0, equals));
}

/** Not `trim()`: it would take U+00A0, which in latin-1 is the last byte of `à` in UTF-8. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

// Nearly all cookies are: asked first, as the expression for UTF-8 takes its time.
const printableAscii = /^[\x20-\x7e]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\x00-\x1f\x7f]/;
/**
 * The bytes of UTF-8 (RFC 3629 §4). Not a TextDecoder: a header of 90 kB can hold 45,000 pairs, and an exception for
 * each would hold up every other check for half a second.
 */
const utf8 =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is meant
  /^(?:[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})*$/;

/** Whether the bytes that a latin-1 text stands for are UTF-8. */
function isUtf8(text: string): boolean {
  return printableAscii.test(text) || utf8.test(text);
}

/** How a cookie of ours is written. */
export interface CookieStyle {
  /** True (the rule): Secure. False: plain-HTTP development. */
  readonly secure: boolean;
  /** Default: `/`. */
  readonly path?: string;
  /** Default: only the host that set it gets it back. */
  readonly domain?: string | undefined;
  /** Default: Lax. */
  readonly sameSite?: 'Lax' | 'Strict';
}

/** A Set-Cookie value (RFC 6265bis §4.1): HttpOnly, for the browser's session. */
export function setCookie(name: string, value: string, style: CookieStyle): string {
  const { secure, path = '/', domain, sameSite = 'Lax' } = style;
  const place = domain === undefined ? `Path=${path}` : `Domain=${domain}; Path=${path}`;
  return `${name}=${value}; ${place}; HttpOnly; SameSite=${sameSite}${secure ? '; Secure' : ''}`;
}

/** Set-Cookie values as headers, each its own. */
export function setCookieHeaders(setCookies: readonly string[]): readonly Header[] {
  return setCookies.map((value) => ['set-cookie', value]);
}

/** A Set-Cookie value that deletes the cookie; attributes as in {@link setCookie}, or `__Host-` ones stay. */
export function clearCookie(name: string, style: CookieStyle): string {
  return `${setCookie(name, '', style)}; Max-Age=0`;
}
