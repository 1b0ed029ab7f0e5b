import { isPreflight, preflightReply } from '../../core/http/cors.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import type { PlainReply, Reply } from '../../core/verdict.ts';
import { StoreUnavailableError } from '../../ports/store.ts';
import { agentError, refusedPage } from './agent-error.ts';
import { type BrowserRefusal, browserRefusal, corsHeadersOf, corsPolicyOf, trustedOriginOf } from './browser-rules.ts';
import type { Endpoint } from './endpoint.ts';
import { bodyLimit } from './read-body.ts';
import type { AgentRuntime } from './runtime.ts';

/** A request below the base path. `origin`: undefined for a host that no configured origin has. */
interface Arrival {
  readonly request: HttpRequest;
  readonly origin: string | undefined;
  readonly body: Uint8Array;
}

/** Asks an endpoint for a page that may ask it. Origin and Fetch Metadata come before anything is read or opened. */
export async function answerEndpoint(
  endpoint: Endpoint,
  { request, origin, body }: Arrival,
  runtime: AgentRuntime,
): Promise<Reply> {
  if (origin === undefined) return unknownHost();
  const refusal = endpoint.isPublic ? undefined : browserRefusal(request, origin, runtime.settings);
  if (refusal !== undefined) return refuse(refusal, endpoint.name, runtime);
  return await endpoint.answerTo({ request, origin, body }, runtime);
}

/** Preflights, other methods of endpoints, and paths where nothing is. */
export function answerElsewhere(
  request: HttpRequest,
  origin: string | undefined,
  endpoints: readonly Endpoint[],
  runtime: AgentRuntime,
): Reply {
  if (origin === undefined) return unknownHost();
  const { settings } = runtime;
  if (settings.cors.enabled && isPreflight(request)) {
    const page = trustedOriginOf(request, origin, settings);
    return page === undefined
      ? refuse('origin_not_trusted', 'preflight', runtime)
      : preflightReply(request, page, corsPolicyOf(runtime));
  }
  const [path] = request.target.split('?');
  const there = endpoints.find(({ name }) => `${settings.basePath}${settings.endpoints[name]}` === path);
  if (there === undefined) return agentError('not_found', 'There is no such endpoint here.');
  return agentError('method_not_allowed', `This endpoint expects ${there.method}.`, [['allow', there.method]]);
}

/** The same answer as pages of trusted origins can read it, where CORS is on. */
export function withCors(
  answer: Reply,
  request: HttpRequest,
  origin: string | undefined,
  runtime: AgentRuntime,
): Reply {
  // A preflight has its own.
  if (origin === undefined || answer.headers.some(([name]) => name === 'vary')) return answer;
  const { set, add } = corsHeadersOf(request, origin, runtime.settings);
  return { ...answer, headers: [...answer.headers, ...set, ...add] };
}

/** What became of a request that failed: the store's faults pass, those of a body are the client's, the rest are ours. */
export function failureOf(error: unknown, { instance, services }: AgentRuntime): PlainReply {
  const { telemetry } = services;
  if (error instanceof StoreUnavailableError) {
    telemetry.problem('store_unavailable', { operation: 'side_service' }, error);
    return agentError('temporarily_unavailable', 'Please try again in a moment.', [['retry-after', '1']]);
  }
  switch (statusOf(error)) {
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

/** Of an error that a client has made (4xx). */
function statusOf(error: unknown): number | undefined {
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
