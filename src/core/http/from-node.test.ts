import { describe, expect, it } from 'vitest';
import { httpRequestFrom } from './from-node.ts';

describe('httpRequestFrom', () => {
  it('keeps every header line in order, under its lower-case name', () => {
    const request = httpRequestFrom({
      method: 'POST',
      url: '/a?b',
      rawHeaders: ['Host', 'app.example.com', 'X-A', '1', 'x-a', '2', '__proto__', 'p', 'X-Empty', ''],
    });
    expect(request).toEqual({
      method: 'POST',
      authority: 'app.example.com',
      target: '/a?b',
      headers: new Map([
        ['host', ['app.example.com']],
        ['x-a', ['1', '2']],
        ['__proto__', ['p']],
        ['x-empty', ['']],
      ]),
      context: new Map(),
    });
  });

  it.each([
    [[], 'no Host line'],
    [['Host', 'a.example', 'host', 'b.example'], 'two Host lines'],
    [['Host', 'a.example', 'Host', 'a.example'], 'the same Host line twice'],
  ])('names no authority for %j: %s (P10, RFC 9112 §3.2)', (rawHeaders) => {
    expect(httpRequestFrom({ method: 'GET', url: '/', rawHeaders }).authority).toBe('');
  });

  it('makes a request that matches nothing of a message without method and URL', () => {
    expect(httpRequestFrom({ rawHeaders: [] })).toMatchObject({ method: '', target: '' });
  });
});
