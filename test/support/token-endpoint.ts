import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { noteSecret } from './seen-secrets.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** What a test can do with the refreshes (RFC 6749 §6) of a provider. All of it ends with the provider's reset. */
export interface RefreshControls {
  /** Refreshes that arrived since the last reset, whatever became of them. */
  countRefreshes(): number;
  /** Answers refreshes in the provider's place, which does not hear of them; undefined: it answers again. */
  answerRefresh(handler: Handler | undefined): void;
  /**
   * Refreshes wait until the release: when they arrive, or when they have been carried out and only the answer is
   * missing.
   */
  holdRefreshes(at?: 'arrival' | 'answer'): { release(): void };
  /** The next ones are carried out, and the connection ends in place of the answer. */
  loseRefreshAnswers(count: number): void;
  /** How long they take from now on, in milliseconds, after they have been carried out. */
  refreshesTake(milliseconds: number): void;
  /** Access tokens as they were issued since the last reset, the newest last; lost answers count. */
  accessTokens(): readonly string[];
}

/** The token endpoint of a provider, between the wire and the one who answers. */
export interface TokenEndpoint {
  readonly controls: RefreshControls;
  /** Has the request answered by `answer`, unless a test has other plans. */
  serve(request: IncomingMessage, response: ServerResponse, answer: () => void): Promise<void>;
  reset(): void;
}

const open = Promise.resolve();

export function createTokenEndpoint(): TokenEndpoint {
  const start = { refreshes: 0, left: 0, milliseconds: 0, handler: undefined as Handler | undefined };
  const gates: { arrival: Promise<void>; answer: Promise<void> } = { arrival: open, answer: open };
  let state = { ...start };
  let tokens: string[] = [];
  let letGo: (() => void)[] = [];

  async function serve(request: IncomingMessage, response: ServerResponse, answer: () => void): Promise<void> {
    const isRefresh = new URLSearchParams(await peekedBody(request)).get('grant_type') === 'refresh_token';
    if (!isRefresh) {
      watchTokens(response, tokens);
      return answer();
    }
    state.refreshes += 1;
    await gates.arrival;
    if (state.handler !== undefined) return state.handler(request, response);
    const isLost = state.left > 0;
    if (isLost) state.left -= 1;
    insteadOfEnd(response, async (end) => {
      await gates.answer;
      if (state.milliseconds > 0) await pause(state.milliseconds);
      if (isLost) request.socket.resetAndDestroy();
      else if (!response.destroyed) end();
    });
    watchTokens(response, tokens);
    answer();
  }

  return {
    serve,
    controls: {
      countRefreshes: () => state.refreshes,
      answerRefresh: (handler) => {
        state.handler = handler;
      },
      holdRefreshes: (at = 'answer') => {
        const { promise, resolve } = Promise.withResolvers<void>();
        gates[at] = promise;
        letGo.push(resolve);
        const release = () => {
          resolve();
          if (gates[at] === promise) gates[at] = open;
        };
        return { release };
      },
      loseRefreshAnswers: (count) => {
        state.left = count;
      },
      refreshesTake: (milliseconds) => {
        state.milliseconds = milliseconds;
      },
      accessTokens: () => tokens,
    },
    reset() {
      state = { ...start };
      tokens = [];
      Object.assign(gates, { arrival: open, answer: open });
      for (const release of letGo) release();
      letGo = [];
    },
  };
}

/** The body of a request with a content-length, which stays where it is for who reads it after us. */
async function peekedBody(request: IncomingMessage): Promise<string> {
  const length = Number(request.headers['content-length'] ?? 0);
  let body = Buffer.alloc(0);
  while (body.length < length) {
    const chunk = request.read() as Buffer | null; // no encoding is set
    if (chunk === null) await once(request, 'readable');
    else body = Buffer.concat([body, chunk]);
  }
  if (length > 0) request.unshift(body);
  return body.toString();
}

/** Remembers the tokens of an answer as it is sent. */
function watchTokens(response: ServerResponse, issued: string[]): void {
  const end = response.end.bind(response) as (body?: unknown) => ServerResponse; // one of its overloads
  response.end = ((body?: unknown) => {
    const text = typeof body === 'string' || Buffer.isBuffer(body) ? body.toString() : '';
    for (const [, kind, token = ''] of text.matchAll(/"(access|refresh|id)_token":"([^"\\\\]+)"/g)) {
      noteSecret(token);
      if (kind === 'access') issued.push(token);
    }
    return end(body);
  }) as ServerResponse['end'];
}

/** Lets `act` decide when the answer is sent, and whether. */
function insteadOfEnd(response: ServerResponse, act: (end: () => void) => Promise<void>): void {
  const end = response.end.bind(response) as (body?: unknown) => ServerResponse; // one of its overloads
  response.end = ((body?: unknown) => {
    void act(() => end(body));
    return response;
  }) as ServerResponse['end'];
}
