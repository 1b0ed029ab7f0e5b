import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { atEnd } from './ends.ts';
import { listenOnLoopback } from './listen.ts';
import { noteSecret } from './seen-secrets.ts';

/** What the token endpoint said. */
export interface TokenAnswer {
  readonly status: number;
  readonly body: string;
}

/** A request for new tokens on its way to the provider. */
export interface Passage {
  /** Index of the process that asks. */
  readonly replica: number;
  readonly refreshToken: string;
  /** The process broke the connection, or died. */
  readonly isAbandoned: () => boolean;
  /** Gives it to the provider, and waits for what that says; nobody else is told yet. */
  forward(): Promise<TokenAnswer>;
  send(answer: TokenAnswer): void;
  /** Ends the connection without an answer, or in the middle of this one. */
  drop(part?: string): void;
  /** Answers in the provider's place. */
  answerWith(handler: (request: IncomingMessage, response: ServerResponse) => void): void;
}

/**
 * What stands between each process and the provider: one gate for each, so that a test knows who asks. Browsers do not
 * come through here. Everything but refreshes passes as it is.
 */
export interface RefreshGates {
  /** For `backChannelUrl`, in the order of the processes. */
  readonly origins: readonly string[];
  /** Requests for new tokens since the last {@link RefreshGates.reset}, in the order of their arrival. */
  readonly refreshes: readonly { readonly replica: number; readonly refreshToken: string }[];
  /** Tokens that were revoked since then. */
  readonly revoked: readonly string[];
  /** The last token response that was sent, whatever it was for. */
  lastTokens(): Readonly<Record<string, unknown>>;
  leadTo(issuer: string): void;
  /** What happens to refreshes from now on, until the next reset. */
  onRefresh(act: Act): void;
  /** Nobody listens any more: connections are refused. */
  shut(): Promise<void>;
  open(): Promise<void>;
  reset(): void;
}

type Act = (passage: Passage) => Promise<void> | void;

/** Lets a refresh through as if there were no gate. */
export async function passOn(passage: Passage): Promise<void> {
  passage.send(await passage.forward());
}

/** Starts `count` gates. The end of the test file ends them. */
export async function startRefreshGates(count: number): Promise<RefreshGates> {
  const refreshes: { readonly replica: number; readonly refreshToken: string }[] = [];
  const revoked: string[] = [];
  const state = { issuer: '', act: passOn as Act, tokens: jsonOf('{}') };

  async function pass(replica: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(request);
    const form = new URLSearchParams(body);
    const refreshToken = form.get('refresh_token') ?? '';
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (path.endsWith('/revocation')) revoked.push(form.get('token') ?? '');
    const forward = () => exchange(state.issuer, request, body);
    if (form.get('grant_type') !== 'refresh_token') {
      const answer = await forward();
      if (path === '/token') remember(answer);
      send(answer, response);
      return;
    }
    refreshes.push({ replica, refreshToken });
    await state.act({
      replica,
      refreshToken,
      isAbandoned: () => request.socket.destroyed,
      forward,
      send: (answer) => {
        remember(answer);
        send(answer, response);
      },
      drop: (part) => {
        if (part === undefined) request.socket.resetAndDestroy();
        else {
          response.writeHead(200, { 'content-type': 'application/json', 'content-length': part.length + 100 });
          response.write(part, () => request.socket.destroy());
        }
      },
      answerWith: (handler) => handler(request, response),
    });
  }

  function remember({ body }: TokenAnswer): void {
    for (const [, token] of body.matchAll(/"(?:access|refresh|id)_token": ?"([^"\\]+)"/g)) noteSecret(token);
    const tokens = jsonOf(body);
    if (tokens['access_token'] !== undefined) state.tokens = tokens;
  }

  const servers = Array.from({ length: count }, (_, replica) =>
    createServer((request, response) => {
      // A process that is killed takes its request with it.
      pass(replica, request, response).catch(() => response.destroy());
    }),
  );
  const ports = await Promise.all(servers.map(listenOnLoopback));
  atEnd(async () => void (await Promise.all(servers.map(close))));
  return {
    origins: ports.map((port) => `http://127.0.0.1:${port}`),
    refreshes,
    revoked,
    lastTokens: () => state.tokens,
    leadTo: (issuer) => {
      state.issuer = issuer;
    },
    onRefresh: (act) => {
      state.act = act;
    },
    shut: async () => void (await Promise.all(servers.map(close))),
    open: async () => {
      const listening = servers.map(
        (server, index) => new Promise<void>((resolve) => server.listen(ports[index], '127.0.0.1', resolve)),
      );
      await Promise.all(listening);
    },
    reset: () => {
      refreshes.length = 0;
      revoked.length = 0;
      state.act = passOn;
    },
  };
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

type Exchanged = TokenAnswer & { readonly contentType: string };

/** Asks the provider the same, under its own name. */
function exchange(issuer: string, request: IncomingMessage, body: string): Promise<Exchanged> {
  const { host } = new URL(issuer);
  const headers = { ...request.headers, host };
  return new Promise((resolve, reject) => {
    const { method } = request;
    const onward = httpRequest(`${issuer}${request.url}`, { method, headers, agent: false }, (answer) => {
      textOf(answer).then((text) => {
        const contentType = answer.headers['content-type'] ?? 'text/plain';
        resolve({ status: answer.statusCode ?? 502, body: text, contentType });
      }, reject);
    });
    onward.on('error', reject);
    onward.end(body);
  });
}

function send(answer: TokenAnswer & Partial<Exchanged>, response: ServerResponse): void {
  const { status, body, contentType = 'application/json' } = answer;
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }).end(body);
}

/** The members of a JSON object; none of any other text, which some tests send. */
function jsonOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object.fromEntries(Object.entries((JSON.parse(text) ?? {}) as object)); // a list has members as well
  } catch {
    return {};
  }
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer); // no encoding is set
  return Buffer.concat(chunks).toString();
}
