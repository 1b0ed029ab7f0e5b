import { describe, expect, it } from 'vitest';
import { httpRequest } from '../../../test/support/http-request.ts';
import { secondsOf } from '../time.ts';
import { type CorsPolicy, corsHeaders, isPreflight, preflightReply } from './cors.ts';

const origin = 'https://spa.example';
const policy: CorsPolicy = {
  allowMethods: ['GET', 'POST'],
  allowHeaders: [],
  exposeHeaders: [],
  maxAge: secondsOf(600),
};

function preflight(asked?: string | readonly string[]) {
  return httpRequest({
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      ...(asked === undefined ? {} : { 'access-control-request-headers': asked }),
    },
  });
}

function allowedHeaders(asked: string | readonly string[] | undefined, allowHeaders: readonly string[] = []) {
  const reply = preflightReply(preflight(asked), origin, { ...policy, allowHeaders });
  return new Map(reply.headers).get('access-control-allow-headers');
}

describe('a CORS preflight (Fetch §3.2, B4)', () => {
  it('is one for whoever answers it where it is one for the rules', () => {
    expect(isPreflight(preflight())).toBe(true);
    expect(isPreflight(httpRequest({ method: 'OPTIONS', headers: { origin } }))).toBe(false);
  });

  it('is answered with 204, the origin by name and no content', () => {
    expect(preflightReply(preflight('x-a,x-b'), origin, policy)).toEqual({
      kind: 'reply',
      status: 204,
      headers: [
        ['access-control-allow-origin', origin],
        ['access-control-allow-credentials', 'true'],
        ['access-control-allow-methods', 'GET, POST'],
        ['access-control-allow-headers', 'x-a, x-b'],
        ['access-control-max-age', '600'],
        ['vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'],
      ],
      body: '',
    });
  });

  it.each<readonly [asked: string | readonly string[], allowed: string]>([
    ['content-type', 'content-type'],
    ['Content-Type , x-a', 'Content-Type, x-a'],
    [['x-a', 'x-b'], 'x-a, x-b'],
    ["!#$%&'*+-.^_`|~0Az", "!#$%&'*+-.^_`|~0Az"],
    ['x'.repeat(2_048), 'x'.repeat(2_048)],
  ])('is told the headers that it asks for: %j', (asked, allowed) => {
    expect(allowedHeaders(asked)).toBe(allowed);
  });

  it.each<readonly [asked: string | readonly string[] | undefined, what: string]>([
    [undefined, 'none asked for'],
    ['', 'none, in a header'],
    ['x-a,,x-b', 'an empty one'],
    ['*', 'every one'],
    ['x-a, *', 'every one, behind another'],
    ['x-a\r\nset-cookie: a=b', 'a line feed'],
    ['x a', 'a blank'],
    ['x-a;q=1', 'a parameter'],
    ['x-é', 'a letter beyond ASCII'],
    ['x'.repeat(2_049), 'more than any page asks for'],
  ])('is told no headers when it asks for %j: %s', (asked) => {
    expect(allowedHeaders(asked)).toBeUndefined();
  });

  it('is told the configured headers, whatever it asks for', () => {
    expect(allowedHeaders('x-other', ['content-type', 'x-spa-csrf'])).toBe('content-type, x-spa-csrf');
  });
});

describe('the CORS headers of other answers (Fetch §3.2.3, B4)', () => {
  it('name the trusted origin over what the workload says, and vary beside it', () => {
    expect(corsHeaders(origin, { ...policy, exposeHeaders: ['etag', 'x-total'] })).toEqual({
      set: [
        ['access-control-allow-origin', origin],
        ['access-control-allow-credentials', 'true'],
        ['access-control-expose-headers', 'etag, x-total'],
      ],
      add: [['vary', 'Origin']],
    });
  });

  it('leave the workload what it exposes where nothing is configured', () => {
    expect(corsHeaders(origin, policy).set.map(([name]) => name)).toEqual([
      'access-control-allow-origin',
      'access-control-allow-credentials',
    ]);
  });

  it('only vary for a page that is not trusted, or for none', () => {
    expect(corsHeaders(undefined, policy)).toEqual({ set: [], add: [['vary', 'Origin']] });
  });
});
