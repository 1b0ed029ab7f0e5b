import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { checkMessage } from '../../../test/support/check-request.ts';
import { renderer } from '../../../test/support/rendered.ts';
import type { HttpRequest } from '../../core/http/request.ts';
import { secondsOf } from '../../core/time.ts';
import type { Header, Verdict } from '../../core/verdict.ts';
import { CheckResponse } from '../../gen/envoy/service/auth/v3/external_auth.ts';
import { StoreUnavailableError } from '../../ports/store.ts';
import type { EventFields, Telemetry } from '../../ports/telemetry.ts';
import { createCheck } from './check.ts';

interface Recorded extends Telemetry {
  readonly problems: readonly (readonly [name: string, fields: EventFields, cause: unknown])[];
  readonly checks: readonly (readonly [decision: string, seconds: number])[];
}

function recorder(): Recorded {
  const problems: [string, EventFields, unknown][] = [];
  const checks: [string, number][] = [];
  return {
    problems,
    checks,
    event: () => {},
    problem: (name, fields, cause) => problems.push([name, fields, cause]),
    check: (decision, seconds) => checks.push([decision, seconds]),
  };
}

const forward: Verdict = { kind: 'forward', setHeaders: [], removeHeaders: [], responseHeadersIfAbsent: [] };
const id = '7d9f2c1e-4a54-4a3c-9a55-2f5f0f6f7a11';
const message = checkMessage({ rawHeaders: [['x-request-id', id]] });

function checkWith(authorize: (request: HttpRequest) => Promise<Verdict>, telemetry: Telemetry = recorder()) {
  let reading = 100;
  const now = () => (reading += 0.25);
  const check = createCheck({ authorize, telemetry, renderer, now, deadline: secondsOf(1.8) });
  return async (bytes: Uint8Array) => CheckResponse.decode(await check(bytes));
}

function isAllowed(response: CheckResponse): boolean {
  return response.status?.code === 0;
}

function statusOf(response: CheckResponse): number | undefined {
  return response.httpResponse?.$case === 'deniedResponse' ? response.httpResponse.value.status?.code : undefined;
}

function headersOf(response: CheckResponse): Record<string, string> {
  return Object.fromEntries(
    (response.httpResponse?.value.headers ?? []).map(({ header }) => [header?.key, header?.value]),
  );
}

