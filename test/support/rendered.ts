import { defaultLook } from '../../src/core/html/look.ts';
import { createPageRenderer } from '../../src/core/html/page-renderer.ts';
import type { HttpRequest } from '../../src/core/http/request.ts';
import type { PlainReply, Reply } from '../../src/core/verdict.ts';
import { httpRequest } from './http-request.ts';

/** Pages as they look without a `pages` section. */
export const renderer = createPageRenderer(defaultLook);

/** A reply as it leaves to whoever sent `request`; in English where it does not say. */
export function rendered(reply: Reply, request: HttpRequest = httpRequest()): PlainReply {
  return renderer.render(reply, request);
}
