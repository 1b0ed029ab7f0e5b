import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/support/arbitraries.ts';
import { httpRequest } from '../../../test/support/http-request.ts';
import { foldName, forwardWith, type HeaderChanges, type Hygiene, headerValueOf } from './identity-headers.ts';

const hygiene: Hygiene = {
  managedNames: new Set(['x-auth-user', 'x-forwarded-user', 'proxy-authorization']),
  proxyNames: new Set(['x-real-ip', 'content-length']),
  proxyPrefixes: ['x-forwarded-'],
  managedPrefixes: ['x-auth-request-', 'x-sallyport-'],
  ownCookies: new Set(['__Host-sallyport', '__Host-sallyport-login']),
};
const nothing: HeaderChanges = { setHeaders: [], responseHeadersIfAbsent: [], keepsAuthorization: false };

describe('forwardWith', () => {
  it.each([
    'x-auth-user',
    'x_auth_user',
    'x.auth.user',
    'x-auth_user',
    'x!auth~user',
    'x-auth-request-user',
    'x_auth_request_anything',
    'x.auth.request.groups',
    'x-sallyport-start',
    'x-forwarded-user',
    'proxy-authorization',
    'proxy_authorization',
    'authorization',
  ])('removes a client’s %s, on public rules too (H1, H2, H3, H13)', (name) => {
    const request = httpRequest({ headers: { [name]: ['mallory', 'mallory'], 'x-other': 'kept' } });
    expect(forwardWith(request, nothing, hygiene)).toEqual({
      kind: 'forward',
      setHeaders: [],
      removeHeaders: [name],
      responseHeadersIfAbsent: [],
    });
  });

  it.each(['x.forwarded.for', 'x_forwarded_proto', 'x-forwarded.host', 'x.real.ip', 'content_length'])(
    'removes %s, which only a client spells so (H2, H9)',
    (name) => {
      const request = httpRequest({ headers: { [name]: 'mallory' } });
      expect(forwardWith(request, nothing, hygiene).removeHeaders).toEqual([name]);
    },
  );

  it('leaves what proxies write as they write it (H9)', () => {
    const headers = { 'x-forwarded-for': '10.0.0.1', 'x-forwarded-proto': 'https', 'x-real-ip': '10.0.0.1' };
    const request = httpRequest({ headers: { ...headers, 'content-length': '0', x_other: '1' } });
    expect(forwardWith(request, nothing, hygiene).removeHeaders).toEqual([]);
  });

  it('leaves other headers alone, whatever they are called (H12)', () => {
    const request = httpRequest({
      headers: { ['__proto__']: 'a', constructor: 'b', hasownproperty: 'c', 'x-auth': 'd', 'x-auth-username': 'e' },
    });
    expect(forwardWith(request, nothing, hygiene).removeHeaders).toEqual([]);
  });

  it('sets ours over the client’s, under lower-case names, and never removes what it sets (H1)', () => {
    const request = httpRequest({ headers: { 'x-auth-user': ['mallory'], x_auth_user: 'mallory' } });
    const changes = { ...nothing, setHeaders: [['X-Auth-User', 'alice']] as const };
    expect(forwardWith(request, changes, hygiene)).toMatchObject({
      setHeaders: [['x-auth-user', 'alice']],
      removeHeaders: ['x_auth_user'],
    });
  });

  it('sends one Authorization at most: ours, or the client’s where the rule keeps it, or none (H5)', () => {
    const request = httpRequest({ headers: { authorization: 'Basic Y2xpZW50' } });
    const ours = { ...nothing, setHeaders: [['authorization', 'Bearer ours']] as const };
    expect(forwardWith(request, ours, hygiene)).toMatchObject({
      setHeaders: [['authorization', 'Bearer ours']],
      removeHeaders: [],
    });
    expect(forwardWith(request, { ...nothing, keepsAuthorization: true }, hygiene)).toMatchObject({
      setHeaders: [],
      removeHeaders: [],
    });
    expect(forwardWith(request, nothing, hygiene).removeHeaders).toEqual(['authorization']);
    // Ours overwrites the client's: two never arrive, whatever is asked for.
    expect(forwardWith(request, { ...ours, keepsAuthorization: true }, hygiene)).toMatchObject({
      setHeaders: [['authorization', 'Bearer ours']],
      removeHeaders: [],
    });
  });

  it('keeps no Authorization in another spelling than its own', () => {
    const request = httpRequest({ headers: { Authorization: 'Basic Y2xpZW50' } });
    expect(forwardWith(request, { ...nothing, keepsAuthorization: true }, hygiene).removeHeaders).toEqual([
      'Authorization',
    ]);
  });

  it.each([
    ['a=1; b=2', [], []],
    ['a=1; __Host-sallyport=id; b=2', [['cookie', 'a=1; b=2']], []],
    ['__Host-sallyport=id; __Host-sallyport-login=x', [], ['cookie']],
  ])('turns the cookies %j into what the workload may see (H14)', (cookie, set, removed) => {
    const forward = forwardWith(httpRequest({ headers: { cookie } }), nothing, hygiene);
    expect(forward.setHeaders).toEqual(set);
    expect(forward.removeHeaders).toEqual(removed);
  });

  it.each(['a=1', 'a=1; __Host-sallyport=id', '__Host-sallyport=id'])(
    'removes the cookies %j whole where the operator strips them',
    (cookie) => {
      const strict = { ...hygiene, managedNames: new Set(['cookie']) };
      const forward = forwardWith(httpRequest({ headers: { cookie } }), nothing, strict);
      expect(forward).toMatchObject({ setHeaders: [], removeHeaders: ['cookie'] });
    },
  );

  it('hands on what the mode wants on the response', () => {
    const responseHeadersIfAbsent = [['cache-control', 'private, no-store']] as const;
    const forward = forwardWith(httpRequest(), { ...nothing, responseHeadersIfAbsent }, hygiene);
    expect(forward.responseHeadersIfAbsent).toEqual(responseHeadersIfAbsent);
    const setCookies = ['__Host-sallyport=1; Path=/'];
    expect(forwardWith(httpRequest(), { ...nothing, setCookies }, hygiene).setCookies).toEqual(setCookies);
    const setResponseHeaders = [['cache-control', 'no-store']] as const;
    expect(forwardWith(httpRequest(), { ...nothing, setResponseHeaders }, hygiene)).toMatchObject({
      setResponseHeaders,
    });
    const addResponseHeaders = [['vary', 'Origin']] as const;
    expect(forwardWith(httpRequest(), { ...nothing, addResponseHeaders }, hygiene)).toMatchObject({
      addResponseHeaders,
    });
    expect(forward).not.toHaveProperty('setCookies');
    expect(forward).not.toHaveProperty('addResponseHeaders');
    expect(forward).not.toHaveProperty('setResponseHeaders');
  });

  it('never names a header in both lists, and lets no managed name survive in any spelling (H1, H2)', () => {
    const separator = fc.constantFrom('-', '_', '.', '!', '~', '+');
    const words = fc.constantFrom<string[]>(
      ['x', 'auth', 'user'],
      ['x', 'auth', 'request', 'email'],
      ['x', 'sallyport', 'start'],
      ['proxy', 'authorization'],
      ['authorization'],
      ['cookie'],
      ['x', 'other'],
    );
    const name = fc.tuple(words, fc.array(separator, { minLength: 3, maxLength: 3 })).map(([parts, separators]) => {
      return parts.reduce((text, part, index) => `${text}${separators[index - 1]}${part}`);
    });
    const cookie = fc.constantFrom(
      'a=1',
      '__Host-sallyport=id',
      'a=1; __Host-sallyport=id',
      '\xff; __Host-sallyport=id',
    );
    const setNames = fc.subarray(['X-Auth-User', 'authorization', 'X-Auth-Request-Email']);
    fc.assert(
      fc.property(fc.array(name), cookie, setNames, fc.boolean(), (sent, cookies, ours, keepsAuthorization) => {
        const request = httpRequest({
          headers: { ...Object.fromEntries(sent.map((each) => [each, 'mallory'])), cookie: cookies },
        });
        const changes = { ...nothing, setHeaders: ours.map((each) => [each, 'ours'] as const), keepsAuthorization };
        const forward = forwardWith(request, changes, hygiene);
        const set = new Set(forward.setHeaders.map(([each]) => each));
        const removed = new Set(forward.removeHeaders);
        expect([...set].filter((each) => removed.has(each))).toEqual([]);
        expect(set.size).toBe(forward.setHeaders.length);
        expect(removed.size).toBe(forward.removeHeaders.length);
        for (const survivor of [...request.headers.keys()].filter((each) => !set.has(each) && !removed.has(each))) {
          const folded = foldName(survivor);
          expect(folded === 'authorization' ? keepsAuthorization : !hygiene.managedNames.has(folded)).toBe(true);
          expect(hygiene.managedPrefixes.some((prefix) => folded.startsWith(prefix))).toBe(false);
          if (survivor === 'cookie') expect(cookies).toBe('a=1');
        }
      }),
    );
  });
});

