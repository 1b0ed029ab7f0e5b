import type { HeaderBag, HttpRequest } from '../../core/http/request.ts';
import type { AttributeContext_HttpRequest } from '../../gen/envoy/service/auth/v3/attribute_context.ts';
import { CheckRequest } from '../../gen/envoy/service/auth/v3/external_auth.ts';
import { Latin1Reader } from './latin1-reader.ts';

/** Reads an encoded CheckRequest; undefined when it is cut short, not protobuf, or names no HTTP request. */
export function toHttpRequest(message: Uint8Array): HttpRequest | undefined {
  try {
    const reader = new Latin1Reader(message);
    const { attributes } = CheckRequest.decode(reader);
    const http = attributes?.request?.http;
    if (!reader.isAtEnd || http === undefined || http.method === '') return undefined;
    return requestOf(http, contextOf(attributes?.contextExtensions), reader);
  } catch {
    return undefined; // the decoder throws for bytes that are no message; there is nothing in them to report
  }
}

function requestOf(
  http: AttributeContext_HttpRequest,
  context: ReadonlyMap<string, string>,
  reader: Latin1Reader,
): HttpRequest {
  const headers = new Map<string, string[]>();
  // With encode_raw_headers Envoy fills header_map; without it `headers`, where repeats are joined by commas and
  // bytes that are not UTF-8 have become `!`.
  if (http.headerMap === undefined) {
    for (const [name, value] of http.headers) add(headers, name, value);
  } else {
    for (const { key, value, rawValue } of http.headerMap.headers) {
      add(headers, key, rawValue === undefined ? value : reader.textOf(rawValue));
    }
  }
  // The pseudo-headers hold the bytes that came; the attributes were made printable.
  return {
    method: pseudoHeader(headers, ':method') ?? http.method,
    authority: pseudoHeader(headers, ':authority') ?? http.host,
    target: pseudoHeader(headers, ':path') ?? http.path,
    headers: withoutPseudoHeaders(headers),
    context,
  };
}

function add(headers: Map<string, string[]>, name: string, value: string): void {
  const lowerCaseName = name.toLowerCase();
  const values = headers.get(lowerCaseName);
  if (values === undefined) headers.set(lowerCaseName, [value]);
  else values.push(value);
}

function pseudoHeader(headers: Map<string, string[]>, name: string): string | undefined {
  const values = headers.get(name);
  return values?.length === 1 ? values[0] : undefined;
}

function withoutPseudoHeaders(headers: Map<string, string[]>): HeaderBag {
  for (const name of headers.keys()) {
    if (name.startsWith(':')) headers.delete(name);
  }
  return headers;
}

/** Operators write these in UTF-8; everything else of the message stays latin-1. */
function contextOf(extensions: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, string> {
  if (extensions.size === 0) return extensions;
  const utf8 = (text: string) => Buffer.from(text, 'latin1').toString('utf8');
  return new Map([...extensions].map(([name, value]) => [utf8(name), utf8(value)]));
}
