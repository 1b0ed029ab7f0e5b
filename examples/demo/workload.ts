// The sample workload: plain node:http, no login code. Listens where only this machine's Envoy reaches it.
import { createServer, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { PlainReply } from '../../src/core/verdict.ts';
import { applicationPage, notFoundPage, publicPage, startPage } from './pages.ts';
import { received } from './received.ts';

interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

function answer(request: IncomingMessage): Answer {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  if (path === '/') return page(startPage());
  if (isBelow(path, '/app')) return page(applicationPage(request.url ?? '/', received(request)));
  if (isBelow(path, '/public')) return page(publicPage(request.url ?? '/', received(request)));
  if (path === '/api/whoami') return json(received(request));
  return page(notFoundPage(path));
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

function page({ status, headers, body }: PlainReply): Answer {
  return { status, headers: Object.fromEntries(headers), body };
}

function json({ user, email, name, headers }: ReturnType<typeof received>): Answer {
  const body = { user: user ?? null, email: email ?? null, name: name ?? null, headers: Object.fromEntries(headers) };
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    body: `${JSON.stringify(body, null, 2)}\n`,
  };
}

const server = createServer((request, response) => {
  request.resume();
  const { status, headers, body } = answer(request);
  response.writeHead(status, headers).end(body);
});

server.listen(4190, '127.0.0.1');

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}
