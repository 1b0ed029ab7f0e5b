import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import { atEnd } from '../support/ends.ts';
import { listenOnLoopback } from '../support/listen.ts';
import { noteSecret } from '../support/seen-secrets.ts';

/** A request that passed a gate. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  /** The fields of a form. */
  readonly form: URLSearchParams;
  /** What the provider said, once it did. */
  readonly answer: SeenAnswer | undefined;
}

export interface SeenAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface GateOptions {
  /** `host` that the provider is told, in place of the one that the client wrote. */
  readonly host?: string;
  /** Told of every request before the provider gets it; may hold it back. */
  readonly watch?: (request: SeenRequest) => Promise<AnswerWatch | undefined>;
}

/** Told of an answer before the client gets it; may hold it back. */
export type AnswerWatch = (answer: SeenAnswer) => Promise<void>;

export type GateHandler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * What stands before a provider: browser and Sallyport reach it here alone, under the name that it has in the
 * tokens. It sees each request, and can be shut, as if the provider were down.
 */
export interface Gate {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  /** The same under another name: to browsers another site. */
  readonly localhost: string;
  /** Requests whose path ends so, oldest first, since the last {@link Gate.forget}. */
  seen(pathEnd: string): readonly SeenRequest[];
  /** The provider moved to another port. */
  leadTo(port: number): void;
  /** Answers paths that end so in the provider's place; undefined: no longer. */
  answer(pathEnd: string, handler: GateHandler | undefined): void;
  forget(): void;
  /** Every connection breaks, old and new. */
  shut(): void;
  open(): void;
}

/** Starts a gate in front of a port of 127.0.0.1. The end of the test file ends it. */
export async function startGate(port = 0, { host, watch }: GateOptions = {}): Promise<Gate> {
  const requests: SeenRequest[] = [];
  const rename = host === undefined ? {} : { host };
  const handlers = new Map<string, GateHandler>();
  let provider = port;
  let isShut = false;
  const server = createServer((request, response) => void pass(request, response));
  server.on('connection', (socket) => {
    if (isShut) socket.destroy();
  });

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: target = '/', headers } = request;
    const path = pathOf(target);
    const handler = [...handlers].find(([end]) => path.endsWith(end))?.[1];
    const body = await bytesOf(request).catch(() => undefined);
    if (body === undefined) return void response.destroy();
    const seen = { method, target, headers, form: new URLSearchParams(body.toString()), answer: undefined };
    requests.push(seen);
    if (handler !== undefined) return handler(request, response);
    const watchAnswer = await watch?.(seen);
    const answer = await passOn({ method, path: target, headers: { ...headers, ...rename } }, body);
    if (answer === undefined) return void response.destroy();
    Object.assign(seen, { answer });
    await watchAnswer?.(answer);
    response.writeHead(answer.status, [...answer.rawHeaders]).end(answer.body);
  }

  /** With the name that the client used, unless told otherwise: the provider calls itself by it. */
  function passOn(options: RequestOptions, body: Buffer): Promise<RawAnswer | undefined> {
    return new Promise((resolve) => {
      const onward = httpRequest({ ...options, host: '127.0.0.1', port: provider, agent: false });
      onward.on('error', () => resolve(undefined));
      onward.on('response', (answer) => resolve(read(answer)));
      onward.end(body);
    });
  }

  const own = await listenOnLoopback(server);
  atEnd(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return {
    origin: `http://127.0.0.1:${own}`,
    localhost: `http://localhost:${own}`,
    seen: (pathEnd) => requests.filter(({ target }) => pathOf(target).endsWith(pathEnd)),
    leadTo: (next) => {
      provider = next;
    },
    answer: (pathEnd, handler) => {
      if (handler === undefined) handlers.delete(pathEnd);
      else handlers.set(pathEnd, handler);
    },
    forget: () => {
      requests.length = 0;
    },
    shut: () => {
      isShut = true;
      server.closeAllConnections();
    },
    open: () => {
      isShut = false;
    },
  };
}

interface RawAnswer extends SeenAnswer {
  readonly rawHeaders: readonly string[];
}

/** Undefined when it broke off. */
async function read(answer: IncomingMessage): Promise<RawAnswer | undefined> {
  const bytes = await bytesOf(answer).catch(() => undefined);
  if (bytes === undefined) return undefined;
  noteTokens(answer, bytes);
  // Framed anew: the body is whole.
  const rawHeaders = answer.rawHeaders.filter((_, index, all) => !isFraming(all[index - (index % 2)] ?? ''));
  rawHeaders.push('content-length', String(bytes.length));
  return { status: answer.statusCode ?? 502, headers: answer.headers, body: bytes, rawHeaders };
}

function isFraming(name: string): boolean {
  return ['transfer-encoding', 'content-length', 'connection', 'keep-alive'].includes(name.toLowerCase());
}

/** None of them may stand in a log. */
function noteTokens(answer: IncomingMessage, body: Buffer): void {
  for (const [, token] of body.toString().matchAll(/"(?:access|refresh|id)_token": ?"([^"\\]+)"/g)) noteSecret(token);
  const location = answer.headers.location ?? '';
  if (URL.canParse(location)) noteSecret(new URL(location).searchParams.get('code'));
}

function pathOf(target: string): string {
  return target.split('?')[0] ?? '';
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer); // no encoding is set
  return Buffer.concat(chunks);
}
