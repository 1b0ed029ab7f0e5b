import { createHash } from 'node:crypto';
import type { Header } from '../verdict.ts';
import { type Html, html } from './html.ts';

/** A page before it is sent. */
export interface Page {
  readonly title: string;
  /** BCP 47 tag of the text, for `<html lang>`. */
  readonly language: string;
  readonly body: Html;
}

const stylesheet = `
:root{color-scheme:light dark;--bg:#f4f5f7;--card:#fff;--text:#1c2430;--muted:#5a6675;--line:#d9dee6;--accent:#1f5eff;--on-accent:#fff;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--bg:#10141b;--card:#1a202a;--text:#e8edf4;--muted:#a3afbf;--line:#333d4b;--accent:#8fb0ff;--on-accent:#0b1530;--bad:#ffb4ab}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--bg);color:var(--text);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{width:100%;max-width:26rem;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:2rem;box-shadow:0 8px 30px rgb(0 0 0/.06)}
main.wide{max-width:52rem}
main>:last-child{margin-bottom:0}
h1{margin:0 0 .75rem;font-size:1.4rem;line-height:1.25}
h2{margin:1.75rem 0 .5rem;font-size:1.05rem}
p{margin:0 0 1rem}
a{color:var(--accent)}
label{display:block;margin:1rem 0 .35rem;font-weight:600}
input{width:100%;padding:.65rem .75rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--muted);border-radius:8px}
button,.button{display:inline-block;margin-top:1.25rem;padding:.7rem 1.2rem;font:inherit;font-weight:600;color:var(--on-accent);background:var(--accent);border:1px solid var(--accent);border-radius:8px;text-decoration:none;cursor:pointer}
button.plain,.button.plain{color:var(--text);background:transparent;border-color:var(--line)}
.full{width:100%;text-align:center}
.row{display:flex;gap:.75rem;flex-wrap:wrap}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.muted{color:var(--muted);font-size:.9rem}
.problem{color:var(--bad)}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse;table-layout:fixed}
th,td{padding:.45rem .5rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{width:38%;font-weight:600}
@media(max-width:34rem){body{padding:.75rem}main{padding:1.5rem 1.25rem}tbody,tr,th,td{display:block;width:auto}th{padding:.5rem 0 0;border:0}td{padding:0 0 .5rem}}
`;

const styleHash = createHash('sha256').update(stylesheet).digest('base64');

/**
 * Headers of every page: no script, no foreign content, no frame, no cache. `formTargets` are further origins to
 * which the page's forms may lead, redirects included (Content Security Policy Level 3 §6.4.1). A page whose form is
 * checked by its Origin needs `same-origin`: under `no-referrer` browsers send `Origin: null` (Fetch §3.1).
 */
export function pageHeaders(
  formTargets: readonly string[] = [],
  referrerPolicy: 'no-referrer' | 'same-origin' = 'no-referrer',
): readonly Header[] {
  const formAction = ["'self'", ...formTargets].join(' ');
  return [
    ['content-type', 'text/html; charset=utf-8'],
    [
      'content-security-policy',
      `default-src 'none'; style-src 'sha256-${styleHash}'; form-action ${formAction}; frame-ancestors 'none'; base-uri 'none'`,
    ],
    ['cache-control', 'no-store'],
    ['referrer-policy', referrerPolicy],
    ['x-content-type-options', 'nosniff'],
  ];
}

/** The whole document. It needs no script; its only style is the one that {@link pageHeaders} allows. */
export function renderPage(page: Page): string {
  const style = { markup: `<style>${stylesheet}</style>` };
  return html`<!doctype html>
<html lang="${page.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${page.title}</title>
${style}
</head>
<body>
${page.body}
</body>
</html>
`.markup;
}
