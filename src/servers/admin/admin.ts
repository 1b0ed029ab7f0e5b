import { Readable } from 'node:stream';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Secret } from '../../core/secret.ts';
import { StoreUnavailableError } from '../../ports/store.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { Address } from '../address.ts';
import { type ApplicationHost, hostApplication } from '../application-host.ts';
import type { MutualTls } from '../mutual-tls.ts';
import { type Input, readEndQuery, readExplainBody, readListQuery, readSessionName } from './input.ts';
import type { AdminOperations, ReloadAnswer } from './operations.ts';
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
/** In one JSON answer; a stream of lines has no such limit. */
const defaultLimit = 100;
const largestLimit = 1000;

/** Serves the admin API, version 1. Rejects when the address cannot be used. */
export async function listenAdmin(options: AdminOptions): Promise<AdminServer> {
  const state: { host: ApplicationHost | undefined } = { host: undefined };
  const application = createApplication(options, (request) => state.host?.isOutdated(request.raw.socket) === true);
  await application.ready();
  const { address, tls } = options;
  const host = await hostApplication({ address, tls, maxHeaderSize, application });
  state.host = host;
  return {
    port: host.port,
    renewTls: (next) => host.renewTls(next),
    async close() {
      await host.close();
      await application.close();
    },
  };
}

function createApplication(
  { token, operations, telemetry }: AdminOptions,
  isOutdated: (request: FastifyRequest) => boolean,
): FastifyInstance {
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
  application.addHook('onSend', async (request, reply) => {
    if (isOutdated(request)) reply.header('connection', 'close');
  });
  application.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'not_found', 'there is nothing here'));
  application.setErrorHandler((error, request, reply) => answerError(error, request, reply, telemetry));
  addRoutes(application, operations, telemetry);
  return application;
}

/** What a handler found out: `operation` is for the audit log. */
interface Answer {
  readonly operation: string;
  readonly status: 200 | 400 | 404 | 409 | 422 | 500 | 503;
  readonly body: object;
}

function addRoutes(application: FastifyInstance, operations: AdminOperations, telemetry: Telemetry): void {
  const send = ({ operation, status, body }: Answer, reply: FastifyReply): FastifyReply => {
    telemetry.event('admin_request_answered', { outcome: status === 200 ? 'ok' : 'refused', operation, status });
    return reply.code(status).send(body);
  };

  application.get('/v1/sessions', async (request, reply) => {
    const operation = 'list_sessions';
    const input = readListQuery(request.query);
    if (input.kind === 'invalid') return send(invalid(operation, input), reply);
    const { sessions, limit } = input.value;
    const found = operations.sessions(sessions)[Symbol.asyncIterator]();
    if (request.headers.accept === 'application/x-ndjson') {
      // Before the first byte: a store that is down is an answer of its own.
      const first = await found.next();
      telemetry.event('admin_request_answered', { outcome: 'ok', operation, status: 200 });
      return reply.type('application/x-ndjson').send(Readable.from(lines(first, found, limit)));
    }
    return send(await listAnswer(found, limit, operation, operations), reply);
  });
  application.delete('/v1/sessions', async (request, reply) => {
    const operation = 'end_sessions';
    const input = readEndQuery(request.query);
    if (input.kind === 'invalid') return send(invalid(operation, input), reply);
    const ended = await operations.endSessions(input.value);
    return send({ operation, status: 200, body: { ended, sealed_instances: operations.sealedInstances() } }, reply);
  });
  application.get<NameRoute>('/v1/sessions/:name', async (request, reply) => {
    const operation = 'show_session';
    const input = readSessionName(request.params.name);
    if (input.kind === 'invalid') return send(invalid(operation, input), reply);
    const session = await operations.session(input.value);
    return send(session === undefined ? noSession(operation) : { operation, status: 200, body: session }, reply);
  });
  application.delete<NameRoute>('/v1/sessions/:name', async (request, reply) => {
    const operation = 'end_session';
    const input = readSessionName(request.params.name);
    if (input.kind === 'invalid') return send(invalid(operation, input), reply);
    const hasEnded = await operations.endSession(input.value);
    return send(hasEnded ? { operation, status: 200, body: { ended: 1 } } : noSession(operation), reply);
  });
  application.post('/v1/explain', async (request, reply) => {
    const operation = 'explain';
    const input = readExplainBody(request.body);
    if (input.kind === 'invalid') return send(invalid(operation, input), reply);
    return send({ operation, status: 200, body: await operations.explain(input.value) }, reply);
  });
  application.get('/v1/config', (_request, reply) =>
    send({ operation: 'show_config', status: 200, body: operations.config() }, reply),
  );
  application.post('/v1/reload', async (_request, reply) => {
    const { outcome, findings } = await operations.reload();
    const status = reloadStatus[outcome];
    const body =
      outcome === 'reloaded'
        ? { outcome }
        : { error: outcome, error_description: reloadTexts[outcome], outcome, findings };
    return send({ operation: 'reload', status, body }, reply);
  });
}

type NameRoute = { Params: { name: string } };

async function listAnswer(
  found: AsyncIterator<object>,
  limit = defaultLimit,
  operation: string,
  operations: AdminOperations,
): Promise<Answer> {
  if (limit > largestLimit) {
    const problem = `limit: at most ${largestLimit}, or ask for application/x-ndjson`;
    return invalid(operation, { kind: 'invalid', problem });
  }
  const sessions: object[] = [];
  let next = await found.next();
  while (!next.done && sessions.length < limit) {
    sessions.push(next.value);
    next = await found.next();
  }
  const body = { sessions, is_truncated: !next.done, sealed_instances: operations.sealedInstances() };
  if (!next.done) await found.return?.();
  return { operation, status: 200, body };
}

async function* lines(first: IteratorResult<object>, found: AsyncIterator<object>, limit = Number.POSITIVE_INFINITY) {
  let next = first;
  for (let count = 0; !next.done && count < limit; count += 1) {
    yield `${JSON.stringify(next.value)}\n`;
    next = await found.next();
  }
  await found.return?.();
}

function invalid(operation: string, { problem }: Exclude<Input<unknown>, { kind: 'input' }>): Answer {
  return { operation, status: 400, body: { error: 'invalid_request', error_description: problem } };
}

function noSession(operation: string): Answer {
  const error_description = 'there is no live session of this name';
  return { operation, status: 404, body: { error: 'not_found', error_description } };
}

const reloadStatus = { reloaded: 200, invalid: 422, needs_restart: 409, store_unreachable: 503, failed: 500 } as const;

const reloadTexts: Readonly<Record<Exclude<ReloadAnswer['outcome'], 'reloaded'>, string>> = {
  invalid: 'the configuration has errors; the one before it goes on serving',
  needs_restart: 'the change needs a restart; the configuration before it goes on serving',
  store_unreachable: 'the new store does not answer; the configuration before it goes on serving',
  failed: 'the configuration could not be taken over; the log says why, and the one before it goes on serving',
};

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
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return refuse(reply, status, 'invalid_request', 'the request was not understood: JSON of at most 256 KiB is');
  }
  telemetry.problem('admin_request_failed', { operation: request.routeOptions.url ?? '' }, error);
  return refuse(reply, 500, 'server_error', 'this failed; the log says why');
}
