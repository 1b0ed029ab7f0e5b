import { describe, expect, it } from 'vitest';
import { navigation } from '../../../test/support/browser-headers.ts';
import { type HttpRequestParts, httpRequest } from '../../../test/support/http-request.ts';
import { acceptsHtml, isForeignWebSocket, isTopLevelNavigation } from './navigation.ts';

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
