import type { HttpRequest } from '../../core/http/request.ts';
import type { Reply } from '../../core/verdict.ts';
import { type AgentErrorCode, agentError } from './agent-error.ts';
import { neededSession } from './needed-session.ts';
import { readBody } from './read-body.ts';
import type { AgentRuntime } from './runtime.ts';
import { noBody, type Schema } from './schemas.ts';
import type { OauthAgentSettings } from './settings.ts';
import type { PresentedSession } from './state.ts';

/** A request to an endpoint, from a page that may ask. */
export interface AgentCall<Body> {
  readonly request: HttpRequest;
  /** Of the agent, from the configuration: `https://api.example.com`. */
  readonly origin: string;
  readonly body: Body;
}

/** What is known of an endpoint without asking it. */
export interface EndpointDescription {
  /** Its setting under `endpoints`. */
  readonly name: keyof OauthAgentSettings['endpoints'];
  readonly method: 'GET' | 'POST';
  readonly summary: string;
  /** `needed`: 401 without one. */
  readonly session: 'needed' | 'used' | 'none';
  /** Whether the request must repeat the CSRF token. */
  readonly repeatsCsrfToken: boolean;
  /** Whether any page may read it: it is no secret and changes nothing. */
  readonly isPublic: boolean;
  readonly body: { readonly schema: Schema; readonly asForm: boolean };
  readonly answer: {
    readonly status: 200 | 204;
    readonly description: string;
    /** Undefined: without content. */
    readonly schema: Schema | undefined;
    /** Cookies that it sets or deletes. */
    readonly setsCookies: boolean;
  };
  /** Beside those that every endpoint has. */
  readonly errors: readonly AgentErrorCode[];
  /** Whether codes of authorization responses come as well. */
  readonly passesErrorCodes: boolean;
}

export interface Endpoint extends EndpointDescription {
  /** Throws StoreUnavailableError. */
  answerTo(call: AgentCall<Uint8Array>, runtime: AgentRuntime): Promise<Reply>;
}

const defaults = {
  session: 'none',
  repeatsCsrfToken: false,
  isPublic: false,
  errors: [],
  passesErrorCodes: false,
} as const;

type Definition = Omit<EndpointDescription, keyof typeof defaults | 'body'> &
  Partial<Pick<EndpointDescription, keyof typeof defaults>>;

/** An endpoint whose body is read with its schema before it is asked. */
export function endpointWithBody<Body>(
  definition: Definition & { readonly body: { readonly schema: Schema<Body>; readonly asForm: boolean } },
  answer: (call: AgentCall<Body>, runtime: AgentRuntime) => Promise<Reply>,
): Endpoint {
  return {
    ...defaults,
    ...definition,
    async answerTo(call, runtime) {
      const read = readBody(call.request, call.body, definition.body.schema);
      return read.kind === 'invalid'
        ? agentError('invalid_request', read.problem)
        : await answer({ ...call, body: read.value }, runtime);
    },
  };
}

/** An endpoint without a body. */
export function endpoint(
  definition: Definition,
  answer: (call: AgentCall<unknown>, runtime: AgentRuntime) => Promise<Reply>,
): Endpoint {
  return endpointWithBody({ ...definition, body: nothing }, answer);
}

/** An endpoint that needs a session and no body. Whether the page may ask at all comes before what it says. */
export function endpointOfSession(
  definition: Omit<Definition, 'session'>,
  answer: (presented: PresentedSession, call: AgentCall<unknown>, runtime: AgentRuntime) => Promise<Reply>,
): Endpoint {
  const { repeatsCsrfToken = false } = definition;
  return {
    ...defaults,
    ...definition,
    session: 'needed',
    body: nothing,
    async answerTo(call, runtime) {
      const presented = await neededSession(call.request, { repeatsCsrfToken }, runtime);
      if (presented.kind === 'reply') return presented;
      const read = readBody(call.request, call.body, noBody);
      return read.kind === 'invalid'
        ? agentError('invalid_request', read.problem)
        : await answer(presented, call, runtime);
    },
  };
}

const nothing = { schema: noBody, asForm: true };
