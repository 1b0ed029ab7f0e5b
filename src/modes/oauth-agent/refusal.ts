import { jsonReply } from '../../core/http/reply.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import type { Seconds } from '../../core/time.ts';
import type { Header, PlainReply } from '../../core/verdict.ts';

/** What the check answers to a request that brings no session, or that no page of the application sends like this. */
export function denied(request: HttpRequest, status: 401 | 403, headers: readonly Header[]): PlainReply {
  const message = 'Access denied due to missing or invalid credentials';
  return answer(request, status, { code: 'unauthorized', message }, headers);
}

/** What the check answers when it cannot say: the session lives, and the same request may be good in a moment. */
export function unavailable(request: HttpRequest, retryAfter: Seconds, headers: readonly Header[]): PlainReply {
  const message = 'The request could not be checked. Please try again in a moment.';
  const error = { code: 'temporarily_unavailable', message };
  return answer(request, 503, error, [['retry-after', String(retryAfter)], ...headers]);
}

/** `error`: public. Nothing of it follows a HEAD (RFC 9110 §9.3.2). */
function answer(
  { method }: HttpRequest,
  status: number,
  error: { readonly code: string; readonly message: string },
  headers: readonly Header[],
): PlainReply {
  const reply = jsonReply(status, error, headers);
  return method === 'HEAD' ? { ...reply, body: '' } : reply;
}
