import type { Page } from './html/page.ts';

/** A header as name and value. Names are compared without case; values are latin-1 (one character, one byte). */
export type Header = readonly [name: string, value: string];

/** Let the request through to the workload, with these changes. */
export interface Forward {
  readonly kind: 'forward';
  /** Set on the request; whatever the client sent under these names is replaced. */
  readonly setHeaders: readonly Header[];
  /** Taken off the request, by exact lower-case name as received. Never a name that `setHeaders` sets. */
  readonly removeHeaders: readonly string[];
  /** Set on the workload's answer where the workload did not set them itself. */
  readonly responseHeadersIfAbsent: readonly Header[];
  /** Set on the workload's answer, whatever the workload said under these names. */
  readonly setResponseHeaders?: readonly Header[];
  /** Added to the workload's answer, beside what it says under these names itself. */
  readonly addResponseHeaders?: readonly Header[];
  /** Set-Cookie values that the browser gets beside those of the workload. Only our own cookies. */
  readonly setCookies?: readonly string[];
}

/** Answer the request ourselves; the workload never sees it. Redirects and refusals are replies. */
export interface Reply {
  readonly kind: 'reply';
  /** 200 to 599. */
  readonly status: number;
  readonly headers: readonly Header[];
  /** A page gets its language, its look and its headers from the renderer, where the reply leaves. */
  readonly body: string | Page;
}

/** A reply as it leaves. */
export interface PlainReply extends Reply {
  readonly body: string;
}

/** What Sallyport says to a request. */
export type Verdict = Forward | Reply;
