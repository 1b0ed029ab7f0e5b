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
  for (let index = 0; index + 1 < message.rawHeaders.length; index += 2) {
    const name = (message.rawHeaders[index] ?? '').toLowerCase();
    const value = message.rawHeaders[index + 1] ?? '';
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [value]);
    else values.push(value);
  }
  const hosts = headers.get('host') ?? [];
  return {
    method: message.method ?? '',
    authority: hosts.length === 1 ? (hosts[0] ?? '') : '',
    target: message.url ?? '',
    headers,
    context: new Map(),
  };
}
