import type { IncomingMessage } from 'node:http';

/** What the workload is told about the person behind a request. It believes these headers because only Envoy reaches it. */
export interface Received {
  readonly user: string | undefined;
  readonly email: string | undefined;
  readonly name: string | undefined;
  /** Every header line in order of arrival, tokens cut short. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Reads the identity headers and the table of all headers. */
export function received(request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): Received {
  return {
    user: identity(request, 'x-auth-request-user'),
    email: identity(request, 'x-auth-request-email'),
    name: identity(request, 'x-auth-request-name'),
    headers: headerLines(request.rawHeaders),
  };
}

function identity(request: Pick<IncomingMessage, 'headers'>, header: string): string | undefined {
  const value = request.headers[header];
  return typeof value === 'string' ? value : undefined;
}

function headerLines(raw: readonly string[]): readonly (readonly [string, string])[] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, shown(name, raw[index + 1] ?? '')] as const] : []));
}

/** An access token is a key: enough of it to recognise it, not enough to use it. */
function shown(name: string, value: string): string {
  if (name.toLowerCase() !== 'authorization') return value;
  const [scheme = '', token = ''] = value.split(' ', 2);
  return token === '' ? `${scheme.slice(0, 12)}…` : `${scheme} ${token.slice(0, 12)}…`;
}
