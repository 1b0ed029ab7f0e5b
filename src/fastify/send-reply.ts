import type { FastifyReply } from 'fastify';
import type { PageRenderer } from '../core/html/page-renderer.ts';
import type { HttpRequest } from '../core/http/request.ts';
import type { Reply } from '../core/verdict.ts';

/** Sends what was decided, each Set-Cookie of it; a page in the reader's language. */
export function sendReply(
  answer: Reply,
  request: HttpRequest,
  reply: FastifyReply,
  renderer: PageRenderer,
): FastifyReply {
  const { status, headers, body } = renderer.render(answer, request);
  reply.code(status);
  // One by one: a cookie is added to those before it.
  for (const [name, value] of headers) reply.header(name, value);
  return reply.send(body);
}
