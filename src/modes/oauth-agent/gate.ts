import { isPreflight, preflightReply } from '../../core/http/cors.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import type { PlainReply, Reply } from '../../core/verdict.ts';
import { clientFaultOf } from '../../fastify/client-fault.ts';
import { StoreUnavailableError } from '../../ports/store.ts';
import { agentError, refusedPage } from './agent-error.ts';
import { type BrowserRefusal, browserRefusal, corsHeadersOf, corsPolicyOf, trustedOriginOf } from './browser-rules.ts';
import { type Endpoint, pathOf } from './endpoint.ts';
import { bodyLimit } from './read-body.ts';
import type { AgentRuntime } from './runtime.ts';
import { withoutStrays } from './stray-cookies.ts';

/** A request below the base path. `origin`: undefined for a host that no configured origin has. */
export interface Arrival {
  readonly request: HttpRequest;
  readonly origin: string | undefined;
  readonly body: Uint8Array;
}

/** Asks an endpoint for whoever may ask it. Origin and Fetch Metadata come before anything is read or opened. */
export async function answerEndpoint(endpoint: Endpoint, arrival: Arrival, runtime: AgentRuntime): Promise<Reply> {
  const { request, origin, body } = arrival;
  if (origin === undefined) return unknownHost();
  const refusal = endpoint.askedBy === 'application' ? browserRefusal(request, origin, runtime.settings) : undefined;
  const answer =
    refusal === undefined
      ? withoutStrays(await endpoint.answerTo({ request, origin, body }, runtime), request, endpoint, runtime)
      : refuse(refusal, endpoint.name, runtime);
  return readable(answer, arrival, endpoint, runtime);
}

/** Preflights, other methods of endpoints, and paths where nothing is. */
export function answerElsewhere(arrival: Arrival, endpoints: readonly Endpoint[], runtime: AgentRuntime): Reply {
  const { request, origin } = arrival;
  if (origin === undefined) return unknownHost();
  const { settings } = runtime;
  const [path] = request.target.split('?');
  const there = endpoints.find(({ name }) => pathOf(name, runtime) === path);
  if (settings.cors.enabled && there?.askedBy !== 'provider' && isPreflight(request)) {
    const page = trustedOriginOf(request, origin, settings);
    // What it allows is all that the answer says to the page.
    if (page !== undefined) return preflightReply(request, page, corsPolicyOf(runtime));
    return readable(refuse('origin_not_trusted', 'preflight', runtime), arrival, there, runtime);
  }
  const answer =
    there === undefined
      ? agentError('not_found', 'There is no such endpoint here.')
      : agentError('method_not_allowed', `This endpoint expects ${there.method}.`, [['allow', there.method]]);
  return readable(answer, arrival, there, runtime);
}

/**
 * What became of a request that failed: the store's faults pass, those of a body are the client's, the rest are ours.
 * `endpoint`: undefined for a request that was to none.
 */
export function answerFailure(
  error: unknown,
  arrival: Arrival,
  endpoint: Endpoint | undefined,
  runtime: AgentRuntime,
): Reply {
  return readable(failureOf(error, runtime), arrival, endpoint, runtime);
}

/** The same answer as pages of trusted origins can read it, where CORS is on. What a provider asks for no page reads. */
function readable(
  answer: Reply,
  { request, origin }: Arrival,
  endpoint: Endpoint | undefined,
  runtime: AgentRuntime,
): Reply {
  if (origin === undefined || endpoint?.askedBy === 'provider') return answer;
  const { trustedOrigins, cors } = runtime.settings;
  // Errors say when to ask again; what the operator lists is about the APIs.
  const exposing = { ...cors, exposeHeaders: [...new Set([...cors.exposeHeaders, 'retry-after'])] };
  const { set, add } = corsHeadersOf(request, origin, { trustedOrigins, cors: exposing });
  return { ...answer, headers: [...answer.headers, ...set, ...add] };
}

function failureOf(error: unknown, { instance, services }: AgentRuntime): PlainReply {
  const { telemetry } = services;
  if (error instanceof StoreUnavailableError) {
    telemetry.problem('store_unavailable', { operation: 'side_service' }, error);
    return agentError('temporarily_unavailable', 'Please try again in a moment.', [['retry-after', '1']]);
  }
  switch (clientFaultOf(error)) {
    case undefined:
      telemetry.problem('side_service_failed', { instance }, error);
      return agentError('server_error', 'Something went wrong here.');
    case 413:
      return agentError('invalid_request', `body: expected at most ${bodyLimit} bytes`);
    default:
      return agentError(
        'invalid_request',
        'body: expected JSON or a form, with a fitting Content-Type and Content-Length',
      );
  }
}

function refuse(reason: BrowserRefusal, endpoint: string, { instance, services }: AgentRuntime): PlainReply {
  services.telemetry.event('request_refused', { instance, endpoint, reason });
  return refusedPage(reason);
}

function unknownHost(): PlainReply {
  return agentError('unknown_host', 'This host is not served here.');
}
