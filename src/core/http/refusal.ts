import { type Html, html } from '../html/html.ts';
import type { Page } from '../html/page.ts';
import type { Text } from '../html/text.ts';
import type { Header, Reply } from '../verdict.ts';
import { acceptsHtml } from './navigation.ts';
import { jsonReply, pageReply } from './reply.ts';
import { type HttpRequest, requestIdOf } from './request.ts';

/** A refusal as the client reads it. Nothing here is private. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 411 | 413 | 431 | 503;
  /** Machine-readable, an RFC's code where there is one: `login_required`, `invalid_request`. */
  readonly error: string;
  readonly title: Text;
  /** Programs read it in English. */
  readonly description: Text;
  /** A way on, for pages: a link on our own origin. */
  readonly link?: { readonly href: string; readonly text: Text };
  /** Further members of the JSON body. */
  readonly members?: Readonly<Record<string, string>>;
  readonly headers?: readonly Header[];
}

/** A page for people, JSON for programs, never cached. */
export function refuse(request: HttpRequest, refusal: Refusal): Reply {
  const { status, headers = [] } = refusal;
  // A person is redirected to log in; who is told 401 is a program, whatever it accepts.
  return acceptsHtml(request) && status !== 401
    ? pageReply(status, refusalPage(refusal, requestIdOf(request)), headers)
    : jsonReply(status, jsonOf(refusal), headers);
}

/** For a host that no origin has: in the check and in the side service alike. */
export const unknownHost: Refusal = {
  status: 403,
  error: 'unknown_host',
  title: { en: 'Unknown host', de: 'Unbekannter Host' },
  description: { en: 'This host is not served here.', de: 'Für diesen Host ist hier nichts eingerichtet.' },
};

function jsonOf(refusal: Refusal): object {
  return { error: refusal.error, error_description: refusal.description.en, ...refusal.members };
}

/** `requestId`: Envoy's, so that a person can name the request to whoever reads the logs. */
function refusalPage({ error, title, description, link }: Refusal, requestId: string | undefined): Page {
  return {
    title,
    body: (t) => html`<h1>${t(title)}</h1>
<p>${t(description)}</p>
${link === undefined ? [] : [html`<p><a class="button" href="${link.href}">${t(link.text)}</a></p>`]}
<p class="muted">${t(texts.code)}: <code>${error}</code>${requestId === undefined ? [] : [reference(t(texts.reference), requestId)]}</p>`,
  };
}

function reference(word: string, requestId: string): Html {
  return html`<br>
${word}: <code>${requestId}</code>`;
}

const texts = {
  code: { en: 'Code', de: 'Code' },
  reference: { en: 'Reference', de: 'Referenz' },
} satisfies Record<string, Text>;
