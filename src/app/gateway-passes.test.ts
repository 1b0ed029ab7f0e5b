import { expect, it } from 'vitest';
import { fixedClock } from '../../test/support/fixed-clock.ts';
import { httpRequest } from '../../test/support/http-request.ts';
import { recordingTelemetry } from '../../test/support/recording-telemetry.ts';
import { ruleOf } from '../../test/support/rule.ts';
import type { Forward, Reply } from '../core/verdict.ts';
import type { ModeInstance, Pass } from '../modes/mode.ts';
import { createGateway } from './gateway.ts';

/** What the gateway makes of a pass, for a request with an Authorization and a cookie of ours. */
async function forwardOf(pass: Omit<Pass, 'kind'>): Promise<Forward | Reply> {
  const web: ModeInstance = {
    basePath: undefined,
    ownCookies: ['__Host-sallyport'],
    identityHeaders: [],
    authorize: async () => ({ kind: 'pass', ...pass }),
    explain: undefined,
    routes: undefined,
  };
  const snapshot = {
    origins: ['https://app.example.com'],
    rules: [ruleOf({ name: 'all', use: { kind: 'mode', instance: 'web', requirements: {} } })],
    instances: new Map([['web', web]]),
    stripHeaders: [],
    headerLimits: { maxHeaderBytes: 98_304, maxHeaderCount: 200 },
  };
  const headers = { authorization: 'Bearer theirs', cookie: '__Host-sallyport=id' };
  return await createGateway(snapshot, recordingTelemetry(), fixedClock()).authorize(httpRequest({ headers }));
}

it('keeps the client’s Authorization where a mode says so, and lets no mode set one beside it (H5)', async () => {
  const keeping = { setHeaders: [], responseHeadersIfAbsent: [], keepsAuthorization: true } as const;
  expect(await forwardOf(keeping)).toMatchObject({ setHeaders: [], removeHeaders: ['cookie'] });
  const both = { ...keeping, setHeaders: [['Authorization', 'Bearer ours']] } as const;
  await expect(forwardOf(both)).rejects.toThrow('both keeps and sets');
});

it('carries what a mode wants on the answer: set, added and only where absent', async () => {
  const onAnswer = {
    responseHeadersIfAbsent: [['cache-control', 'private, no-store']],
    setResponseHeaders: [['access-control-allow-origin', 'https://spa.example']],
    addResponseHeaders: [['vary', 'Origin']],
  } as const;
  expect(await forwardOf({ setHeaders: [['x-user', 'alice']], ...onAnswer })).toMatchObject(onAnswer);
});
