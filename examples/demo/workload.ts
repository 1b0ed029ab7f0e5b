// The sample workload: plain node:http, no login code. Listens where only this machine's Envoy reaches it.
import { createServer, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import type { PlainReply } from '../../src/core/verdict.ts';
import { type ServedFile, spaFile } from '../spa/files.ts';
import { applicationPage, notFoundPage, publicPage, startPage } from './pages.ts';
import { type Received, received } from './received.ts';

interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

async function answer(request: IncomingMessage): Promise<Answer> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const body = await text(request);
  if (path === '/') return page(startPage());
  if (isBelow(path, '/app')) return page(applicationPage(request.url ?? '/', received(request)));
  if (isBelow(path, '/public')) return page(publicPage(request.url ?? '/', received(request)));
  if (path === '/api/whoami') return json(whoAmI(received(request)));
  if (isBelow(path, '/api/spa')) return json({ headers: Object.fromEntries(received(request).headers), body });
  if (path === '/spa') return { status: 302, headers: { location: '/spa/' }, body: '' };
  const file = spaFile(path);
  if (file !== undefined) return served(file);
  return page(notFoundPage(path));
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

function page({ status, headers, body }: PlainReply): Answer {
  return { status, headers: Object.fromEntries(headers), body };
}

function served({ headers, body }: ServedFile): Answer {
  return { status: 200, headers: Object.fromEntries(headers), body };
}

function whoAmI({ user, email, name, headers }: Received) {
  return { user: user ?? null, email: email ?? null, name: name ?? null, headers: Object.fromEntries(headers) };
}

function json(body: unknown): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    body: `${JSON.stringify(body, null, 2)}\n`,
  };
}

const server = createServer((request, response) => {
  answer(request).then(
    ({ status, headers, body }) => response.writeHead(status, headers).end(body),
    // The request broke off.
    () => response.destroy(),
  );
});

server.listen(4190, '127.0.0.1');

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}
