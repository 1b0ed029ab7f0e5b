import type { HttpRequest } from '../../core/http/request.ts';
import type { Reply } from '../../core/verdict.ts';
import { type AgentErrorName, agentError } from './agent-error.ts';
import { neededSession } from './needed-session.ts';
import { readBody } from './read-body.ts';
import type { AgentRuntime } from './runtime.ts';
import { noBody, type Schema } from './schemas.ts';
import type { OauthAgentSettings } from './settings.ts';
import type { PresentedSession } from './state.ts';

/** A request to an endpoint, from whoever may ask it. */
export interface AgentCall<Body> {
  readonly request: HttpRequest;
  /** Of the agent, from the configuration: `https://api.example.com`. */
  readonly origin: string;
  readonly body: Body;
}

/** What a request brings to show that it may. */
export type Credential = 'sessionCookie' | 'csrfCookie' | 'csrfHeader' | 'loginCookie';

/** An endpoint as requests come to it. */
export interface Endpoint {
  /** Its setting under `endpoints`. */
  readonly name: keyof OauthAgentSettings['endpoints'];
  readonly method: 'GET' | 'POST';
  /**
   * Who may ask it. `application`: pages of trusted origins. `anybody`: every page and program, since it is no secret and
   * changes nothing. `provider`: its server, or a frame in its page; no page reads the answer.
   */
  readonly askedBy: 'application' | 'anybody' | 'provider';
  /** Throws StoreUnavailableError. */
  answerTo(call: AgentCall<Uint8Array>, runtime: AgentRuntime): Promise<Reply>;
}

/** Where an endpoint is on each host. */
export function pathOf(name: Endpoint['name'], { settings }: Pick<AgentRuntime, 'settings'>): string {
  return `${settings.basePath}${settings.endpoints[name]}`;
}

/** What is known of an endpoint without asking it. */
export interface EndpointDescription extends Pick<Endpoint, 'name' | 'method' | 'askedBy'> {
  readonly summary: string;
  /** One of these lists is enough; none at all where there is nothing to show. */
  readonly security: readonly (readonly Credential[])[];
  /** Whether the request must repeat the CSRF token. */
  readonly repeatsCsrfToken: boolean;
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
  readonly errors: readonly AgentErrorName[];
  /** Whether codes of authorization responses come as well. */
  readonly passesErrorCodes: boolean;
}

/** An endpoint that the OpenAPI document describes. */
export interface DescribedEndpoint extends Endpoint, EndpointDescription {}

const defaults = {
  security: [],
  repeatsCsrfToken: false,
  askedBy: 'application',
  errors: [],
  passesErrorCodes: false,
} as const;

type Definition = Omit<EndpointDescription, keyof typeof defaults | 'body'> &
  Partial<Pick<EndpointDescription, keyof typeof defaults>>;

/** An endpoint whose body is read with its schema before it is asked. */
export function endpointWithBody<Body>(
  definition: Definition & { readonly body: { readonly schema: Schema<Body>; readonly asForm: boolean } },
  answer: (call: AgentCall<Body>, runtime: AgentRuntime) => Promise<Reply>,
): DescribedEndpoint {
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
): DescribedEndpoint {
  return endpointWithBody({ ...definition, body: nothing }, answer);
}

/** An endpoint that needs a session and no body. Whether the page may ask at all comes before what it says. */
export function endpointOfSession(
  definition: Omit<Definition, 'security'>,
  answer: (presented: PresentedSession, call: AgentCall<unknown>, runtime: AgentRuntime) => Promise<Reply>,
): DescribedEndpoint {
  const { name, repeatsCsrfToken = false } = definition;
  return {
    ...defaults,
    ...definition,
    security: [repeatsCsrfToken ? ['sessionCookie', 'csrfCookie', 'csrfHeader'] : ['sessionCookie']],
    body: nothing,
    async answerTo(call, runtime) {
      const presented = await neededSession(call.request, { name, repeatsCsrfToken }, runtime);
      if (presented.kind === 'reply') return presented;
      const read = readBody(call.request, call.body, noBody);
      return read.kind === 'invalid'
        ? agentError('invalid_request', read.problem)
        : await answer(presented, call, runtime);
    },
  };
}

const nothing = { schema: noBody, asForm: true };