describe('foldName', () => {
  it.each([
    ['X-Auth-User', 'x-auth-user'],
    ['x_auth.user', 'x-auth-user'],
    ["x'auth|user", 'x-auth-user'],
    ['x--auth-user', 'x--auth-user'],
  ])('folds %j as CGI does (H2)', (name, folded) => {
    expect(foldName(name)).toBe(folded);
  });
});

describe('headerValueOf (H16)', () => {
  it.each([
    ['alice@example.com', 'alice@example.com'],
    ['Adams, Alice (staff); "x" <a@b>', 'Adams, Alice (staff); "x" <a@b>'],
    ['Zoë Ångström', 'Zo%C3%AB %C3%85ngstr%C3%B6m'],
    ['👩🏽‍🚀', '%F0%9F%91%A9%F0%9F%8F%BD%E2%80%8D%F0%9F%9A%80'],
    ['100%', '100%25'],
    ['%0d%0a', '%250d%250a'],
    ['a\r\nX-Auth-User: root', 'a%0D%0AX-Auth-User: root'],
    ['a\0b\x7f\t', 'a%00b%7F%09'],
    [' alice ', '%20alice%20'],
    [' ', '%20'],
    ['\u00a0', '%C2%A0'],
    ['\ud800x', '%EF%BF%BDx'],
    ['', ''],
  ])('writes %j as %j', (text, value) => {
    expect(headerValueOf(text)).toBe(value);
  });

  it('is printable ASCII without blanks at its ends, and decodeURIComponent gives the claim back', () => {
    const tricky = fc.constantFrom(' ', '%', '2', '\t', '\n', 'é', '\ufeff', '\ud800', '👩🏽‍🚀');
    const text = fc.oneof(anyText(), fc.string({ unit: tricky }));
    fc.assert(
      fc.property(text, (claim) => {
        const value = headerValueOf(claim);
        expect(value).toMatch(/^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/);
        expect(decodeURIComponent(value)).toBe(claim.toWellFormed());
      }),
    );
  });
});
