import type { HttpRequest } from '../core/http/request.ts';

/** A request as an operator writes it down. */
export interface WrittenRequest {
  readonly method: string;
  /** `https://host/path?query`, undecoded. */
  readonly url: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly context: ReadonlyMap<string, string>;
}

/** The same as Envoy would tell it; undefined for what is no absolute http URL. */
export function requestOf({ method, url, headers, context }: WrittenRequest): HttpRequest | undefined {
  // Not by URL: it would take out dot segments, and those are what the question may be about.
  const [, authority, rest = ''] = /^https?:\/\/([^/?#\\]+)(.*)$/is.exec(url) ?? [];
  if (authority === undefined) return undefined;
  // What stands behind # stays in the browser.
  const target = rest.split('#')[0] ?? '';
  return {
    method,
    authority,
    target: target.startsWith('/') ? target : `/${target}`,
    headers: new Map([...headers].map(([name, values]) => [name, values.map(asBytes)])),
    context,
  };
}

/** One character for each byte, as headers are. */
function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
