import type { HttpRequest } from '../../src/core/http/request.ts';

export interface HttpRequestParts {
  readonly method?: string;
  readonly authority?: string;
  readonly target?: string;
  /** By lower-case name; a list is several lines. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly context?: Readonly<Record<string, string>>;
}

/** A request as the check hands it on; a plain GET of `/` unless told otherwise. */
export function httpRequest(parts: HttpRequestParts = {}): HttpRequest {
  const lines = Object.entries(parts.headers ?? {});
  return {
    method: parts.method ?? 'GET',
    authority: parts.authority ?? 'app.example.com',
    target: parts.target ?? '/',
    headers: new Map(lines.map(([name, value]) => [name, typeof value === 'string' ? [value] : value])),
    context: new Map(Object.entries(parts.context ?? {})),
  };
}
