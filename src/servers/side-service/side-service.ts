import Fastify, {
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { PageRenderer } from '../../core/html/page-renderer.ts';
import { indexOrigins, originOf } from '../../core/http/authority.ts';
import { httpRequestFrom } from '../../core/http/from-node.ts';
import { type Refusal, refuse } from '../../core/http/refusal.ts';
import { clientFaultOf } from '../../fastify/client-fault.ts';
import { sendReply } from '../../fastify/send-reply.ts';
import { StoreUnavailableError } from '../../ports/store.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { Address } from '../address.ts';
import { hostApplication } from '../application-host.ts';
import type { MutualTls } from '../mutual-tls.ts';

/** Routes of one mode instance. */
export interface MountedRoutes {
  readonly basePath: string;
  readonly routes: FastifyPluginAsync;
}

/** What a configuration makes of the side service; a reload replaces it. */
export interface SideContent {
  readonly origins: readonly string[];
  readonly mounts: readonly MountedRoutes[];
  readonly telemetry: Telemetry;
  readonly renderer: PageRenderer;
}

export interface SideServiceOptions extends SideContent {
  readonly address: Address;
  readonly tls: MutualTls | undefined;
}

/** Content that can answer and does not yet. */
export interface PreparedContent {
  /** It answers from the next request on. Yields how to end what answered before, once its requests had their time. */
  serve(): () => Promise<void>;
  /** Ends it unused. */
  discard(): Promise<void>;
}

/** A listening side service. */
export interface SideService {
  /** Kernel-assigned where the port was 0; undefined on a Unix socket. */
  readonly port: number | undefined;
  /** Rejects for content that cannot answer; nothing has changed then. */
  prepare(content: SideContent): Promise<PreparedContent>;
  /** Another certificate from the next handshake on. Throws for unusable PEM. */
  renewTls(tls: MutualTls): void;
  /** Health says 503 and every answer ends its connection; all is still answered. */
  drain(): void;
  /** Answers what has begun, then closes. */
  close(): Promise<void>;
}

/**
 * More than the 96 kB that Envoy lets in: with Node's 16 kB, a long return URL or much application cookie would end
 * at an error that is not ours, and nobody with such cookies could log in or out.
 */
const maxHeaderSize = 128 * 1024;

/** Starts the HTTP side service: what the modes mount, and nothing else. */
export async function listenSideService(options: SideServiceOptions): Promise<SideService> {
  const state = { isDraining: false };
  let serving = await createService(options, state);
  const { address, tls } = options;
  const isDraining = () => state.isDraining;
  const host = await hostApplication({ address, tls, maxHeaderSize, application: serving, isDraining });
  return {
    port: host.port,
    async prepare(content) {
      const prepared = await createService(content, state);
      return {
        serve() {
          const before = serving;
          serving = prepared;
          host.replace(prepared);
          return () => before.close();
        },
        discard: () => prepared.close(),
      };
    },
    renewTls: (next) => host.renewTls(next),
    drain: () => {
      state.isDraining = true;
    },
    async close() {
      await host.close();
      await serving.close();
    },
  };
}

async function createService(options: SideContent, state: { readonly isDraining: boolean }): Promise<FastifyInstance> {
  const origins = indexOrigins(options.origins);
  const { renderer } = options;
  const answer = (refusal: Refusal, request: FastifyRequest, reply: FastifyReply) =>
    answerWith(refusal, request, reply, renderer);
  const service = Fastify({
    // pino writes our events; Fastify's own request log would hold URLs with codes.
    logger: false,
    bodyLimit: 64 * 1024,
    // What the router cannot read: its own answer would repeat the URL.
    frameworkErrors: (_error, request, reply) => void answer(badRequest, request, reply),
    routerOptions: {
      caseSensitive: true,
      ignoreTrailingSlash: false,
      maxParamLength: 256,
      // Handlers read what they need of the target, within limits of their own; all of 90 kB takes milliseconds.
      querystringParser: () => ({}),
    },
  });
  service.decorateRequest('publicOrigin', undefined);
  service.addHook('onRequest', async (request) => {
    request.publicOrigin = originOf(httpRequestFrom(request.raw).authority, origins);
  });
  // For Envoy's health checks: it routes to us only what is below a base path.
  service.get('/healthz', (_request, reply) => {
    const [code, status] = state.isDraining ? ([503, 'draining'] as const) : ([200, 'serving'] as const);
    return reply.code(code).header('cache-control', 'no-store').send({ status });
  });
  service.setErrorHandler((error, request, reply) => answer(refusalOf(error, options.telemetry), request, reply));
  service.setNotFoundHandler((request, reply) => answer(notFound, request, reply));
  for (const { basePath, routes } of options.mounts) void service.register(routes, { prefix: basePath });
  await service.ready();
  return service;
}

/** The one place where an unexpected error becomes an answer. */
function refusalOf(error: unknown, telemetry: Telemetry): Refusal {
  if (error instanceof StoreUnavailableError) {
    telemetry.problem('store_unavailable', { operation: 'side_service' }, error);
    return unavailable;
  }
  if (clientFaultOf(error) !== undefined) return badRequest;
  telemetry.problem('side_service_failed', {}, error);
  return unavailable;
}

function answerWith(
  refusal: Refusal,
  fastifyRequest: FastifyRequest,
  reply: FastifyReply,
  renderer: PageRenderer,
): FastifyReply {
  const request = httpRequestFrom(fastifyRequest.raw);
  return sendReply(refuse(request, refusal), request, reply, renderer);
}

const unavailable: Refusal = {
  status: 503,
  error: 'temporarily_unavailable',
  title: { en: 'Not available right now', de: 'Zurzeit nicht verfügbar' },
  description: { en: 'Please try again in a moment.', de: 'Bitte versuchen Sie es gleich noch einmal.' },
  headers: [['retry-after', '1']],
};

const badRequest: Refusal = {
  status: 400,
  error: 'invalid_request',
  title: { en: 'This request cannot be answered', de: 'Diese Anfrage kann nicht beantwortet werden' },
  description: { en: 'The request was not understood.', de: 'Die Anfrage wurde nicht verstanden.' },
};

const notFound: Refusal = {
  status: 404,
  error: 'not_found',
  title: { en: 'Not found', de: 'Nicht gefunden' },
  description: { en: 'There is no such page here.', de: 'Hier gibt es keine solche Seite.' },
};
