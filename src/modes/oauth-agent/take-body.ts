import { bodyLimit } from './read-body.ts';

/** Bytes that are taken, and thrown away, of a body that is too large. */
const mostTaken = 8 * 1024 * 1024;

/**
 * A body, to its end. One that is too large is taken as well before that is said: whoever is answered while he still
 * sends sees a connection that breaks, and Envoy makes a 503 of that. Rejects with the status that it is worth.
 */
export async function takeBody(payload: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const kept: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of payload) {
      length += chunk.length;
      if (length > mostTaken) break;
      if (length <= bodyLimit) kept.push(chunk);
    }
  } catch (error) {
    throw Object.assign(new Error('the body broke off', { cause: error }), { statusCode: 400 });
  }
  if (length > bodyLimit) throw Object.assign(new Error('the body is too large'), { statusCode: 413 });
  return Buffer.concat(kept);
}