describe('createCheck', () => {
  it('hands the request to authorize and answers its verdict', async () => {
    const seen: HttpRequest[] = [];
    const telemetry = recorder();
    const check = checkWith(async (request) => {
      seen.push(request);
      return { kind: 'reply', status: 302, headers: [['location', 'https://idp.example/']], body: '' };
    }, telemetry);
    const response = await check(checkMessage({ path: '/orders' }));
    expect(seen.map(({ target }) => target)).toEqual(['/orders']);
    expect(statusOf(response)).toBe(302);
    expect(headersOf(response)).toEqual({ location: 'https://idp.example/' });
    expect(telemetry.checks).toEqual([['redirect', 0.25]]);
  });

  it('allows with an explicit ok_response and counts it', async () => {
    const telemetry = recorder();
    const response = await checkWith(async () => forward, telemetry)(message);
    expect(response).toMatchObject({ status: { code: 0 }, httpResponse: { $case: 'okResponse' } });
    expect(telemetry.checks).toEqual([['forward', 0.25]]);
    expect(telemetry.problems).toEqual([]);
  });

  it.each([
    [400, 'bad_request'],
    [401, 'unauthenticated'],
    [403, 'forbidden'],
    [303, 'redirect'],
    [503, 'unavailable'],
    [418, 'other_reply'],
  ])('counts a reply with status %i as %s', async (status, decision) => {
    const telemetry = recorder();
    await checkWith(async () => ({ kind: 'reply', status, headers: [], body: '' }), telemetry)(message);
    expect(telemetry.checks).toEqual([[decision, 0.25]]);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('boom'))],
    [
      'throws before it has a promise',
      () => {
        throw new Error('boom');
      },
    ],
  ])('answers 503 with Retry-After when authorize %s (G2)', async (_name, authorize) => {
    const telemetry = recorder();
    const response = await checkWith(authorize, telemetry)(message);
    expect(response.status?.code).toBe(14);
    expect(statusOf(response)).toBe(503);
    expect(headersOf(response)).toMatchObject({ 'retry-after': '1', 'cache-control': 'no-store' });
    expect(telemetry.problems).toEqual([['check_failed', { outcome: 'error', requestId: id }, new Error('boom')]]);
    expect(telemetry.checks).toEqual([['unavailable', 0.25]]);
  });

  it('answers 503 and names the store when the store is unavailable', async () => {
    const telemetry = recorder();
    const response = await checkWith(async () => {
      throw new StoreUnavailableError('find');
    }, telemetry)(message);
    expect(statusOf(response)).toBe(503);
    expect(headersOf(response)['retry-after']).toBe('1');
    expect(telemetry.problems.map(([name]) => name)).toEqual(['store_unavailable']);
  });

  it('answers 503 when authorize has not answered within the deadline, and ignores what it says later (G2)', async () => {
    vi.useFakeTimers();
    try {
      const telemetry = recorder();
      let settle: (verdict: Verdict) => void = () => {};
      const late = new Promise<Verdict>((resolve) => {
        settle = resolve;
      });
      const answered = checkWith(() => late, telemetry)(message);
      await vi.advanceTimersByTimeAsync(1799);
      expect(telemetry.checks).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      const response = await answered;
      settle(forward);
      expect(statusOf(response)).toBe(503);
      expect(telemetry.problems).toMatchObject([['check_failed', { outcome: 'deadline_exceeded', requestId: id }, {}]]);
      expect(telemetry.checks).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('leaves no timer behind', async () => {
    vi.useFakeTimers();
    try {
      await checkWith(async () => forward)(message);
      await checkWith(() => Promise.reject(new Error('boom')))(message);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['garbage', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['truncated', message.subarray(0, message.length - 1)],
    ['without a request', Buffer.from([0x0a, 0x00])],
  ])('refuses an %s message without asking anybody (G1)', async (_name, bytes) => {
    const telemetry = recorder();
    const authorize = vi.fn(async () => forward);
    const response = await checkWith(authorize, telemetry)(bytes);
    expect(statusOf(response)).toBe(400);
    expect(response.status?.code).toBe(3);
    expect(authorize).not.toHaveBeenCalled();
    expect(telemetry.problems).toEqual([['check_failed', { outcome: 'malformed_message' }, undefined]]);
  });

  it('turns an unsound verdict into 503 and logs what was wrong, not the value (H16)', async () => {
    const telemetry = recorder();
    const setHeaders: readonly Header[] = [['x-user', 'alice\r\nx-admin: yes']];
    const response = await checkWith(async () => ({ ...forward, setHeaders }), telemetry)(message);
    expect(statusOf(response)).toBe(503);
    expect(telemetry.problems).toEqual([
      ['check_failed', { outcome: 'unsound_answer', detail: 'an invalid value in headers', requestId: id }, undefined],
    ]);
  });

  it.each([undefined, null, {}, { kind: 'allow' }, { kind: 'forward' }, { kind: 'reply' }, 'forward', 0])(
    'turns %j in place of a verdict into 503 (G2)',
    async (notAVerdict) => {
      // What a defect elsewhere could hand in past the types.
      const response = await checkWith(async () => notAVerdict as unknown as Verdict)(message);
      expect(statusOf(response)).toBe(503);
    },
  );

  it('answers correctly again after an answer that could not be written', async () => {
    const answers: Verdict[] = [{ ...forward, setHeaders: [['cookie', '\xe9']] }, forward];
    const check = checkWith(async () => answers.shift() ?? forward);
    expect(statusOf(await check(message))).toBe(503);
    expect(await check(message)).toMatchObject({ status: { code: 0 }, httpResponse: { $case: 'okResponse' } });
  });

  it('has one place that says "allow" (G2)', () => {
    const sources = readdirSync(import.meta.dirname).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
    );
    const constructors = sources.flatMap((name) =>
      [...readFileSync(join(import.meta.dirname, name), 'utf8').matchAll(/\$case: 'okResponse'/g)].map(() => name),
    );
    expect(constructors).toEqual(['to-check-response.ts']);
  });

  it('never allows on arbitrary bytes unless authorize was asked and said forward (G2)', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryMessage(), fc.boolean(), async (bytes, says) => {
        let forwarded = false;
        const check = checkWith(async () => {
          forwarded = says;
          return says ? forward : { kind: 'reply', status: 403, headers: [], body: '' };
        });
        const response = await check(bytes);
        expect(isAllowed(response)).toBe(forwarded);
        expect(response.httpResponse?.$case).toBe(forwarded ? 'okResponse' : 'deniedResponse');
      }),
      { numRuns: 500 },
    );
  });

  it('allows exactly the sound forward verdicts, always with an explicit ok_response (G2)', async () => {
    let appended = 0;
    await fc.assert(
      fc.asyncProperty(arbitraryVerdict(), async (verdict) => {
        const response = await checkWith(async () => verdict)(message);
        if (isAllowed(response)) {
          expect(verdict.kind).toBe('forward');
          expect(response.httpResponse?.$case).toBe('okResponse');
          appended += expectHarmless(response);
        } else {
          const status = statusOf(response) ?? 0;
          expect(status >= 200 && status <= 599).toBe(true);
        }
        for (const { header } of response.httpResponse?.value.headers ?? []) {
          expect(header?.value).not.toMatch(/[\r\n\0]/);
        }
      }),
      { numRuns: 1000 },
    );
    // Without this the property would hold where nothing is ever appended.
    expect(appended).toBeGreaterThan(0);
  });
});

