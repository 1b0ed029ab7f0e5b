import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Telemetry } from '../../ports/telemetry.ts';
import { type Input, readEndQuery, readExplainBody, readListQuery, readSessionName } from './input.ts';
import type { AdminOperations, ReloadAnswer } from './operations.ts';

/** In one JSON answer; a stream of lines has no such limit. */
const defaultLimit = 100;
const largestLimit = 1000;
/** Sessions between two turns of the event loop: a store in memory answers without any, and checks would wait. */
const turnEvery = 200;

/** What a handler found out: `operation` is for the audit log. */
interface Answer {
  readonly operation: string;
  readonly status: 200 | 400 | 404 | 409 | 422 | 500 | 503;
  readonly body: object;
}

/** Version 1 of the admin API. */
export function addRoutes(application: FastifyInstance, operations: AdminOperations, telemetry: Telemetry): void {
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
  application.get('/v1/keys', async (_request, reply) =>
    send({ operation: 'show_keys', status: 200, body: await operations.keys() }, reply),
  );
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
    if (sessions.length % turnEvery === 0) await turn();
    next = await found.next();
  }
  const body = { sessions, is_truncated: !next.done, sealed_instances: operations.sealedInstances() };
  if (!next.done) await found.return?.();
  return { operation, status: 200, body };
}

async function* lines(first: IteratorResult<object>, found: AsyncIterator<object>, limit = Number.POSITIVE_INFINITY) {
  try {
    let next = first;
    for (let count = 0; !next.done && count < limit; count += 1) {
      yield `${JSON.stringify(next.value)}\n`;
      if (count % turnEvery === turnEvery - 1) await turn();
      next = await found.next();
    }
  } finally {
    // Also when the caller goes away in the middle.
    await found.return?.();
  }
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
