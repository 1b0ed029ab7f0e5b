import type { Forward, Header, PlainReply } from '../../core/verdict.ts';
import {
  HeaderValueOption_HeaderAppendAction as AppendAction,
  type HeaderValueOption,
} from '../../gen/envoy/config/core/v3/base.ts';
import type { CheckResponse } from '../../gen/envoy/service/auth/v3/external_auth.ts';
import type { StatusCode } from '../../gen/envoy/type/v3/http_status.ts';

/** The answer Envoy reads. Throws for a header value that protobuf cannot carry. */
export function toCheckResponse(verdict: Forward | PlainReply): CheckResponse {
  switch (verdict.kind) {
    case 'forward':
      return forwardResponse(verdict);
    case 'reply':
      return replyResponse(verdict);
  }
}

/** The only place that says "allow": an explicit ok_response beside the code 0 (G2). */
function forwardResponse(forward: Forward): CheckResponse {
  return {
    status: { code: 0, message: '' },
    httpResponse: {
      $case: 'okResponse',
      value: {
        headers: forward.setHeaders.map(overwriting),
        headersToRemove: forward.removeHeaders,
        responseHeadersToAdd: [
          ...forward.responseHeadersIfAbsent.map(ifAbsent),
          ...(forward.setResponseHeaders ?? []).map(overwriting),
          ...(forward.addResponseHeaders ?? []).map(repeatable),
          ...(forward.setCookies ?? []).map((value) => repeatable(['set-cookie', value])),
        ],
        queryParametersToRemove: [],
      },
    },
  };
}

/** The code is never 0: beside a denied_response Envoy would read that as "allow". */
function replyResponse(reply: PlainReply): CheckResponse {
  return {
    status: { code: refusalCode(reply.status), message: '' },
    httpResponse: {
      $case: 'deniedResponse',
      value: {
        status: { code: reply.status as StatusCode }, // an open enum: the guard admits 200 to 599
        headers: reply.headers.map(repeatable),
        body: reply.body,
      },
    },
  };
}

/** google.rpc.Code of a reply; Envoy only looks whether it is 0, people read it in access logs. */
function refusalCode(status: number): number {
  switch (status) {
    case 400:
      return 3; // INVALID_ARGUMENT
    case 401:
      return 16; // UNAUTHENTICATED
    case 404:
      return 5; // NOT_FOUND
    case 429:
      return 8; // RESOURCE_EXHAUSTED
    case 503:
      return 14; // UNAVAILABLE
    default:
      return 7; // PERMISSION_DENIED
  }
}

/** Both spellings: the zero value of append_action appends, and older Envoys read `append`. */
function overwriting([name, value]: Header): HeaderValueOption {
  const key = name.toLowerCase();
  return {
    // Only cookies pass through us with bytes that we did not choose; the guard wants ASCII everywhere else.
    header: { key, value: key === 'cookie' ? utf8Text(value) : value },
    append: false,
    appendAction: AppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
  };
}

function ifAbsent([name, value]: Header): HeaderValueOption {
  return {
    header: { key: name.toLowerCase(), value },
    append: undefined,
    appendAction: AppendAction.ADD_IF_ABSENT,
  };
}

/** Every Set-Cookie reaches the client. `append: true` loses all headers of a reply (Envoy 1.40). */
function repeatable([name, value]: Header): HeaderValueOption {
  return {
    header: { key: name.toLowerCase(), value },
    append: undefined,
    appendAction: AppendAction.APPEND_IF_EXISTS_OR_ADD,
  };
}

const beyondAscii = /[^\0-\x7f]/;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The text whose protobuf encoding has exactly the bytes of the latin-1 `value`. Envoy ignores raw_value in
 * answers, and a proto3 string holds UTF-8 only, so bytes that are not UTF-8 cannot be sent: it throws.
 */
function utf8Text(value: string): string {
  return beyondAscii.test(value) ? strictUtf8.decode(latin1Bytes(value)) : value;
}

function latin1Bytes(value: string): Uint8Array {
  // Buffer.from(value, 'latin1') would cut U+010A down to a line feed.
  return Uint8Array.from(value, (character) => {
    const byte = character.charCodeAt(0);
    if (byte > 0xff) throw new RangeError('a header value has a character outside latin-1');
    return byte;
  });
}
