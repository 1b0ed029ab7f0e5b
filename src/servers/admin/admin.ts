import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Secret } from '../../core/secret.ts';
import { clientFaultOf } from '../../fastify/client-fault.ts';
import { StoreUnavailableError } from '../../ports/store.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { Address } from '../address.ts';
import { hostApplication } from '../application-host.ts';
import type { MutualTls } from '../mutual-tls.ts';
import type { AdminOperations } from './operations.ts';
import { addRoutes } from './routes.ts';
import { type Admission, createTokenGuard } from './token-guard.ts';

export interface AdminOptions {
  /** Loopback or a Unix socket, unless there is `tls`; never routed to by Envoy (G6). */
  readonly address: Address;
  readonly tls: MutualTls | undefined;
  /** Asked for each request, as a reload may bring another. */
  readonly token: () => Secret<string>;
  readonly operations: AdminOperations;
  readonly telemetry: Telemetry;
}

/** A listening admin API. */
export interface AdminServer {
  /** Kernel-assigned where the port was 0; undefined on a Unix socket. */
  readonly port: number | undefined;
  /** Another certificate from the next handshake on. Throws for unusable PEM. */
  renewTls(tls: MutualTls): void;
  close(): Promise<void>;
}

const maxHeaderSize = 16 * 1024;
/** A request to explain may have as many cookies as Envoy lets in. */
const bodyLimit = 256 * 1024;

/** Serves the admin API, version 1. Rejects when the address cannot be used. */
export async function listenAdmin(options: AdminOptions): Promise<AdminServer> {
  const application = createApplication(options);
  await application.ready();
  const { address, tls } = options;
  const host = await hostApplication({ address, tls, maxHeaderSize, application });
  return {
    port: host.port,
    renewTls: (next) => host.renewTls(next),
    async close() {
      await host.close();
      await application.close();
    },
  };
}

function createApplication({ token, operations, telemetry }: AdminOptions): FastifyInstance {
  const application = Fastify({ logger: false, bodyLimit });
  const admit = createTokenGuard(token, () => performance.now() / 1000);
  application.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    const admission = admit(request.headers.authorization);
    if (admission === 'admitted') return;
    // A problem, not an event: its lines are bounded, however many callers there are.
    telemetry.problem('admin_request_answered', { outcome: `token_${admission}` });
    await refuseCaller(admission, reply);
  });
  application.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'not_found', 'there is nothing here'));
  application.setErrorHandler((error, request, reply) => answerError(error, request, reply, telemetry));
  addRoutes(application, operations, telemetry);
  return application;
}

async function refuseCaller(admission: Exclude<Admission, 'admitted'>, reply: FastifyReply): Promise<FastifyReply> {
  const realm = 'Bearer realm="sallyport admin"';
  switch (admission) {
    case 'missing':
      // RFC 6750 §3: without credentials there is no error code
      reply.header('www-authenticate', realm);
      return refuse(reply, 401, 'unauthorized', 'this needs the admin token: Authorization: Bearer …');
    case 'wrong':
      reply.header('www-authenticate', `${realm}, error="invalid_token"`);
      return refuse(reply, 401, 'invalid_token', 'this is not the admin token');
    case 'too_many':
      reply.header('retry-after', '60');
      return refuse(reply, 429, 'too_many_requests', 'too many wrong tokens; no token is looked at for a while');
  }
}

function refuse(reply: FastifyReply, status: number, error: string, error_description: string): FastifyReply {
  return reply.code(status).send({ error, error_description });
}

/** The one place where an unexpected error becomes an answer. */
function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, telemetry: Telemetry): FastifyReply {
  if (error instanceof StoreUnavailableError) {
    telemetry.problem('store_unavailable', { operation: 'admin' }, error);
    reply.header('retry-after', '1');
    return refuse(reply, 503, 'temporarily_unavailable', 'the store does not answer; some of it may have been done');
  }
  const status = clientFaultOf(error);
  if (status !== undefined) {
    return refuse(reply, status, 'invalid_request', 'the request was not understood: JSON of at most 256 KiB is');
  }
  telemetry.problem('admin_request_failed', { operation: request.routeOptions.url ?? '' }, error);
  return refuse(reply, 500, 'server_error', 'this failed; the log says why');
}
