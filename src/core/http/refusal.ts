import { html } from '../html/html.ts';
import { pageHeaders, renderPage } from '../html/page.ts';
import type { Header, Reply } from '../verdict.ts';
import { acceptsHtml } from './navigation.ts';
import { type HttpRequest, soleHeader } from './request.ts';

/** A refusal as the client reads it. Nothing here is private. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 405 | 502 | 503;
  /** Machine-readable, an RFC's code where there is one: `login_required`, `invalid_request`. */
  readonly error: string;
  readonly title: string;
  readonly description: string;
  /** A way on, for pages: a link on our own origin. */
  readonly link?: { readonly href: string; readonly text: string };
  /** Further members of the JSON body. */
  readonly members?: Readonly<Record<string, string>>;
  readonly headers?: readonly Header[];
}

/** A page for people, JSON for programs, never cached (RFC 9111 §5.2.2.5). */
export function refuse(request: HttpRequest, refusal: Refusal): Reply {
  // A person is redirected to log in; who is told 401 is a program, whatever it accepts.
  const wantsPage = acceptsHtml(request) && refusal.status !== 401;
  return {
    kind: 'reply',
    status: refusal.status,
    headers: [...(wantsPage ? pageHeaders() : jsonHeaders), ...(refusal.headers ?? [])],
    body: request.method === 'HEAD' ? '' : wantsPage ? refusalPage(request, refusal) : refusalJson(refusal),
  };
}

const jsonHeaders: readonly Header[] = [
  ['content-type', 'application/json'],
  ['cache-control', 'no-store'],
  ['x-content-type-options', 'nosniff'],
];

/** A JSON answer that no cache keeps. */
export function jsonReply(status: number, value: unknown, headers: readonly Header[] = []): Reply {
  return { kind: 'reply', status, headers: [...jsonHeaders, ...headers], body: JSON.stringify(value) };
}

/** A redirect that no cache keeps. `location` is absolute. 302 from a check, 303 after a POST. */
export function redirect(status: 302 | 303, location: string, headers: readonly Header[] = []): Reply {
  return {
    kind: 'reply',
    status,
    headers: [['location', location], ['cache-control', 'no-store'], ['referrer-policy', 'no-referrer'], ...headers],
    body: '',
  };
}

function refusalJson(refusal: Refusal): string {
  return JSON.stringify({ error: refusal.error, error_description: refusal.description, ...refusal.members });
}

function refusalPage(request: HttpRequest, refusal: Refusal): string {
  const link =
    refusal.link === undefined
      ? []
      : [html`<p><a class="button" href="${refusal.link.href}">${refusal.link.text}</a></p>`];
  return renderPage({
    title: refusal.title,
    language: 'en',
    body: html`<main>
<h1>${refusal.title}</h1>
<p>${refusal.description}</p>
${link}
<p class="muted">Code: <code>${refusal.error}</code>${reference(request)}</p>
</main>`,
  });
}

/** Envoy's request id, so that a person can name the request to whoever reads the logs. */
function reference(request: HttpRequest): ReturnType<typeof html> {
  const id = soleHeader(request, 'x-request-id');
  return id !== undefined && /^[0-9a-f-]{36}$/.test(id) ? html` · Reference: <code>${id}</code>` : html``;
}
