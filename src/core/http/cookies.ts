import { type HttpRequest, headerValues } from './request.ts';

/**
 * The value of one of our cookies; undefined when it is absent, came twice, or came in a Cookie header that has
 * bytes outside ASCII (RFC 6265 §4.2.1 knows none; decoders disagree about them).
 */
export function readCookie(request: HttpRequest, name: string): string | undefined {
  const values: string[] = [];
  for (const line of headerValues(request, 'cookie')) {
    if (!line.includes(name)) continue;
    for (const piece of line.split(';')) {
      const equals = piece.indexOf('=');
      if (equals >= 0 && piece.slice(0, equals).trim() === name) values.push(piece.slice(equals + 1).trim());
    }
  }
  const [value] = values;
  if (value === undefined || values.length > 1) return undefined;
  return headerValues(request, 'cookie').every(isAscii) ? value : undefined;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is meant
const ascii = /^[\x00-\x7f]*$/;

function isAscii(text: string): boolean {
  return ascii.test(text);
}

/** What the workload gets as its Cookie header. */
export type StrippedCookies =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'nothing_left' }
  | { readonly kind: 'changed'; readonly value: string };

/** Takes our own cookies out; every other byte stays as it came, in its order. */
export function stripCookies(request: HttpRequest, names: ReadonlySet<string>): StrippedCookies {
  const lines = headerValues(request, 'cookie');
  const pieces = lines.flatMap((line) => line.split(';'));
  const kept = pieces.filter((piece) => !names.has(nameOf(piece)));
  if (kept.length === pieces.length) return { kind: 'unchanged' };
  const value = kept.join(';').trim();
  return value === '' ? { kind: 'nothing_left' } : { kind: 'changed', value };
}

function nameOf(piece: string): string {
  const equals = piece.indexOf('=');
  return (equals < 0 ? piece : piece.slice(0, equals)).trim();
}

/** How a cookie of ours is written. */
export interface CookieStyle {
  /** True (the rule): `__Host-` cookies, Secure. False: plain-HTTP development. */
  readonly secure: boolean;
}

/** A Set-Cookie value (RFC 6265bis §4.1): host-only, HttpOnly, SameSite=Lax, for the browser's session. */
export function setCookie(name: string, value: string, style: CookieStyle): string {
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${style.secure ? '; Secure' : ''}`;
}

/** A Set-Cookie value that deletes the cookie; attributes as in {@link setCookie}, or `__Host-` ones stay. */
export function clearCookie(name: string, style: CookieStyle): string {
  return `${setCookie(name, '', style)}; Max-Age=0`;
}