/** Only lists are appended to what a workload answers, and nothing ends a line. How many are. */
function expectHarmless(response: CheckResponse): number {
  const http = response.httpResponse;
  const options = http?.$case === 'okResponse' ? http.value.responseHeadersToAdd : [];
  for (const { header } of options) expect(header?.value).not.toMatch(/[\r\n\0]/);
  const appended = options.filter(({ appendAction }) => appendAction === 0).map(({ header }) => header?.key);
  expect(appended.filter((name) => name !== 'vary' && name !== 'set-cookie')).toEqual([]);
  return appended.length;
}

function arbitraryMessage(): fc.Arbitrary<Uint8Array> {
  const flipped = fc.tuple(fc.nat(message.length - 1), fc.nat(255)).map(([index, byte]) => {
    const bytes = Buffer.from(message);
    bytes[index] = byte;
    return bytes;
  });
  return fc.oneof(fc.uint8Array({ maxLength: 120 }), flipped, fc.constant(message));
}

function arbitraryVerdict(): fc.Arbitrary<Verdict> {
  const text = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constantFrom('host', ':path', 'cookie', 'x-user', 'a\r\nb: c', '__proto__'),
  );
  const headers = fc.array(fc.tuple(text, text), { maxLength: 4 });
  const answered = fc.constantFrom('Vary', 'vary', 'set-cookie', 'cache-control', 'access-control-allow-origin');
  const onAnswers = fc.array(fc.tuple(answered, fc.constantFrom('Origin', 'no-store', 'a\r\nb: c')), { maxLength: 2 });
  return fc.oneof(
    fc.record({
      kind: fc.constant('forward' as const),
      setHeaders: headers,
      removeHeaders: fc.array(text, { maxLength: 3 }),
      responseHeadersIfAbsent: headers,
    }),
    fc.record({
      kind: fc.constant('forward' as const),
      setHeaders: fc.constant([]),
      removeHeaders: fc.constant([]),
      responseHeadersIfAbsent: onAnswers,
      setResponseHeaders: onAnswers,
      addResponseHeaders: onAnswers,
    }),
    fc.record({
      kind: fc.constant('reply' as const),
      status: fc.oneof(fc.integer({ min: -10, max: 700 }), fc.double()),
      headers,
      body: fc.string({ unit: 'binary' }),
    }),
  );
}
