import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { atEnd } from './ends.ts';
import { listenOnLoopback } from './listen.ts';

/** One request as its bytes reached the workload. Texts are latin-1: one character, one byte. */
export interface RecordedRequest {
  readonly method: string;
  readonly target: string;
  /** In arrival order, names as written. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Values of a header by lower-case name, in arrival order. */
  values(name: string): readonly string[];
}

/** How the upstream answers; what is left out is 200 with a short text. */
export interface UpstreamAnswer {
  readonly status?: number;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
}

export interface RecordingUpstream {
  readonly port: number;
  /** Everything that arrived since the last {@link RecordingUpstream.clear}. */
  readonly requests: readonly RecordedRequest[];
  answerWith(answer: (request: RecordedRequest) => UpstreamAnswer): void;
  clear(): void;
  stop(): Promise<void>;
}

/** A workload on plain sockets, so that nothing between the wire and the test repairs a header. */
export async function startRecordingUpstream(): Promise<RecordingUpstream> {
  const requests: RecordedRequest[] = [];
  const sockets = new Set<Socket>();
  let answer: (request: RecordedRequest) => UpstreamAnswer = () => ({});
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      for (let next = takeRequest(received); next !== undefined; next = takeRequest(received)) {
        received = received.slice(next.length);
        requests.push(next.request);
        if (next.request.values('upgrade').length > 0) acceptWebSocket(socket, next.request);
        else socket.write(formatAnswer(answer(next.request)), 'latin1');
      }
    });
  });
  const port = await listenOnLoopback(server);
  const stop = async () => {
    forget();
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  const forget = atEnd(stop);
  return {
    port,
    requests,
    answerWith: (next) => {
      answer = next;
    },
    clear: () => {
      requests.length = 0;
    },
    stop,
  };
}

/** The first whole request of what was received, with its length; undefined while it is not whole. */
function takeRequest(received: string): { readonly request: RecordedRequest; readonly length: number } | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [requestLine = '', ...lines] = received.slice(0, end).split('\r\n');
  const [method = '', target = ''] = requestLine.split(' ');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), withoutBlanks(line.slice(colon + 1))] as const;
  });
  const values = (name: string) => headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
  const body = takeBody(received.slice(end + 4), values);
  if (body === undefined) return undefined;
  return { request: { method, target, headers, body: body.text, values }, length: end + 4 + body.length };
}

/** Not `trim()`: to it the last byte of `à` in UTF-8 is a blank. */
function withoutBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}

function takeBody(
  rest: string,
  values: (name: string) => readonly string[],
): { readonly text: string; readonly length: number } | undefined {
  if (values('transfer-encoding').includes('chunked')) return takeChunks(rest);
  const length = Number(values('content-length')[0] ?? 0);
  return rest.length < length ? undefined : { text: rest.slice(0, length), length };
}

function takeChunks(rest: string): { readonly text: string; readonly length: number } | undefined {
  let text = '';
  let at = 0;
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(rest.slice(at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (rest.length < next) return undefined;
    text += rest.slice(lineEnd + 2, lineEnd + 2 + size);
    at = next;
    if (size === 0) return { text, length: at };
  }
}

function formatAnswer(answer: UpstreamAnswer): string {
  const { status = 200, headers = [['content-type', 'text/plain']], body = 'workload' } = answer;
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${status} X\r\n${lines}content-length: ${Buffer.byteLength(body, 'latin1')}\r\n\r\n${body}`;
}

/** RFC 6455 §4.2.2, and then an echo of the bytes. */
function acceptWebSocket(socket: Socket, request: RecordedRequest): void {
  const accept = createHash('sha1')
    .update(`${request.values('sec-websocket-key')[0] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  );
}
