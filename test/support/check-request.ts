import { CheckRequest } from '../../src/gen/envoy/service/auth/v3/external_auth.ts';

export interface CheckMessageParts {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  /** In arrival order, pseudo-headers included; values in latin-1. Fills `header_map`, as encode_raw_headers does. */
  readonly rawHeaders?: readonly (readonly [name: string, value: string])[];
  /** Fills `headers`, as Envoy does without encode_raw_headers. */
  readonly headers?: ReadonlyMap<string, string>;
  readonly context?: ReadonlyMap<string, string>;
}

/** An encoded CheckRequest as Envoy sends one. */
export function checkMessage(parts: CheckMessageParts = {}): Buffer {
  const http = {
    id: '1234567890',
    method: parts.method ?? 'GET',
    path: parts.path ?? '/',
    host: parts.host ?? 'app.example.com',
    scheme: 'https',
    protocol: 'HTTP/2',
    headers: new Map(parts.headers),
    headerMap:
      parts.rawHeaders === undefined
        ? undefined
        : {
            headers: parts.rawHeaders.map(([key, value]) => ({
              key,
              value: '',
              rawValue: Buffer.from(value, 'latin1'),
            })),
          },
  };
  const attributes = { request: { http }, contextExtensions: new Map(parts.context) };
  return Buffer.from(CheckRequest.encode({ attributes }).finish());
}
