import Fastify, {
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { indexOrigins, originOf } from '../../core/http/authority.ts';
import { httpRequestFrom } from '../../core/http/from-node.ts';
import { type Refusal, refuse } from '../../core/http/refusal.ts';
import { StoreUnavailableError } from '../../ports/store.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { Address } from '../address.ts';
import { listenAt } from '../listen.ts';
import type { MutualTls } from '../mutual-tls.ts';

/** Routes of one mode instance. */
export interface MountedRoutes {
  readonly basePath: string;
  readonly routes: FastifyPluginAsync;
}

export interface SideServiceOptions {
  readonly address: Address;
  readonly tls: MutualTls | undefined;
  readonly origins: readonly string[];
  readonly mounts: readonly MountedRoutes[];
  readonly telemetry: Telemetry;
}

/** A listening side service. */
export interface SideService {
  /** Kernel-assigned where the port was 0; undefined on a Unix socket. */
  readonly port: number | undefined;
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
  const service = createService(options, state);
  return {
    port: await listenAt(service, options.address),
    drain: () => {
      state.isDraining = true;
    },
    close: () => service.close(),
  };
}

function createService(options: SideServiceOptions, state: { readonly isDraining: boolean }): FastifyInstance {
  const origins = indexOrigins(options.origins);
  const { tls } = options;
  const service = Fastify({
    // pino writes our events; Fastify's own request log would hold URLs with codes.
    logger: false,
    // Bounds against slow clients; Envoy in front has its own.
    requestTimeout: 15_000,
    keepAliveTimeout: 72_000,
    bodyLimit: 64 * 1024,
    forceCloseConnections: 'idle',
    // What the router cannot read: its own answer would repeat the URL.
    frameworkErrors: (_error, request, reply) => void answer(badRequest, request, reply),
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: false, maxParamLength: 256 },
    ...(tls === undefined
      ? { http: { maxHeaderSize } }
      : {
          https: {
            cert: tls.certificate,
            key: tls.privateKey.reveal(),
            ca: tls.clientCa,
            requestCert: true,
            rejectUnauthorized: true,
            maxHeaderSize,
          },
        }),
  }) as unknown as FastifyInstance; // an https instance has the same methods under another type
  service.decorateRequest('publicOrigin', undefined);
  service.addHook('onRequest', async (request) => {
    request.publicOrigin = originOf(httpRequestFrom(request.raw).authority, origins);
  });
  // A connection that stayed open would be closed under the request that comes next.
  service.addHook('onSend', async (_request, reply) => {
    if (state.isDraining) reply.header('connection', 'close');
  });
  // For Envoy's health checks: it routes to us only what is below a base path.
  service.get('/healthz', (_request, reply) => {
    const [code, status] = state.isDraining ? ([503, 'draining'] as const) : ([200, 'serving'] as const);
    return reply.code(code).header('cache-control', 'no-store').send({ status });
  });
  service.setErrorHandler((error, request, reply) => answer(refusalOf(error, options.telemetry), request, reply));
  service.setNotFoundHandler((request, reply) => answer(notFound, request, reply));
  for (const { basePath, routes } of options.mounts) void service.register(routes, { prefix: basePath });
  return service;
}

/** The one place where an unexpected error becomes an answer. */
function refusalOf(error: unknown, telemetry: Telemetry): Refusal {
  if (error instanceof StoreUnavailableError) {
    telemetry.problem('store_unavailable', { operation: 'side_service' }, error);
    return unavailable;
  }
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
  if (typeof status === 'number' && status >= 400 && status < 500) return badRequest;
  telemetry.problem('side_service_failed', {}, error);
  return unavailable;
}

function answer(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, headers, body } = refuse(httpRequestFrom(request.raw), refusal);
  return reply.code(status).headers(Object.fromEntries(headers)).send(body);
}

const unavailable: Refusal = {
  status: 503,
  error: 'temporarily_unavailable',
  title: 'Not available right now',
  description: 'Please try again in a moment.',
  headers: [['retry-after', '1']],
};

const badRequest: Refusal = {
  status: 400,
  error: 'invalid_request',
  title: 'This request cannot be answered',
  description: 'The request was not understood.',
};

const notFound: Refusal = {
  status: 404,
  error: 'not_found',
  title: 'Not found',
  description: 'There is no such page here.',
};
