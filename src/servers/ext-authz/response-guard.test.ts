import { describe, expect, it } from 'vitest';
import type { Forward, Header, PlainReply } from '../../core/verdict.ts';
import type { CheckResponse } from '../../gen/envoy/service/auth/v3/external_auth.ts';
import { flawOf } from './response-guard.ts';
import { toCheckResponse } from './to-check-response.ts';

const forward: Forward = {
  kind: 'forward',
  setHeaders: [['authorization', 'Bearer abc']],
  removeHeaders: ['x-auth-request-user'],
  responseHeadersIfAbsent: [['cache-control', 'private']],
};
const reply: PlainReply = {
  kind: 'reply',
  status: 302,
  headers: [['location', 'https://idp.example/']],
  body: 'Grüße',
};

const flawOfVerdict = (verdict: Forward | PlainReply) => flawOf(toCheckResponse(verdict));
const setting = (...setHeaders: Header[]) => flawOfVerdict({ ...forward, setHeaders });
const answering = (...headers: Header[]) => flawOfVerdict({ ...reply, headers });
/** What an answer looks like when a defect has got past its type. */
const broken = (changes: object): CheckResponse => ({ ...toCheckResponse(reply), ...changes });

describe('flawOf', () => {
  it('finds nothing wrong with what the constructors make', () => {
    expect(flawOfVerdict(forward)).toBeUndefined();
    expect(flawOfVerdict(reply)).toBeUndefined();
    expect(setting(['cookie', Buffer.from('a=ü', 'utf8').toString('latin1')])).toBeUndefined();
    expect(answering(['set-cookie', 'a=1'], ['set-cookie', 'b=2'])).toBeUndefined();
  });

  it.each(['\r', '\n', '\0', '\t', '\x1b', '\x7f', 'ü', '\x9b', '\u2028'])(
    'refuses a value with %j, in a forward and in a reply (H16)',
    (character) => {
      const value = `a${character}b`;
      expect(setting(['x-auth-request-name', value])).toBe('an invalid value in headers');
      expect(answering(['location', value])).toBe('an invalid value in the headers of a reply');
      for (const place of ['responseHeadersIfAbsent', 'setResponseHeaders', 'addResponseHeaders']) {
        expect(flawOfVerdict({ ...forward, [place]: [['vary', value]] })).toBe(
          'an invalid value in response_headers_to_add',
        );
      }
    },
  );

  it.each(['\r', '\n', '\0', '\x7f'])('refuses %j in a cookie header as well', (character) => {
    expect(setting(['cookie', `a=1${character}`])).toBe('an invalid value in headers');
  });

  it.each(['', 'a b', 'a:b', ':path', 'a\n', 'ü', 'a\0'])('refuses the header name %j', (name) => {
    expect(setting([name, 'v'])).toBe('an invalid name in headers');
    expect(answering([name, 'v'])).toBe('an invalid name in the headers of a reply');
    expect(flawOfVerdict({ ...forward, removeHeaders: [name] })).toBe('an invalid name in headers_to_remove');
  });

  it.each(['host', 'Host', 'content-length', 'transfer-encoding', 'connection'])('leaves %s to Envoy', (name) => {
    expect(setting([name, 'v'])).toBe('a name that belongs to Envoy in headers');
    expect(flawOfVerdict({ ...forward, removeHeaders: [name] })).toBe(
      'a name that belongs to Envoy in headers_to_remove',
    );
  });

  it('refuses a header that is both set and removed, in any case', () => {
    expect(flawOfVerdict({ ...forward, removeHeaders: ['Authorization'] })).toBe(
      'a header that is both set and removed',
    );
  });

  it('refuses a request header that is set twice, of which Envoy would keep one', () => {
    expect(setting(['x-user', 'alice'], ['X-User', 'mallory'])).toBe('a request header that is set twice');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 0, 100, 199, 200.5, 600, -401, '401'])(
    'refuses a reply with status %s',
    (status) => {
      // A string can only come past the type.
      expect(flawOfVerdict({ ...reply, status: status as number })).toBe('an HTTP status outside 200 to 599');
    },
  );

  it('refuses code 0 beside a denied_response, which Envoy would read as allow (G2)', () => {
    expect(flawOf(broken({ status: { code: 0, message: '' } }))).toBe('denied_response beside code 0');
  });

  it('refuses an answer without a status or without an http_response, which Envoy would read as allow (G2)', () => {
    expect(flawOf(broken({ status: undefined }))).toBe('a status code outside google.rpc.Code');
    expect(flawOf(broken({ status: { code: Number.NaN, message: '' } }))).toBe('a status code outside google.rpc.Code');
    expect(flawOf(broken({ httpResponse: undefined }))).toBe('no http_response');
    expect(flawOf(broken({ httpResponse: { $case: 'errorResponse', value: {} } }))).toBe('an unknown http_response');
  });

  it('refuses an ok_response beside an error code', () => {
    expect(flawOf({ ...toCheckResponse(forward), status: { code: 7, message: '' } })).toBe(
      'ok_response beside an error code',
    );
  });

  it('refuses options other than the ones the constructors write', () => {
    const header = { key: 'x', value: 'v' };
    const ok = { headers: [], headersToRemove: [], responseHeadersToAdd: [], queryParametersToRemove: [] };
    const allow = (value: object) =>
      flawOf({ status: { code: 0, message: '' }, httpResponse: { $case: 'okResponse', value: { ...ok, ...value } } });
    const appended = { header, append: undefined, appendAction: 0 };
    expect(allow({})).toBeUndefined();
    expect(allow({ headers: [appended] })).toBe('a request header that would be appended');
    expect(allow({ headers: [{ header, append: true, appendAction: 2 }] })).toBe(
      'a request header that would be appended',
    );
    expect(allow({ headers: [{ ...appended, header: undefined }] })).toBe('an invalid name in headers');
    expect(allow({ headers: [{ ...appended, header: { ...header, rawValue: Buffer.from('v') } }] })).toBe(
      'a raw value in headers',
    );
    expect(allow({ responseHeadersToAdd: [appended] })).toBe(
      'a response header that is appended, or a cookie that is not',
    );
    const vary = { ...appended, header: { key: 'vary', value: 'Origin' } };
    expect(allow({ responseHeadersToAdd: [vary, vary] })).toBeUndefined();
    for (const appendAction of [1, 2]) {
      for (const options of [
        [vary, { ...vary, appendAction }],
        [{ ...vary, appendAction }, vary],
      ]) {
        expect(allow({ responseHeadersToAdd: options })).toBe('a response header that is both set and appended');
      }
    }
    for (const key of ['access-control-allow-origin', 'cache-control', 'Vary', 'vary2']) {
      expect(allow({ responseHeadersToAdd: [{ ...vary, header: { key, value: 'x' } }] })).toBe(
        'a response header that is appended, or a cookie that is not',
      );
    }
    const cookie = { ...appended, header: { key: 'set-cookie', value: 'a=b' } };
    const uncached = { header: { key: 'cache-control', value: 'no-store' }, append: false, appendAction: 2 };
    expect(allow({ responseHeadersToAdd: [cookie, uncached] })).toBeUndefined();
    expect(allow({ responseHeadersToAdd: [{ ...cookie, appendAction: 2 }, uncached] })).toBe(
      'a response header that is appended, or a cookie that is not',
    );
    const ifAbsent = { ...uncached, appendAction: 1 };
    for (const others of [[], [ifAbsent], [{ ...uncached, header: { key: 'cache-control', value: '' } }]]) {
      expect(allow({ responseHeadersToAdd: [cookie, ...others] })).toBe('a cookie on an answer that a cache may keep');
    }
    expect(allow({ queryParametersToRemove: ['code'] })).toBe('query parameters to remove');
    const deny = (value: object) =>
      flawOf(
        broken({
          httpResponse: { $case: 'deniedResponse', value: { status: { code: 401 }, headers: [], body: '', ...value } },
        }),
      );
    expect(deny({})).toBeUndefined();
    expect(deny({ headers: [{ header, append: true, appendAction: 0 }] })).toBe(
      'append in the headers of a reply, where Envoy drops all of them',
    );
    expect(deny({ status: undefined })).toBe('an HTTP status outside 200 to 599');
    expect(deny({ body: undefined })).toBe('a body that is no text');
  });
});
