import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hang } from '../../../test/support/bad-answers.ts';
import { fixedClock } from '../../../test/support/fixed-clock.ts';
import { recordingTelemetry } from '../../../test/support/recording-telemetry.ts';
import { grantAt, noSteps } from '../../../test/support/refreshing.ts';
import { registrationAt, relyingPartyOf } from '../../../test/support/relying-party.ts';
import { startTinyProvider, type TinyProvider } from '../../../test/support/tiny-provider.ts';
import { type Seconds, secondsOf } from '../../core/time.ts';
import type { RefreshableGrant } from '../../ports/authorization-server.ts';
import type { OutboundRequest } from '../../ports/http-client.ts';
import { createHttpClient } from '../undici/http-client.ts';
import { createAuthorizationServer } from './authorization-server.ts';

let provider: TinyProvider;
let first: RefreshableGrant;
beforeEach(async () => {
  provider = await startTinyProvider();
  first = await grantAt(provider);
});
afterEach(async () => {
  await provider.stop();
});

const unknown = { kind: 'unavailable', isLost: false };

describe('whoever refreshes says at the last moment whether it may be sent', () => {
  it('no: nothing is sent', async () => {
    const { server } = relyingPartyOf(provider);
    const outcome = await server.refresh(first, { ...noSteps, maySend: async () => false });
    expect(outcome).toMatchObject({ ...unknown, detail: 'not sent: somebody else refreshes' });
    expect(provider.count('token')).toBe(0);
  });

  it('is asked when the provider is known, and nothing is sent before the answer', async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<boolean>();
    provider.tokens({ id_token: undefined });
    const maySend = () => {
      asked.resolve();
      return answer.promise;
    };
    const outcome = relyingPartyOf(provider).server.refresh(first, { ...noSteps, maySend });
    await asked.promise;
    expect([provider.count('discovery'), provider.count('token')]).toEqual([1, 0]);
    answer.resolve(true);
    expect((await outcome).kind).toBe('refreshed');
    expect(provider.count('token')).toBe(1);
  });

  it('is not asked when the provider was never found', async () => {
    provider.answer('discovery', {});
    const maySend = () => Promise.reject(new Error('asked for nothing'));
    expect(await relyingPartyOf(provider).server.refresh(first, { ...noSteps, maySend })).toMatchObject(unknown);
  });

  it('ends the refresh with what it throws', async () => {
    const failure = new Error('the store is away');
    const maySend = () => Promise.reject(failure);
    await expect(relyingPartyOf(provider).server.refresh(first, { ...noSteps, maySend })).rejects.toBe(failure);
    expect(provider.count('token')).toBe(0);
  });
});

describe('the time that a refresh has', () => {
  /** Our side of the provider, whose patience for a refresh is shortened, and what it sent. */
  function patientParty(requestTimeout: Seconds, patience?: Seconds) {
    const http = createHttpClient({
      timeout: requestTimeout,
      maxBytes: 100_000,
      allowHttp: true,
      reroute: undefined,
      ca: undefined,
      clientCertificate: undefined,
      proxy: undefined,
    });
    const sent: (OutboundRequest & { readonly url: string })[] = [];
    const server = createAuthorizationServer(registrationAt(provider, { requestTimeout }), {
      clock: fixedClock(),
      telemetry: recordingTelemetry(),
      http: {
        ...http,
        fetch(url, request) {
          sent.push({ ...request, url });
          return http.fetch(
            url,
            request.answerTimeout === undefined ? request : { ...request, answerTimeout: patience },
          );
        },
      },
    });
    return { server, sent };
  }

  it('is 25 s for the answer, whatever other requests have: what was sent may have been carried out', async () => {
    provider.tokens({ id_token: await provider.idToken({ nonce: undefined }) });
    const { server, sent } = patientParty(secondsOf(3));
    expect((await server.refresh(first, noSteps)).kind).toBe('refreshed');
    const times = sent.map(({ url, answerTimeout }) => [url.slice(provider.origin.length), answerTimeout]);
    expect(times).toEqual([
      ['/.well-known/openid-configuration', undefined],
      ['/token', 25],
      ['/jwks', undefined],
    ]);
    // The library would cut it off by its own signal.
    expect(sent.map(({ signal }) => signal)).toEqual([undefined, undefined, undefined]);
  });

  it('lets a provider answer that takes longer than any other request may', async () => {
    provider.tokens({ id_token: undefined });
    const { server } = patientParty(secondsOf(0.1), secondsOf(5));
    provider.answer('token', (_request, response) => {
      const answer = () => response.writeHead(200, { 'content-type': 'application/json' }).end(late);
      setTimeout(answer, 300);
    });
    expect((await server.refresh(first, noSteps)).kind).toBe('refreshed');
    expect(provider.count('token')).toBe(1);
  });

  it('ends; nobody knows whether it was carried out, and to ask again would take as long (I1)', async () => {
    for (const handler of [hang, () => undefined]) {
      provider.answer('token', handler);
      const { server } = patientParty(secondsOf(0.1), secondsOf(0.2));
      expect(await server.refresh(first, noSteps)).toMatchObject(unknown);
    }
    expect(provider.count('token')).toBe(2);
  });
});

const late = JSON.stringify({ access_token: 'late', token_type: 'Bearer', refresh_token: 'rotated' });
