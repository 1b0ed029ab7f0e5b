import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { recordingTelemetry } from '../../../test/support/recording-telemetry.ts';
import type { AdminOperations } from './operations.ts';
import { addRoutes } from './routes.ts';

const none = () => {
  throw new Error('not asked for here');
};

it.each([
  ['lines', 'application/x-ndjson', 5000],
  ['one answer', 'application/json', 1000],
])('a long list as %s gives way to others, though the store answers at once', async (_, accept, count) => {
  const state = { isOver: false, sinceTurn: 0, longest: 0 };
  const operations: AdminOperations = {
    async *sessions() {
      for (let number = 0; number < count; number += 1) {
        state.sinceTurn += 1;
        state.longest = Math.max(state.longest, state.sinceTurn);
        yield { number };
      }
    },
    session: none,
    endSessions: none,
    endSession: none,
    sealedInstances: () => [],
    explain: none,
    keys: none,
    config: none,
    reload: none,
  };
  const turn = () => {
    state.sinceTurn = 0;
    if (!state.isOver) setImmediate(turn);
  };
  const application = Fastify({ logger: false });
  addRoutes(application, operations, recordingTelemetry());
  await application.ready();
  turn();
  const answer = await application.inject({ url: `/v1/sessions?limit=${count}`, headers: { accept } });
  state.isOver = true;
  await application.close();
  expect(answer.statusCode).toBe(200);
  expect(answer.body.match(/"number":/g)).toHaveLength(count);
  expect(state.longest).toBeLessThanOrEqual(201);
});
