import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkMessage } from '../../../test/support/check-request.ts';
import { CheckRequest } from '../../gen/envoy/service/auth/v3/external_auth.ts';
import { toHttpRequest } from './to-http-request.ts';

describe('toHttpRequest', () => {
  it('takes method, authority and target from the pseudo-headers and keeps them out of the header bag', () => {
    const request = toHttpRequest(
      checkMessage({
        method: 'GET',
        host: 'from-attribute',
        path: '/from-attribute',
        rawHeaders: [
          [':method', 'POST'],
          [':authority', 'app.example.com'],
          [':path', '/orders?x=1'],
          [':scheme', 'https'],
          ['accept', '*/*'],
        ],
      }),
    );
    expect(request).toEqual({
      method: 'POST',
      authority: 'app.example.com',
      target: '/orders?x=1',
      headers: new Map([['accept', ['*/*']]]),
      context: new Map(),
    });
  });

  it('takes them from the attributes where header_map has none', () => {
    const message = checkMessage({ method: 'PUT', host: 'h:8080', path: '/a', rawHeaders: [['accept', 'x']] });
    expect(toHttpRequest(message)).toMatchObject({ method: 'PUT', authority: 'h:8080', target: '/a' });
  });

  it('keeps repeated headers apart and in order when Envoy sends header_map', () => {
    const rawHeaders = [
      ['cookie', 'a=1'],
      ['Cookie', 'b=2'],
      ['x', ''],
    ] as const;
    expect(toHttpRequest(checkMessage({ rawHeaders }))?.headers).toEqual(
      new Map([
        ['cookie', ['a=1', 'b=2']],
        ['x', ['']],
      ]),
    );
  });

  it('reads the joined headers of an Envoy without encode_raw_headers', () => {
    const headers = new Map([
      [':path', '/p'],
      ['cookie', 'a=1,b=2'],
    ]);
    const request = toHttpRequest(checkMessage({ headers }));
    expect(request?.headers).toEqual(new Map([['cookie', ['a=1,b=2']]]));
    expect(request?.target).toBe('/p');
  });

  it('reads `value` where header_map carries no raw_value', () => {
    const http = {
      ...{ id: '', method: 'GET', path: '/', host: 'h', scheme: '', protocol: '', headers: new Map() },
      headerMap: { headers: [{ key: 'a', value: 'text' }] },
    };
    const message = CheckRequest.encode({ attributes: { request: { http }, contextExtensions: new Map() } }).finish();
    expect(toHttpRequest(message)?.headers).toEqual(new Map([['a', ['text']]]));
  });

  it('keeps headers named __proto__, constructor and hasOwnProperty (H12)', () => {
    const names = ['__proto__', 'constructor', 'hasownproperty'];
    for (const message of [
      checkMessage({ rawHeaders: names.map((name) => [name, 'v'] as const) }),
      checkMessage({ headers: new Map(names.map((name) => [name, 'v'])) }),
    ]) {
      expect([...(toHttpRequest(message)?.headers ?? [])]).toEqual(names.map((name) => [name, ['v']]));
    }
  });

  it('gives one character for one byte, whatever the bytes (H15, H16)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const value = Buffer.from(bytes).toString('latin1');
        const request = toHttpRequest(checkMessage({ rawHeaders: [['cookie', value]] }));
        expect(request?.headers.get('cookie')).toEqual([value]);
      }),
    );
  });

  it('reads operators’ context as UTF-8', () => {
    const context = new Map([
      ['tenant', 'größe'],
      ['mode', 'heal'],
    ]);
    expect(toHttpRequest(checkMessage({ context }))?.context).toEqual(context);
  });

  it('reads a message that lies inside a larger buffer', () => {
    const message = checkMessage({ rawHeaders: [['a', 'value of a']] });
    const pool = Buffer.concat([Buffer.from('before'), message, Buffer.from('after')]);
    const view = pool.subarray(6, 6 + message.length);
    expect(toHttpRequest(view)?.headers.get('a')).toEqual(['value of a']);
    expect(toHttpRequest(new Uint8Array(message))?.headers.get('a')).toEqual(['value of a']);
  });

  it('finds no request in an empty message or in one without http attributes (G1)', () => {
    expect(toHttpRequest(new Uint8Array(0))).toBeUndefined();
    expect(toHttpRequest(CheckRequest.encode({ attributes: undefined }).finish())).toBeUndefined();
    const attributes = { request: undefined, contextExtensions: new Map() };
    expect(toHttpRequest(CheckRequest.encode({ attributes }).finish())).toBeUndefined();
    expect(toHttpRequest(checkMessage({ method: '' }))).toBeUndefined();
  });

  it('finds no request in any truncation of a message (G1)', () => {
    const message = checkMessage({ rawHeaders: [['cookie', 'a=1; b=2']], context: new Map([['k', 'v']]) });
    for (let length = 0; length < message.length; length += 1) {
      expect(toHttpRequest(message.subarray(0, length)), `cut at ${length}`).toBeUndefined();
    }
  });

  it('never throws, whatever the bytes (G1)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        toHttpRequest(bytes);
      }),
      { numRuns: 2000 },
    );
  });
});
