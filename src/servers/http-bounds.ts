import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';

/**
 * How long every HTTP listener waits for clients, in milliseconds (G3); Envoy in front has bounds of its own.
 * `headersTimeout` is the smaller one: where it is not, Node exchanges the two, and a body may take a minute.
 */
export const httpBounds = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 72_000,
  // How often Node looks whether a time is over; without it every 30 s.
  connectionsCheckingInterval: 1000,
} as const satisfies ServerOptions;

/**
 * Ends the connection when a request is answered before all of it came: Node would go on reading, endlessly. Says so in
 * the answer, or Envoy would send its next request into the end; also where `isEnding` says that the connection ends.
 */
export function endUnread(
  request: IncomingMessage,
  response: ServerResponse,
  isEnding: () => boolean = () => false,
): void {
  const writeHead = response.writeHead.bind(response);
  // By the head itself, and not by a hook of Fastify: some answers do not go through it. A cast, as it has overloads.
  response.writeHead = ((...parts: Parameters<typeof writeHead>) => {
    if (!request.complete || isEnding()) response.setHeader('connection', 'close');
    return writeHead(...parts);
  }) as typeof response.writeHead;
  // Kept: a request that somebody stopped reading has been destroyed by then, and its socket is gone from it.
  const { socket } = request;
  response.once('finish', () => {
    if (!request.complete) socket.destroySoon();
  });
}
