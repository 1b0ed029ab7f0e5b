/** Tells the edge to send the request once more. Between the parts of Envoy alone: never from a client or to one. */
export const markerHeader = 'x-sallyport-retry';
