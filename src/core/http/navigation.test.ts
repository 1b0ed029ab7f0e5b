import { describe, expect, it } from 'vitest';
import { navigation } from '../../../test/support/browser-headers.ts';
import { type HttpRequestParts, httpRequest } from '../../../test/support/http-request.ts';
import {
  acceptsHtml,
  isForeignWebSocket,
  isRuleMethod,
  isTopLevelNavigation,
  preflightMethodOf,
} from './navigation.ts';

type Case = readonly [headers: NonNullable<HttpRequestParts['headers']>, what: string];

describe('isTopLevelNavigation (spec/session.md, Fetch Metadata)', () => {
  it.each<Case>([
    [navigation, 'a click in a browser with Fetch Metadata'],
    [{ ...navigation, 'sec-fetch-site': 'cross-site' }, 'a link on another site'],
    [{ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, 'Fetch Metadata without Accept'],
    [{ accept: 'text/html' }, 'an old browser'],
    [{ accept: 'application/xhtml+xml, TEXT/HTML ;level=1' }, 'text/html among others, in any case'],
  ])('sees a person behind %j: %s', (headers) => {
    expect(isTopLevelNavigation(httpRequest({ headers }))).toBe(true);
  });

  it.each<Case>([
    [{}, 'no sign of a browser'],
    [{ accept: '*/*' }, 'a program'],
    [{ accept: 'application/json' }, 'an API client'],
    [{ accept: 'text/html-x' }, 'another media type'],
    [{ accept: 'text/html', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }, 'fetch()'],
    [{ accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }, 'an iframe'],
    [{ accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'object' }, 'an object'],
    [{ accept: 'text/html', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }, 'an image'],
    [{ accept: 'text/html', 'sec-fetch-mode': 'navigate' }, 'half of the Fetch Metadata'],
    [{ accept: 'text/html', 'sec-fetch-site': 'none' }, 'the other half'],
    [{ ...navigation, 'sec-fetch-dest': ['document', 'iframe'] }, 'Fetch Metadata that contradicts itself'],
    [{ ...navigation, 'sec-purpose': 'prefetch' }, 'a prefetch'],
    [{ ...navigation, 'sec-purpose': 'prefetch;prerender' }, 'a prerender'],
    [{ accept: 'text/html', purpose: 'prefetch' }, 'a prefetch of an old browser'],
    [{ accept: 'text/html', 'x-purpose': 'preview' }, 'a preview of an old Safari'],
    [{ accept: 'text/html', 'x-moz': 'prefetch' }, 'a prefetch of an old Firefox'],
    [{ accept: 'text/html', upgrade: 'websocket' }, 'a WebSocket'],
  ])('sees none behind %j: %s (R10)', (headers) => {
    expect(isTopLevelNavigation(httpRequest({ headers }))).toBe(false);
  });

  it.each(['POST', 'HEAD', 'PUT', 'get', 'OPTIONS', ''])('sees none behind %j (R9)', (method) => {
    expect(isTopLevelNavigation(httpRequest({ method, headers: navigation }))).toBe(false);
  });
});

describe('acceptsHtml', () => {
  it.each([
    ['text/html', true],
    [['application/json', 'text/html;q=0.9'], true],
    [[], false],
    ['', false],
    ['text/*', false],
    ['text/plain,text/html', true],
    ['text/html\t,text/plain', true],
    ['text/plain;a=text/html', false],
    ['xtext/html', false],
  ])('reads Accept %j as %j', (accept, accepts) => {
    expect(acceptsHtml(httpRequest({ headers: { accept } }))).toBe(accepts);
  });
});

describe('isForeignWebSocket (P11)', () => {
  const origin = 'https://app.example.com';

  it.each<Case>([
    [{ upgrade: 'websocket', origin: 'https://evil.example' }, 'another site'],
    [{ upgrade: 'websocket', origin: 'https://sibling.example.com' }, 'a sibling of the same site'],
    [{ upgrade: 'websocket', origin: 'http://app.example.com' }, 'another scheme'],
    [{ upgrade: 'websocket', origin: 'https://app.example.com:8443' }, 'another port'],
    [{ upgrade: 'websocket', origin: 'https://app.example.com.evil.example' }, 'a look-alike'],
    [{ upgrade: 'websocket', origin: 'null' }, 'an opaque origin'],
    [{ upgrade: 'websocket', origin: '' }, 'an empty Origin'],
    [{ upgrade: 'websocket', origin: ['https://app.example.com', 'https://evil.example'] }, 'two Origins'],
    [{ upgrade: 'WebSocket', origin: 'https://evil.example' }, 'another case'],
    [{ upgrade: ['h2c', 'foo, websocket'], origin: 'https://evil.example' }, 'one upgrade of several'],
  ])('finds %j foreign: %s', (headers) => {
    expect(isForeignWebSocket(httpRequest({ headers }), origin)).toBe(true);
  });

  it.each<Case>([
    [{ upgrade: 'websocket', origin }, 'our own page'],
    [{ upgrade: 'websocket' }, 'a program, which sends no Origin and no cookies of a browser'],
    [{ origin: 'https://evil.example' }, 'no WebSocket'],
    [{ upgrade: 'h2c', origin: 'https://evil.example' }, 'another upgrade'],
  ])('finds %j not foreign: %s', (headers) => {
    expect(isForeignWebSocket(httpRequest({ headers }), origin)).toBe(false);
  });
});

describe('preflightMethodOf (Fetch §3.2.2, B4)', () => {
  const preflight = { origin: 'https://spa.example', 'access-control-request-method': 'PUT' };

  it.each<Case>([
    [preflight, 'a preflight'],
    [{ ...preflight, 'access-control-request-headers': 'authorization,x-a' }, 'one that asks about headers'],
    [{ ...preflight, origin: 'null' }, 'an opaque origin'],
    [{ ...preflight, origin: 'http://localhost:3000' }, 'another scheme and a port'],
    [{ ...preflight, origin: 'moz-extension://1b2c' }, 'an extension'],
  ])('finds the method that is asked about in %j: %s', (headers) => {
    expect(preflightMethodOf(httpRequest({ method: 'OPTIONS', headers }))).toBe('PUT');
  });

  it.each<Case>([
    [{}, 'a plain OPTIONS'],
    [{ origin: 'https://spa.example' }, 'no method asked about'],
    [{ 'access-control-request-method': 'PUT' }, 'no Origin'],
    [{ ...preflight, origin: ['https://spa.example', 'https://b.example'] }, 'two Origins'],
    [{ ...preflight, origin: 'https://spa.example,https://b.example' }, 'two Origins, joined'],
    [{ ...preflight, origin: 'https://spa.example https://b.example' }, 'a list of origins (RFC 6454 §7.1)'],
    [{ ...preflight, origin: '' }, 'an empty Origin'],
    [{ ...preflight, origin: 'spa.example' }, 'an Origin without a scheme'],
    [{ ...preflight, origin: 'https://spa.example/x' }, 'an Origin with a path'],
    [{ ...preflight, 'access-control-request-method': ['PUT', 'GET'] }, 'two methods'],
    [{ ...preflight, 'access-control-request-method': 'PUT,GET' }, 'two methods, joined'],
    [{ ...preflight, 'access-control-request-method': 'put' }, 'a method that no rule names'],
    [{ ...preflight, 'access-control-request-method': '' }, 'no method'],
    [{ ...preflight, upgrade: 'websocket' }, 'an upgrade'],
  ])('takes %j for no preflight: %s', (headers) => {
    expect(preflightMethodOf(httpRequest({ method: 'OPTIONS', headers }))).toBeUndefined();
  });

  it.each(['GET', 'PUT', 'HEAD', 'options', 'OPTIONS '])('takes %j for no preflight', (method) => {
    expect(preflightMethodOf(httpRequest({ method, headers: preflight }))).toBeUndefined();
  });
});

describe('isRuleMethod', () => {
  it.each([
    ['GET', true],
    ['VERSION-CONTROL', true],
    ['get', false],
    ['GET ', false],
    ['A_B', false],
    ['', false],
  ])('%j: %j', (method, expected) => {
    expect(isRuleMethod(method)).toBe(expected);
  });
});
