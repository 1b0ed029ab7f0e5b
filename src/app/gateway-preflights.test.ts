import { describe, expect, it } from 'vitest';
import { fixedClock } from '../../test/support/fixed-clock.ts';
import { httpRequest } from '../../test/support/http-request.ts';
import { recordingTelemetry } from '../../test/support/recording-telemetry.ts';
import { ruleOf } from '../../test/support/rule.ts';
import type { Rule } from '../core/rules/match.ts';
import type { Reply } from '../core/verdict.ts';
import type { ModeInstance } from '../modes/mode.ts';
import { createGateway, type Gateway } from './gateway.ts';

/** A gateway with one rule, which passes preflights unless a test says otherwise, and an instance. */
function gatewayOf(
  authorize: ModeInstance['authorize'],
  rule: Partial<Rule> = { passesPreflight: true },
  explain?: ModeInstance['explain'],
): Gateway {
  const web: ModeInstance = {
    basePath: undefined,
    ownCookies: ['__Host-sallyport'],
    identityHeaders: ['x-user'],
    authorize,
    explain,
    routes: undefined,
  };
  const snapshot = {
    origins: ['https://app.example.com'],
    rules: [ruleOf({ name: 'api', ...rule, use: { kind: 'mode', instance: 'web', requirements: {} } })],
    instances: new Map([['web', web]]),
    stripHeaders: [],
    headerLimits: { maxHeaderBytes: 1000, maxHeaderCount: 10 },
  };
  return createGateway(snapshot, recordingTelemetry(), fixedClock());
}

const preflight = { origin: 'https://spa.example', 'access-control-request-method': 'PUT' };

describe('CORS preflights that a rule passes (B4)', () => {
  it('go on without identity and credentials, and no mode is asked', async () => {
    const forged = { authorization: 'Bearer x', 'x-user': 'mallory', cookie: '__Host-sallyport=id' };
    const gateway = gatewayOf(async () => {
      throw new Error('asked');
    });
    const request = httpRequest({ method: 'OPTIONS', headers: { ...preflight, ...forged } });
    expect(await gateway.authorize(request)).toMatchObject({
      kind: 'forward',
      setHeaders: [],
      removeHeaders: Object.keys(forged),
    });
    expect(await gateway.explain(request)).toMatchObject({
      rule: 'api',
      decision: 'forward',
      reason: 'a CORS preflight',
    });
  });

  it('are asked about as any other request where they are none', async () => {
    const gateway = gatewayOf(async () => ({
      kind: 'pass',
      setHeaders: [['x-user', 'alice']],
      responseHeadersIfAbsent: [],
    }));
    expect(await gateway.authorize(httpRequest({ method: 'OPTIONS' }))).toMatchObject({
      setHeaders: [['x-user', 'alice']],
    });
  });
});

describe('CORS preflights that the mode answers (B4)', () => {
  const request = httpRequest({ method: 'OPTIONS', headers: preflight });
  const reply: Reply = { kind: 'reply', status: 204, headers: [], body: '' };

  it('go to it by the method that they ask about, in the decision and in its explanation', async () => {
    const rule = { answersPreflight: true, methods: new Set(['PUT']) };
    const gateway = gatewayOf(
      async () => reply,
      rule,
      async () => ({ decision: 'refuse', reason: 'preflight' }),
    );
    expect(await gateway.authorize(request)).toBe(reply);
    expect(await gateway.explain(request)).toEqual({
      rule: 'api',
      use: 'web',
      decision: 'refuse',
      reason: 'preflight',
    });
    const elsewhere = gatewayOf(async () => reply, { ...rule, methods: new Set(['POST']) });
    expect(await elsewhere.authorize(request)).toMatchObject({ status: 403 });
  });
});

it('answers more header than is configured with 431 (S10)', async () => {
  const request = httpRequest({ headers: { cookie: 'a'.repeat(1000) } });
  expect(await gatewayOf(undefined).authorize(request)).toMatchObject({ kind: 'reply', status: 431 });
});
