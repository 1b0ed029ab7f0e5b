/**
 * Header values by lower-case name, in arrival order. Each character of a value is one byte of the wire
 * (latin-1), so that nothing is lost: a value that is not ASCII is recognised and never re-encoded.
 */
export type HeaderBag = ReadonlyMap<string, readonly string[]>;

/** One request as Envoy saw it. No transport type appears here: other transports fill the same shape. */
export interface HttpRequest {
  readonly method: string;
  /** `Host` or `:authority`, as received. */
  readonly authority: string;
  /** Path and query, undecoded, as received; empty for `CONNECT` and `OPTIONS *`. */
  readonly target: string;
  readonly headers: HeaderBag;
  /** Set per route by the operator of Envoy (`context_extensions`), never by clients. */
  readonly context: ReadonlyMap<string, string>;
}

/** All values of a header, in arrival order; empty when the header is absent. `name` is lower-case. */
export function headerValues(request: HttpRequest, name: string): readonly string[] {
  return request.headers.get(name) ?? [];
}

/** The value of a header that came exactly once; undefined when it is absent or came more than once. */
export function soleHeader(request: HttpRequest, name: string): string | undefined {
  const values = headerValues(request, name);
  return values.length === 1 ? values[0] : undefined;
}

/** The id that Envoy gives each request, for logs and for the people who read a refusal; undefined for other texts. */
export function requestIdOf(request: HttpRequest): string | undefined {
  const id = soleHeader(request, 'x-request-id');
  return id !== undefined && /^[0-9a-f-]{36}$/.test(id) ? id : undefined;
}
