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

/** Ends the connection when a request is answered before all of it came: Node would go on reading, endlessly. */
export function endUnread(request: IncomingMessage, response: ServerResponse): void {
  response.once('finish', () => {
    if (!request.complete) request.socket.destroySoon();
  });
}
