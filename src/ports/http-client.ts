import type { Seconds } from '../core/time.ts';

/** The subset of fetch options that OAuth libraries use, and how long the answer may take. */
export interface OutboundRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string | URLSearchParams | Uint8Array | ReadableStream | ArrayBuffer | null | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The whole answer may take so long, counted from the sending; never shorter than for any other request. */
  readonly answerTimeout?: Seconds | undefined;
}

/** The request was sent, and the connection ended before the whole answer had come: it may have been carried out. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
  constructor(cause: unknown) {
    super('the connection ended before the answer', { cause });
  }
}

/**
 * Requests that we send ourselves, to one provider.
 *
 * Obligations: follows no redirect (an answer of 3xx is handed on as it is); bounded in time, before the sending and
 * again from there to the end of the body, and in bytes after decompression; sends nothing that has waited too long
 * for a connection, nothing over plain HTTP unless the operator allowed it, and nothing twice. Rejects
 * past a bound, with an error that holds no credential and no more of a URL than its origin; with
 * {@link ConnectionLostError} when, and only when, that is what happened.
 */
export interface HttpClient {
  fetch(url: string, request: OutboundRequest): Promise<Response>;
  /** Lets go of connections when what is in flight has ended; later requests are rejected. */
  close(): void;
}
