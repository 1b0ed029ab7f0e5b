import { describe, expect, it } from 'vitest';
import { type HttpRequestParts, httpRequest } from '../../../test/support/http-request.ts';
import { browserRefusal, corsPolicyOf, isDataChanging, trustedOriginOf } from './browser-rules.ts';
import { type OauthAgentSettings, oauthAgentSettings } from './settings.ts';

const own = 'https://api.example.com';
const app = 'https://app.example.com';
const withoutCors = settingsWith({});
const withCors = settingsWith({ enabled: true });

function settingsWith(cors: { readonly enabled?: boolean }): OauthAgentSettings {
  return oauthAgentSettings.parse({ provider: 'idp', redirectUri: `${app}/`, trustedOrigins: [app], cors });
}

function refusalOf(parts: HttpRequestParts, settings = withoutCors) {
  return browserRefusal(httpRequest(parts), own, settings);
}

describe('Origin and Fetch Metadata of a request to an agent (B1, B8)', () => {
  const webSocket = { upgrade: 'websocket', connection: 'Upgrade' };

  it.each([
    ['a GET that names none, as on the same origin', {}, undefined, 'origin_missing'],
    ['a HEAD that names none', { method: 'HEAD' }, undefined, 'origin_missing'],
    ['an OPTIONS that names none', { method: 'OPTIONS' }, undefined, undefined],
    ['a GET of the application', { headers: { origin: app } }, undefined, undefined],
    ['a POST of the application', { method: 'POST', headers: { origin: app } }, undefined, undefined],
    ['a WebSocket of the application', { headers: { ...webSocket, origin: app } }, undefined, undefined],
    ['a POST that names none', { method: 'POST' }, 'origin_missing', 'origin_missing'],
    ['a method that nobody knows', { method: 'get' }, 'origin_missing', 'origin_missing'],
    ['a WebSocket that names none (P11)', { headers: webSocket }, 'origin_missing', 'origin_missing'],
    ['two of them', { headers: { origin: [app, app] } }, 'origin_repeated', 'origin_repeated'],
    ['two in one', { headers: { origin: `${app},${app}` } }, 'origin_not_trusted', 'origin_not_trusted'],
  ] as const)('%s', (_what, parts, expected, expectedWithCors) => {
    expect(refusalOf(parts)).toBe(expected);
    expect(refusalOf(parts, withCors)).toBe(expectedWithCors);
  });

  it.each([
    'null',
    '',
    own,
    'https://other.example.com',
    'https://example.com',
    'https://app.example.com.evil.example',
    'https://xapp.example.com',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com:443',
    'https://app.example.com/',
    'https://app.example.com.',
    'HTTPS://APP.EXAMPLE.COM',
    ' https://app.example.com',
  ])('takes no %j for the application, whatever the method', (origin) => {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST']) {
      const parts = { method, headers: { origin } };
      expect([refusalOf(parts), refusalOf(parts, withCors)]).toEqual(['origin_not_trusted', 'origin_not_trusted']);
      expect(trustedOriginOf(httpRequest(parts), own, withCors)).toBeUndefined();
    }
  });

  it.each(['cross-site', 'Cross-Site', 'same-origin,cross-site', ['same-origin', 'cross-site']])(
    'refuses Sec-Fetch-Site: %j, from the application as well',
    (site) => {
      for (const method of ['GET', 'OPTIONS', 'POST']) {
        expect(refusalOf({ method, headers: { origin: app, 'sec-fetch-site': site } })).toBe('cross_site');
      }
    },
  );

  it.each(['same-origin', 'same-site', 'none'])('lets Sec-Fetch-Site: %s go on', (site) => {
    expect(refusalOf({ method: 'POST', headers: { origin: app, 'sec-fetch-site': site } })).toBeUndefined();
  });

  it('trusts the origin that the request was sent to, and no other, where none is configured', () => {
    const settings = { ...withCors, trustedOrigins: undefined };
    const from = (origin: string) => httpRequest({ method: 'POST', headers: { origin } });
    expect(browserRefusal(from(own), own, settings)).toBeUndefined();
    expect(browserRefusal(from(app), own, settings)).toBe('origin_not_trusted');
    expect(trustedOriginOf(from(own), own, settings)).toBe(own);
    expect(trustedOriginOf(from(app), own, settings)).toBeUndefined();
  });

  it('names the origin for CORS headers only where one came', () => {
    expect(trustedOriginOf(httpRequest({ headers: { origin: app } }), own, withCors)).toBe(app);
    expect(trustedOriginOf(httpRequest({ headers: { origin: [app, app] } }), own, withCors)).toBeUndefined();
    expect(trustedOriginOf(httpRequest(), own, withCors)).toBeUndefined();
  });
});

describe('what preflights are told', () => {
  const allowed = (...allowHeaders: readonly string[]) =>
    corsPolicyOf({
      settings: { cors: { ...withCors.cors, allowHeaders } },
      cookies: { csrfHeader: 'x-example-csrf' },
    }).allowHeaders;

  it('has the CSRF header and Content-Type, without which the agent could not be used, beside what is listed', () => {
    expect(allowed('X-Trace')).toEqual(['X-Trace', 'x-example-csrf', 'content-type']);
    expect(allowed('Content-Type', 'X-Example-CSRF')).toEqual(['Content-Type', 'X-Example-CSRF']);
  });

  it('is what they ask for where nothing is listed', () => {
    expect(allowed()).toEqual([]);
  });
});

describe('a method', () => {
  it('asks for the CSRF token, unless it is one that changes nothing (RFC 9110 §9.2.1)', () => {
    expect(['GET', 'HEAD', 'OPTIONS'].map(isDataChanging)).toEqual([false, false, false]);
    const others = ['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'get', ''];
    expect(others.map(isDataChanging)).toEqual(others.map(() => true));
  });
});
