import Fastify, { type FastifyInstance } from 'fastify';
import type { Address } from '../address.ts';
import { endUnread, httpBounds } from '../http-bounds.ts';
import { listenAt } from '../listen.ts';

/** Whether this process can answer requests. Providers are told, not counted: sessions live on without them. */
export interface Readiness {
  readonly store: 'reachable' | 'unreachable';
  readonly providers: ReadonlyMap<string, 'ready' | 'unavailable' | 'not_asked'>;
  readonly draining: boolean;
  /** The configuration that serves. An attempt to replace it that failed is told here, and changes nothing. */
  readonly config: ConfigStatus;
}

/** Times are ISO 8601. */
export interface ConfigStatus {
  readonly loadedAt: string;
  /** Undefined when none was made. */
  readonly lastReload: { readonly at: string; readonly outcome: string } | undefined;
}

export interface OpsOptions {
  /** Loopback or the pod's address; never routed to by Envoy (G6). */
  readonly address: Address;
  readonly readiness: () => Promise<Readiness>;
  readonly metrics: { readonly contentType: string; readonly text: () => Promise<string> };
}

export interface OpsServer {
  /** Kernel-assigned where the port was 0; undefined on a Unix socket. */
  readonly port: number | undefined;
  close(): Promise<void>;
}

/** Serves /healthz, /readyz and /metrics, and nothing else. Rejects when the address cannot be used. */
export async function listenOps(options: OpsOptions): Promise<OpsServer> {
  const server = createServer(options);
  return { port: await listenAt(server, options.address), close: () => server.close() };
}

function createServer({ readiness, metrics }: OpsOptions): FastifyInstance {
  const { requestTimeout } = httpBounds; // Fastify sets its own default over the one of `http`
  const server = Fastify({
    logger: false,
    http: httpBounds,
    requestTimeout,
    bodyLimit: 1024,
    forceCloseConnections: true,
    routerOptions: { querystringParser: () => ({}) }, // nothing here takes parameters
  });
  server.addHook('onRequest', async (request, reply) => {
    endUnread(request.raw, reply.raw);
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });
  server.get('/healthz', () => ({ status: 'alive' }));
  server.get('/readyz', async (_request, reply) => {
    const state = await readiness();
    const isReady = state.store === 'reachable' && !state.draining;
    return reply.code(isReady ? 200 : 503).send({
      status: isReady ? 'ready' : 'not_ready',
      store: state.store,
      providers: Object.fromEntries(state.providers),
      draining: state.draining,
      config: { loaded_at: state.config.loadedAt, last_reload: state.config.lastReload ?? null },
    });
  });
  server.get('/metrics', async (_request, reply) => {
    const text = await metrics.text();
    return reply.type(metrics.contentType).send(text);
  });
  // Whoever probes learns that it failed; the reason is in the log of what failed.
  server.setErrorHandler(async (_error, _request, reply) => reply.code(503).send({ status: 'failed' }));
  server.setNotFoundHandler(async (_request, reply) => reply.code(404).send({ status: 'not_found' }));
  return server;
}
