import {
  HeaderValueOption_HeaderAppendAction as AppendAction,
  type HeaderValueOption,
} from '../../gen/envoy/config/core/v3/base.ts';
import type {
  CheckResponse,
  DeniedHttpResponse,
  OkHttpResponse,
} from '../../gen/envoy/service/auth/v3/external_auth.ts';

/**
 * The last look at an answer before it is encoded: what is wrong with it, or undefined.
 *
 * Nothing here should ever be found; it is found here rather than in Envoy, where an empty answer or a code 0
 * beside a denied_response is "allow", and where a line feed in a value splits the client's response. Values
 * are not part of the text, which goes to the log.
 */
export function flawOf(response: CheckResponse): string | undefined {
  const code = response.status?.code;
  if (!isInteger(code) || code < 0 || code > 16) return 'a status code outside google.rpc.Code';
  const httpResponse = response.httpResponse;
  if (httpResponse === undefined) return 'no http_response';
  switch (httpResponse.$case) {
    case 'okResponse':
      return code === 0 ? flawOfForward(httpResponse.value) : 'ok_response beside an error code';
    case 'deniedResponse':
      return code === 0 ? 'denied_response beside code 0' : flawOfReply(httpResponse.value);
  }
  return 'an unknown http_response'; // reachable only for a value that its type does not allow
}

function flawOfForward(ok: OkHttpResponse): string | undefined {
  const set = new Set<string>();
  for (const option of ok.headers) {
    const name = option.header?.key.toLowerCase() ?? '';
    // A client's own cookies may hold UTF-8 and pass as they came; whatever we make ourselves is ASCII.
    const flaw = flawOfHeader(option, name === 'cookie' ? withoutControls : printableAscii);
    if (flaw !== undefined) return `${flaw} in headers`;
    if (option.append !== false || option.appendAction !== AppendAction.OVERWRITE_IF_EXISTS_OR_ADD) {
      return 'a request header that would be appended';
    }
    if (set.has(name)) return 'a request header that is set twice';
    set.add(name);
  }
  for (const name of ok.headersToRemove) {
    if (!isFieldName(name)) return 'an invalid name in headers_to_remove';
    const folded = name.toLowerCase();
    if (managedByEnvoy.has(folded)) return 'a name that belongs to Envoy in headers_to_remove';
    // Envoy removes after it has set: the header would be missing.
    if (set.has(folded)) return 'a header that is both set and removed';
  }
  const flaw = flawOfResponseHeaders(ok.responseHeadersToAdd);
  if (flaw !== undefined) return flaw;
  return ok.queryParametersToRemove.length === 0 ? undefined : 'query parameters to remove';
}

/**
 * What the workload says stays, unless it is overwritten; a cookie of ours stands beside its cookies, uncached, and what
 * the answer varies by beside what it varies by.
 */
function flawOfResponseHeaders(options: readonly HeaderValueOption[]): string | undefined {
  const isOverwritten = (name: string) =>
    options.some(
      ({ header, appendAction }) =>
        header?.key === name && appendAction === AppendAction.OVERWRITE_IF_EXISTS_OR_ADD && header.value !== '',
    );
  for (const option of options) {
    const flaw = flawOfHeader(option, printableAscii);
    if (flaw !== undefined) return `${flaw} in response_headers_to_add`;
    const name = option.header?.key;
    const isCookie = name === 'set-cookie';
    const appends = isAppended(option);
    // Two values of most headers are none, or whichever of them a browser picks.
    if (appends ? !isCookie && name !== 'vary' : isCookie) {
      return 'a response header that is appended, or a cookie that is not';
    }
    if (!appends && options.some((other) => isAppended(other) && other.header?.key === name)) {
      return 'a response header that is both set and appended';
    }
    // A cache that keeps the answer would hand the cookie to everybody.
    if (isCookie && !isOverwritten('cache-control')) return 'a cookie on an answer that a cache may keep';
  }
  return undefined;
}

function isAppended({ appendAction }: HeaderValueOption): boolean {
  return appendAction === AppendAction.APPEND_IF_EXISTS_OR_ADD;
}

function flawOfReply(denied: DeniedHttpResponse): string | undefined {
  const status = denied.status?.code;
  if (!isInteger(status) || status < 200 || status > 599) return 'an HTTP status outside 200 to 599';
  for (const option of denied.headers) {
    const flaw = flawOfHeader(option, printableAscii);
    if (flaw !== undefined) return `${flaw} in the headers of a reply`;
    if (option.append === true) return 'append in the headers of a reply, where Envoy drops all of them';
  }
  return typeof denied.body === 'string' ? undefined : 'a body that is no text';
}

function flawOfHeader(option: HeaderValueOption, grammar: RegExp): string | undefined {
  const header = option.header;
  if (header === undefined || !isFieldName(header.key)) return 'an invalid name';
  if (managedByEnvoy.has(header.key.toLowerCase())) return 'a name that belongs to Envoy';
  if (typeof header.value !== 'string' || !grammar.test(header.value)) return 'an invalid value';
  // Envoy would send an empty value in its place.
  return header.rawValue === undefined ? undefined : 'a raw value';
}

/** Framing and routing: changed by us they let one request be read as two, or as one for another host. */
const managedByEnvoy: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
]);

// RFC 9110 §5.6.2 token; excludes the colon, and with it every pseudo-header.
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const printableAscii = /^[\x20-\x7e]*$/;
const withoutControls = /^[\x20-\x7e\x80-\uffff]*$/;

function isFieldName(name: unknown): boolean {
  return typeof name === 'string' && token.test(name);
}

function isInteger(value: number | undefined): value is number {
  return Number.isInteger(value);
}
