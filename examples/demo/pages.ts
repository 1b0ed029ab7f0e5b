import { type Html, html } from '../../src/core/html/html.ts';
import { defaultLook } from '../../src/core/html/look.ts';
import { createPageRenderer } from '../../src/core/html/page-renderer.ts';
import { pageReply } from '../../src/core/http/reply.ts';
import type { PlainReply } from '../../src/core/verdict.ts';
import type { Received } from './received.ts';

/** The public page at `/`: what there is to try. */
export function startPage(): PlainReply {
  return page(
    'Sallyport demo',
    html`
      <h1>A workload that knows nothing about login</h1>
      <p>Envoy asks Sallyport about every request to this site. Rules say what is open and what needs a login;
      the workload behind it only reads headers.</p>
      <h2>Try it</h2>
      <table>
        ${[
          tryRow('/app/', 'Needs a login. Shows who you are and every header that arrived here.'),
          tryRow('/app/orders?x=1#top', 'A deep link: after the login you are exactly there, fragment included.'),
          tryRow(
            '/api/whoami',
            'The same as JSON. A script without a session gets 401 with a login URL, never a redirect.',
          ),
          tryRow('/spa/', 'A single-page application: the session in cookies, and no token in the browser.'),
          tryRow('/public/', 'Open to all. Log in, come back: no identity is sent here.'),
          tryRow('/secret', 'No rule names it, so it is refused.'),
        ]}
      </table>
      <h2>Users</h2>
      <table>
        <tr><th><code>alice</code></th><td><code>alice-password</code></td></tr>
        <tr><th><code>bob</code></th><td><code>bob-password</code></td></tr>
      </table>
      <p class="row"><a class="button" href="/app/">Log in</a> <a class="button plain" href="/_auth/logout">Log out</a></p>`,
  );
}

/** A page below `/app/`: the person, and what the workload received. */
export function applicationPage(path: string, request: Received): PlainReply {
  return page(
    'The application',
    html`
      <h1>Hello, ${request.name ?? request.user ?? 'stranger'}</h1>
      <p>This is <code>${path}</code>. Sallyport told the workload who you are:</p>
      <table>
        ${[row('User', request.user ?? '–'), row('E-mail', request.email ?? '–'), row('Name', request.name ?? '–')]}
      </table>
      ${headerTable(request)}
      <p class="row"><a class="button" href="/_auth/logout">Log out</a> <a class="button plain" href="/">Start page</a></p>`,
  );
}

/** A page below `/public/`: what the workload received, which names nobody. */
export function publicPage(path: string, request: Received): PlainReply {
  return page(
    'Open page',
    html`
      <h1>Open to everybody</h1>
      <p>This is <code>${path}</code>. Identity headers and Sallyport's cookies were taken off before the request came
      here, whether they were forged or not.</p>
      ${headerTable(request)}
      <p class="row"><a class="button plain" href="/">Start page</a></p>`,
  );
}

/** What the workload itself does not have. */
export function notFoundPage(path: string): PlainReply {
  return page(
    'Not found',
    html`
      <h1>Nothing here</h1>
      <p>The workload has no page at <code>${path}</code>.</p>
      <p><a class="button plain" href="/">Start page</a></p>`,
    404,
  );
}

function headerTable(request: Received): Html {
  return html`<h2>Headers that the workload received</h2>
      <table>
        ${request.headers.map(([name, value]) => row(name, value))}
      </table>`;
}

function row(name: string, value: string): Html {
  return html`<tr><th>${name}</th><td><code>${value}</code></td></tr>
        `;
}

function tryRow(path: string, text: string): Html {
  return html`<tr><th><a href="${path}">${path}</a></th><td>${text}</td></tr>
        `;
}

const renderer = createPageRenderer(defaultLook);

/** A request that asks for no language: the demo speaks English alone. */
const anybody = { method: 'GET', authority: '', target: '/', headers: new Map(), context: new Map() };

function page(title: string, content: Html, status = 200): PlainReply {
  const neutral = { title: { en: title, de: title }, body: () => content, isWide: true };
  return renderer.render(pageReply(status, neutral), anybody);
}
