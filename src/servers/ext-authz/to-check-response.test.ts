import { describe, expect, it } from 'vitest';
import type { Forward, PlainReply } from '../../core/verdict.ts';
import { CheckResponse } from '../../gen/envoy/service/auth/v3/external_auth.ts';
import { toCheckResponse } from './to-check-response.ts';

const forward: Forward = { kind: 'forward', setHeaders: [], removeHeaders: [], responseHeadersIfAbsent: [] };
const reply: PlainReply = { kind: 'reply', status: 401, headers: [], body: '' };

describe('toCheckResponse', () => {
  it('allows with an explicit ok_response, even when nothing changes (G2)', () => {
    const bytes = CheckResponse.encode(toCheckResponse(forward)).finish();
    expect(bytes.length).toBeGreaterThan(0);
    expect(CheckResponse.decode(bytes)).toMatchObject({ status: { code: 0 }, httpResponse: { $case: 'okResponse' } });
  });

  it('overwrites what the client sent, in both spellings of the option (H1)', () => {
    const response = toCheckResponse({ ...forward, setHeaders: [['X-Auth-Request-User', 'alice']] });
    expect(response.httpResponse?.value.headers).toEqual([
      { header: { key: 'x-auth-request-user', value: 'alice' }, append: false, appendAction: 2 },
    ]);
  });

  it('adds response headers only where the workload did not set them', () => {
    const response = toCheckResponse({ ...forward, responseHeadersIfAbsent: [['cache-control', 'private']] });
    expect(response.httpResponse?.value).toMatchObject({
      responseHeadersToAdd: [
        { header: { key: 'cache-control', value: 'private' }, append: undefined, appendAction: 1 },
      ],
    });
  });

  it('overwrites and adds response headers as it was told', () => {
    const response = toCheckResponse({
      ...forward,
      setResponseHeaders: [['Access-Control-Allow-Origin', 'https://spa.example']],
      addResponseHeaders: [['Vary', 'Origin']],
    });
    expect(response.httpResponse?.value).toMatchObject({
      responseHeadersToAdd: [
        {
          header: { key: 'access-control-allow-origin', value: 'https://spa.example' },
          append: false,
          appendAction: 2,
        },
        { header: { key: 'vary', value: 'Origin' }, append: undefined, appendAction: 0 },
      ],
    });
  });

  it('removes the names it was given', () => {
    const response = toCheckResponse({ ...forward, removeHeaders: ['x_auth_user', 'x.auth.user'] });
    expect(response.httpResponse?.value).toMatchObject({ headersToRemove: ['x_auth_user', 'x.auth.user'] });
  });

  it('carries every Set-Cookie of a reply, without `append`, which would lose all headers', () => {
    const headers = [
      ['set-cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ] as const;
    expect(toCheckResponse({ ...reply, headers }).httpResponse?.value.headers).toEqual([
      { header: { key: 'set-cookie', value: 'a=1' }, append: undefined, appendAction: 0 },
      { header: { key: 'set-cookie', value: 'b=2' }, append: undefined, appendAction: 0 },
    ]);
  });

  it.each([
    [200, 7],
    [302, 7],
    [400, 3],
    [401, 16],
    [403, 7],
    [404, 5],
    [429, 8],
    [500, 7],
    [503, 14],
  ])('gives a reply with status %i the non-zero code %i', (status, code) => {
    expect(toCheckResponse({ ...reply, status }).status?.code).toBe(code);
  });

  it('sends a client’s UTF-8 cookies back byte for byte (H14)', () => {
    const value = Buffer.from('name=Jörg ✓', 'utf8').toString('latin1');
    const bytes = CheckResponse.encode(toCheckResponse({ ...forward, setHeaders: [['cookie', value]] })).finish();
    expect(Buffer.from(bytes).toString('latin1')).toContain(value);
  });

  it('throws for cookies that a protobuf string cannot carry, rather than changing them (H15)', () => {
    expect(() => toCheckResponse({ ...forward, setHeaders: [['cookie', 'a=\xe9']] })).toThrow();
    expect(() => toCheckResponse({ ...forward, setHeaders: [['cookie', 'a=\u010a']] })).toThrow();
  });
});
