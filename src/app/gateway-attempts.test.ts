import { expect, it } from 'vitest';
import { fixedClock } from '../../test/support/fixed-clock.ts';
import { httpRequest } from '../../test/support/http-request.ts';
import { recordingTelemetry } from '../../test/support/recording-telemetry.ts';
import { ruleOf } from '../../test/support/rule.ts';
import type { ModeInstance, RequestFacts } from '../modes/mode.ts';
import { createGateway } from './gateway.ts';

const start = '1767225599.500';

/** A gateway whose one instance lets everybody through, and what it is told about each request. */
function noting() {
  const facts: RequestFacts[] = [];
  const web: ModeInstance = {
    basePath: undefined,
    ownCookies: [],
    identityHeaders: [],
    authorize: async (_request, each) => {
      facts.push(each);
      return { kind: 'pass', setHeaders: [], responseHeadersIfAbsent: [] };
    },
    explain: async (_request, each) => {
      facts.push(each);
      return { decision: 'forward', reason: 'session_live' };
    },
    routes: undefined,
  };
  const snapshot = {
    origins: ['https://app.example.com'],
    rules: [ruleOf({ name: 'all', use: { kind: 'mode', instance: 'web', requirements: {} } })],
    instances: new Map([['web', web]]),
    stripHeaders: [],
    headerLimits: { maxHeaderBytes: 98_304, maxHeaderCount: 200 },
  };
  return { gateway: createGateway(snapshot, recordingTelemetry(), fixedClock()), facts };
}

it('tells the mode, and explanations, which request is a second attempt of a heal route, and no other', async () => {
  const { gateway, facts } = noting();
  const headers = { 'x-envoy-attempt-count': '2', 'x-sallyport-start': start };
  for (const context of [{ 'sallyport.heal': 'on' }, {}]) {
    const request = httpRequest({ headers, context });
    await gateway.authorize(request);
    await gateway.explain(request);
  }
  const rejected = { requestedAt: 1_767_225_599_500 };
  expect(facts.map((each) => each.rejected)).toEqual([rejected, rejected, undefined, undefined]);
});

it('lets no header of ours about attempts reach the workload', async () => {
  const headers = { 'x-sallyport-start': start, 'x-sallyport-retry': '1', 'x-other': '1' };
  const verdict = await noting().gateway.authorize(httpRequest({ headers, context: { 'sallyport.heal': 'on' } }));
  expect(verdict).toMatchObject({ kind: 'forward', removeHeaders: ['x-sallyport-start', 'x-sallyport-retry'] });
});
