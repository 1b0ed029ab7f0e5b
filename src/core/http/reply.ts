import type { Page } from '../html/page.ts';
import type { Header, PlainReply, Reply } from '../verdict.ts';

/** A page of ours; `headers` come in addition to those that every page gets from the renderer. */
export function pageReply(status: number, page: Page, headers: readonly Header[] = []): Reply {
  return { kind: 'reply', status, headers, body: page };
}

/** A JSON answer that no cache keeps (RFC 9111 §5.2.2.5). */
export function jsonReply(status: number, value: unknown, headers: readonly Header[] = []): PlainReply {
  return { kind: 'reply', status, headers: [...jsonHeaders, ...headers], body: JSON.stringify(value) };
}

/** An answer without content that no cache keeps. */
export function emptyReply(status: 200 | 204, headers: readonly Header[] = []): PlainReply {
  return { kind: 'reply', status, headers: [...unkeptHeaders, ...headers], body: '' };
}

const unkeptHeaders: readonly Header[] = [
  ['cache-control', 'no-store'],
  ['x-content-type-options', 'nosniff'],
];

const jsonHeaders: readonly Header[] = [['content-type', 'application/json'], ...unkeptHeaders];

/** A redirect that no cache keeps. `location` is absolute. 302 from a check, 303 after a POST. */
export function redirect(status: 302 | 303, location: string, headers: readonly Header[] = []): PlainReply {
  return {
    kind: 'reply',
    status,
    headers: [['location', location], ['cache-control', 'no-store'], ['referrer-policy', 'no-referrer'], ...headers],
    body: '',
  };
}
