/** `code` of an answer of the agent, where it refuses. Codes of the provider (`access_denied`) come as they are. */
export type AgentErrorCode =
  | 'unauthorized_request'
  | 'invalid_request'
  | 'authorization_error'
  | 'login_required'
  | 'token_expired'
  | 'session_expired'
  | 'authorization_server_error'
  | 'temporarily_unavailable'
  | 'server_error'
  // Keeps the list above for editors, and every other code possible.
  | (string & {});

/** An answer of the agent that is not the one that was asked for. What is no answer at all is a TypeError of fetch. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
  /** HTTP status code. */
  readonly status: number;
  readonly code: AgentErrorCode;

  constructor(status: number, code: AgentErrorCode, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What an answer with an error status says. A proxy in between may answer something else than our JSON. */
export async function agentErrorOf(answer: Response): Promise<AgentError> {
  const body: unknown = await answer.json().catch(() => undefined);
  const { code, message } = (body ?? {}) as Readonly<Record<string, unknown>>; // of whatever JSON is, never null
  return new AgentError(
    answer.status,
    typeof code === 'string' ? code : 'server_error',
    typeof message === 'string' ? message : `The agent answered ${answer.status}.`,
  );
}
