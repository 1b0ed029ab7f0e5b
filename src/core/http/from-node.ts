import type { HttpRequest } from './request.ts';

/** The parts of Node's IncomingMessage that a request is made of. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Alternating names and values, values in latin-1, as node:http gives them. */
  readonly rawHeaders: readonly string[];
}

/** The same neutral request that the check works on, from a request that reached us over HTTP. */
export function httpRequestFrom(message: NodeRequest): HttpRequest {
  const headers = new Map<string, string[]>();
  let name: string | undefined;
  for (const text of message.rawHeaders) {
    if (name === undefined) {
      name = text.toLowerCase();
      continue;
    }
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [text]);
    else values.push(text);
    name = undefined;
  }
  // Two Host lines name no host (RFC 9112 §3.2).
  const [host = '', ...furtherHosts] = headers.get('host') ?? [];
  return {
    method: message.method ?? '',
    authority: furtherHosts.length === 0 ? host : '',
    target: message.url ?? '',
    headers,
    context: new Map(),
  };
}
