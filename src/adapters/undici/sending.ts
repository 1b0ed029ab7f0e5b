import type { Dispatcher } from 'undici';
import { ConnectionLostError } from '../../ports/http-client.ts';
import type { Deadline } from './deadline.ts';

/** One request on its way. */
export interface Sending {
  /** Sends it. A second request, as fetch makes it when 421 is the answer (RFC 9110 §15.5.20), it does not send. */
  readonly dispatcher: Dispatcher;
  /** What a failure means for who sent the request. */
  failureOf(error: unknown): unknown;
}

/** Watches one request. What goes wrong before it is written to a connection happens before the other side knows of it. */
export function watchSending(dispatcher: Dispatcher, deadline: Deadline): Sending {
  let isDispatched = false;
  let isSent = false;
  const watched = dispatcher.compose((dispatch) => (options, handler) => {
    if (isDispatched) throw new Error('the server wants the request again, on another connection');
    isDispatched = true;
    // The handler is fetch's own, made for this request.
    const start = handler.onRequestStart;
    handler.onRequestStart = (controller, context) => {
      const mayBeSent = deadline.sending();
      start?.call(handler, controller, context);
      // What is aborted here is not written.
      if (!mayBeSent) controller.abort(deadline.signal.reason);
      isSent = !controller.aborted;
    };
    return dispatch(options, handler);
  });
  return {
    dispatcher: watched,
    failureOf: (error) => (isSent && isEndOfConnection(error) ? new ConnectionLostError(error) : error),
  };
}

/** Codes of a connection that the other side ended, or that broke; a deadline of ours is none of them. */
const ends = new Set<unknown>(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET']);

function isEndOfConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && ends.has(error.code)) || isEndOfConnection(error.cause);
}
