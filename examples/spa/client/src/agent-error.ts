/** Codes of the agent itself, and `login_required`, which the provider answers to `prompt=none`. */
export type KnownAgentErrorCode =
  | 'invalid_request'
  | 'authorization_error'
  | 'login_required'
  | 'unauthorized_request'
  | 'token_expired'
  | 'session_expired'
  | 'unknown_host'
  | 'not_found'
  | 'method_not_allowed'
  | 'server_error'
  | 'authorization_server_error'
  | 'temporarily_unavailable';

/** `code` of an answer of the agent, where it refuses. Codes of the provider (`access_denied`) come as they are. */
// Keeps the known ones for editors, and every other code possible.
export type AgentErrorCode = KnownAgentErrorCode | (string & {});

/** An answer of the agent that is not the one that was asked for. What is no answer at all is a TypeError of fetch. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  /** HTTP status code. */
  readonly status: number;
  readonly code: AgentErrorCode;
  /** Seconds after which the same request may do better (RFC 9110 §10.2.3); undefined where the answer does not say. */
  readonly retryAfter: number | undefined;

  constructor(status: number, code: AgentErrorCode, message: string, retryAfter?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/**
 * Whether the same request may do better later: no answer came, or one of whoever could not say. All other answers are
 * meant.
 */
export function isPassing(error: unknown): boolean {
  return !(error instanceof AgentError) || [429, 502, 503, 504].includes(error.status);
}

/** What an answer with an error status says. A proxy in between may answer something else than our JSON. */
export async function agentErrorOf(answer: Response): Promise<AgentError> {
  const body: unknown = await answer.json().catch(() => undefined);
  const { code, message } = (body ?? {}) as Readonly<Record<string, unknown>>; // of whatever JSON is, never null
  return new AgentError(
    answer.status,
    typeof code === 'string' ? code : 'server_error',
    typeof message === 'string' ? message : `The agent answered ${answer.status}.`,
    secondsOf(answer.headers.get('retry-after')),
  );
}

/** A date, which the agent never sends, counts as none. */
function secondsOf(retryAfter: string | null): number | undefined {
  return retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) : undefined;
}
