import type { Text } from '../../core/html/text.ts';
import type { Refusal } from '../../core/http/refusal.ts';
import { type HttpRequest, headerValues } from '../../core/http/request.ts';

/** More than a request to an authorization server needs. Bytes, of a target and of a body alike. */
const limit = 16_384;

/**
 * Why a request is too large for the engine, found without reading its body; undefined when it is not. A body of
 * unknown length is refused too (RFC 9110 §15.5.12), else the limit would hold for honest clients only.
 */
export function refusalOfSize(request: HttpRequest): Refusal | undefined {
  if (request.target.length > limit) return targetTooLong;
  // The engine reads no body of a GET, and some proxies send an empty one in chunks.
  if (request.method !== 'GET' && headerValues(request, 'transfer-encoding').length > 0) return lengthRequired;
  const lengths = headerValues(request, 'content-length').map(Number);
  return lengths.every((length) => length <= limit) ? undefined : bodyTooLarge;
}

const title: Text = { en: 'This request cannot be answered', de: 'Diese Anfrage kann nicht beantwortet werden' };

const targetTooLong: Refusal = {
  status: 400,
  error: 'invalid_request',
  title,
  description: {
    en: `The address is longer than ${limit} bytes.`,
    de: `Die Adresse ist länger als ${limit} Bytes.`,
  },
};

const lengthRequired: Refusal = {
  status: 411,
  error: 'invalid_request',
  title,
  description: {
    en: 'The request does not say how long its body is.',
    de: 'Die Anfrage sagt nicht, wie lang ihr Inhalt ist.',
  },
  // The body stays unread.
  headers: [['connection', 'close']],
};

const bodyTooLarge: Refusal = {
  status: 413,
  error: 'invalid_request',
  title,
  description: {
    en: `The body is longer than ${limit} bytes.`,
    de: `Der Inhalt ist länger als ${limit} Bytes.`,
  },
  headers: [['connection', 'close']],
};
