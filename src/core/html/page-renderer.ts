import { createHash } from 'node:crypto';
import type { HttpRequest } from '../http/request.ts';
import type { Header, PlainReply, Reply } from '../verdict.ts';
import { type Html, html } from './html.ts';
import type { Look } from './look.ts';
import type { Page } from './page.ts';
import { stylesheetOf } from './stylesheet.ts';
import { type Language, languageOf, type Text } from './text.ts';

/** Writes replies out where bytes leave: at the check, at the side service, at routes. */
export interface PageRenderer {
  /** A page becomes a document in the reader's language, with the headers of every page before those of the reply. */
  render(reply: Reply, request: HttpRequest): PlainReply;
}

/** Pages that look as the operator wants them to. */
export function createPageRenderer(look: Look): PageRenderer {
  const frame = frameOf(look);
  return {
    render(reply, request) {
      // RFC 9110 §9.3.2
      const bodyOf = (text: string) => (request.method === 'HEAD' ? '' : text);
      const { headers, body } = reply;
      if (typeof body === 'string') return { ...reply, body: bodyOf(body) };
      const language = languageOf(request);
      return {
        ...reply,
        headers: [...pageHeaders(body, language, frame), ...headers],
        body: bodyOf(documentOf(body, language, frame)),
      };
    },
  };
}

/** What all pages of a look have in common. */
interface Frame {
  readonly name: string | undefined;
  /** Directives of the policy that allow the style, and the logo where there is one. */
  readonly sources: string;
  readonly style: Html;
  readonly header: Html;
}

function frameOf(look: Look): Frame {
  const stylesheet = stylesheetOf(look);
  const styleHash = createHash('sha256').update(stylesheet).digest('base64');
  const images = look.logo === undefined ? '' : ' img-src data:;';
  return {
    name: look.name,
    sources: `style-src 'sha256-${styleHash}';${images}`,
    style: { markup: `<style>${stylesheet}</style>` },
    header: headerOf(look),
  };
}

function headerOf({ name, logo }: Look): Html {
  if (name === undefined && logo === undefined) return html``;
  const image =
    logo === undefined
      ? []
      : [html`<img src="data:${logo.mediaType};base64,${logo.base64}" alt="${logo.alternative}">`];
  return html`<header>${image}${name === undefined ? [] : [html`<span>${name}</span>`]}</header>
`;
}

/** No script, no foreign content, no frame, no cache. */
function pageHeaders(page: Page, language: Language, { sources }: Frame): readonly Header[] {
  const formAction = ["'self'", ...(page.formTargets ?? [])].join(' ');
  return [
    ['content-type', 'text/html; charset=utf-8'],
    ['content-language', language],
    ['vary', 'accept-language'],
    [
      'content-security-policy',
      `default-src 'none'; ${sources} form-action ${formAction}; frame-ancestors 'none'; base-uri 'none'`,
    ],
    ['cache-control', 'no-store'],
    ['referrer-policy', page.referrerPolicy ?? 'no-referrer'],
    ['x-content-type-options', 'nosniff'],
  ];
}

/** It needs no script; its only style is the one that its policy allows. */
function documentOf(page: Page, language: Language, { name, style, header }: Frame): string {
  const t = (text: Text) => text[language];
  const title = name === undefined ? t(page.title) : `${t(page.title)} · ${name}`;
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
${style}
</head>
<body>
<div class="${page.isWide === true ? 'card wide' : 'card'}">
${header}<main>
${page.body(t)}
</main>
</div>
</body>
</html>
`.markup;
}
