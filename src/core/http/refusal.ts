import { html } from '../html/html.ts';
import { type Page, pageHeaders } from '../html/page.ts';
import type { Header, Reply } from '../verdict.ts';
import { acceptsHtml } from './navigation.ts';
import { jsonReply, pageReply } from './reply.ts';
import { type HttpRequest, requestIdOf } from './request.ts';

/** A refusal as the client reads it. Nothing here is private. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 411 | 413 | 503;
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

/** A page for people, JSON for programs, never cached. */
export function refuse(request: HttpRequest, refusal: Refusal): Reply {
  const { status, headers = [] } = refusal;
  // A person is redirected to log in; who is told 401 is a program, whatever it accepts.
  const reply =
    acceptsHtml(request) && status !== 401
      ? pageReply(status, refusalPage(request, refusal), [...pageHeaders(), ...headers])
      : jsonReply(status, jsonOf(refusal), headers);
  return request.method === 'HEAD' ? { ...reply, body: '' } : reply;
}

/** For a host that no origin has: in the check and in the side service alike. */
export const unknownHost: Refusal = {
  status: 403,
  error: 'unknown_host',
  title: 'Unknown host',
  description: 'This host is not served here.',
};

function jsonOf(refusal: Refusal): object {
  return { error: refusal.error, error_description: refusal.description, ...refusal.members };
}

function refusalPage(request: HttpRequest, refusal: Refusal): Page {
  const link =
    refusal.link === undefined
      ? []
      : [html`<p><a class="button" href="${refusal.link.href}">${refusal.link.text}</a></p>`];
  return {
    title: refusal.title,
    language: 'en',
    body: html`<main>
<h1>${refusal.title}</h1>
<p>${refusal.description}</p>
${link}
<p class="muted">Code: <code>${refusal.error}</code>${reference(request)}</p>
</main>`,
  };
}

/** Envoy's request id, so that a person can name the request to whoever reads the logs. */
function reference(request: HttpRequest): ReturnType<typeof html> {
  const id = requestIdOf(request);
  return id === undefined ? html`` : html` · Reference: <code>${id}</code>`;
}
