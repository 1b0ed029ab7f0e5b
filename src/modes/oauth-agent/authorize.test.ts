import { beforeEach, describe, expect, it } from 'vitest';
import { type AgentCheck, type AgentCheckParts, agentCheck, pageOrigin } from '../../../test/support/agent-check.ts';
import type { CookieJar } from '../../../test/support/cookie-jar.ts';
import type { Reply } from '../../core/verdict.ts';

let spa: AgentCheck;
beforeEach(() => begin());

/** Another agent with these settings, and a browser with a session of it. */
async function begin(settings?: Parameters<typeof agentCheck>[0]): Promise<void> {
  spa = await agentCheck(settings);
}

const check = (parts?: AgentCheckParts) => spa.check(parts);
const reply = (parts?: AgentCheckParts) => spa.reply(parts);
const bearer = (parts?: AgentCheckParts) => spa.bearer(parts);
const csrfHeaders = (of?: CookieJar) => spa.csrfHeaders(of);

const headerOf = ({ headers }: Reply, name: string) => new Map(headers).get(name);

describe('the check of oauth-agent mode', () => {
  it.each(['store', 'sealed'] as const)('turns the cookie into a bearer token (%s)', async (state) => {
    await begin({ state });
    expect(await check()).toEqual({
      kind: 'pass',
      setHeaders: [['authorization', 'Bearer canary-access-token']],
      responseHeadersIfAbsent: [['cache-control', 'private, no-store']],
      setResponseHeaders: [],
      addResponseHeaders: [],
    });
    expect(await bearer({ method: 'POST', headers: await csrfHeaders() })).toBe('Bearer canary-access-token');
  });

  it.each([
    ['without cookies', () => ({ from: undefined })],
    ['with a cookie that opens nothing', () => ({ from: undefined, headers: { cookie: 'example-at=AgAA' } })],
    [
      'with its cookie twice (S8)',
      () => ({ headers: { cookie: `${spa.jar.headerFor('/api')}; ${spa.jar.headerFor('/api')}` } }),
    ],
    ['as a navigation', () => ({ from: undefined, headers: { 'sec-fetch-mode': 'navigate', accept: 'text/html' } })],
  ])('refuses a request %s with one answer, and says nothing about it in the log', async (_what, parts) => {
    for (const state of ['store', 'sealed'] as const) {
      await begin({ state });
      const refused = await reply(parts());
      expect(refused).toEqual({
        kind: 'reply',
        status: 401,
        headers: [
          ['content-type', 'application/json'],
          ['cache-control', 'no-store'],
          ['x-content-type-options', 'nosniff'],
        ],
        body: '{"code":"unauthorized","message":"Access denied due to missing or invalid credentials"}',
      });
      expect(spa.telemetry.events).toEqual([]);
      expect(await reply({ ...parts(), method: 'HEAD' })).toEqual({ ...refused, body: '' });
    }
  });

  it('refuses what no page of the application sends, before any cookie is opened', async () => {
    await begin({ cors: { enabled: true } });
    spa.failToOpen(new Error('opened'));
    const cases: readonly (readonly [AgentCheckParts, number, string])[] = [
      [{ headers: { 'sec-fetch-site': 'cross-site' } }, 403, 'cross_site'],
      [{ headers: { origin: 'https://evil.example' } }, 401, 'origin_not_trusted'],
      [{ headers: { origin: [] } }, 401, 'origin_missing'],
      [{ headers: { origin: [pageOrigin, pageOrigin] } }, 401, 'origin_repeated'],
      [{ method: 'POST' }, 401, 'csrf_missing'],
      [{ headers: { authorization: 'Bearer x' } }, 401, 'other_authorization'],
    ];
    for (const [parts, status, reason] of cases) {
      expect(await reply(parts)).toMatchObject({ status, body: expect.stringContaining('"unauthorized"') });
      const fields = { rule: 'the APIs', reason };
      expect(spa.telemetry.events.at(-1)).toEqual({ name: 'request_refused', fields });
    }
    await expect(check()).rejects.toThrow('opened');
  });

  it('refuses the CSRF token of another session, and of a cookie that is not there (B3)', async () => {
    for (const state of ['store', 'sealed'] as const) {
      await begin({ state });
      const other = await spa.newBrowser();
      const headers = await csrfHeaders(other);
      expect((await reply({ method: 'DELETE', headers })).status).toBe(401);
      expect(spa.telemetry.events.at(-1)?.fields).toEqual({ rule: 'the APIs', reason: 'csrf_mismatch' });
      const withoutCookie = spa.jar.copy();
      withoutCookie.delete('example-csrf');
      expect((await reply({ from: withoutCookie, method: 'PUT', headers: await csrfHeaders() })).status).toBe(401);
      expect((await check({ method: 'DELETE', headers: await csrfHeaders() })).kind).toBe('pass');
    }
  });

  it('lets an Authorization of the client go on where the rule allows it, and opens no cookie for it (H5)', async () => {
    spa.store.setReachable(false);
    const parts = {
      headers: { authorization: 'Bearer of-the-client' },
      requirements: { clientAuthorization: true },
    } as const;
    expect(await check(parts)).toEqual({
      kind: 'pass',
      setHeaders: [],
      keepsAuthorization: true,
      responseHeadersIfAbsent: [],
      setResponseHeaders: [],
      addResponseHeaders: [],
    });
    expect((await reply({ ...parts, headers: { ...parts.headers, origin: 'null' } })).status).toBe(401);
  });

  it('opens a WebSocket for pages of the application alone (P11)', async () => {
    const upgrade = { upgrade: 'websocket', connection: 'Upgrade' };
    expect(await bearer({ headers: upgrade })).toBe('Bearer canary-access-token');
    expect(await bearer({ headers: { ...upgrade, origin: 'https://evil.example' } })).toBe('401');
  });

  describe('with CORS', () => {
    const allowed = [
      ['access-control-allow-origin', pageOrigin],
      ['access-control-allow-credentials', 'true'],
      ['access-control-expose-headers', 'x-total'],
    ];
    beforeEach(() => begin({ cors: { enabled: true, exposeHeaders: ['x-total'], allowHeaders: ['content-type'] } }));

    it('lets the page read what the API answers, and every refusal', async () => {
      expect(await check()).toMatchObject({ setResponseHeaders: allowed, addResponseHeaders: [['vary', 'Origin']] });
      for (const parts of [{ from: undefined }, { method: 'POST' }, { headers: { 'sec-fetch-site': 'cross-site' } }]) {
        expect((await reply(parts)).headers.slice(3)).toEqual([...allowed, ['vary', 'Origin']]);
      }
      expect((await reply({ headers: { origin: 'https://evil.example' } })).headers.slice(3)).toEqual([
        ['vary', 'Origin'],
      ]);
    });

    it('answers preflights of the application without cookies or store, and lets the CSRF token through (B4)', async () => {
      spa.store.setReachable(false);
      const asks = { 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-example-csrf' };
      const preflight = { from: undefined, method: 'OPTIONS', headers: asks };
      expect(await reply(preflight)).toEqual({
        kind: 'reply',
        status: 204,
        headers: [
          ...allowed.slice(0, 2),
          ['access-control-allow-methods', 'GET, HEAD, POST, PUT, PATCH, DELETE'],
          ['access-control-allow-headers', 'content-type, x-example-csrf'],
          ['access-control-max-age', '86400'],
          ['vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'],
        ],
        body: '',
      });
      const foreign = await reply({ ...preflight, headers: { ...asks, origin: 'https://evil.example' } });
      expect(foreign.status).toBe(401);
      expect(foreign.headers.slice(3)).toEqual([['vary', 'Origin']]);
    });

    it('reflects the headers that a preflight asks for where none are listed', async () => {
      await begin({ cors: { enabled: true } });
      const headers = { 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-a,x-b' };
      expect(headerOf(await reply({ method: 'OPTIONS', headers }), 'access-control-allow-headers')).toBe('x-a, x-b');
    });

    it('answers 503 that the page can read while the store is down, and lets it in afterwards (I4)', async () => {
      spa.store.setReachable(false);
      const requestId = '6f2c1a34-0000-4000-8000-000000000000';
      const refused = await reply({ headers: { 'x-request-id': requestId } });
      expect(refused).toMatchObject({ status: 503, body: expect.stringContaining('"temporarily_unavailable"') });
      expect(refused.headers.slice(3)).toEqual([['retry-after', '1'], ...allowed, ['vary', 'Origin']]);
      expect(spa.telemetry.events).toMatchObject([
        { name: 'store_unavailable', fields: { operation: 'check', requestId } },
      ]);
      spa.store.setReachable(true);
      expect((await check()).kind).toBe('pass');
    });
  });

  it('lets defects through to whoever serves it', async () => {
    spa.failToOpen(new Error('a defect'));
    await expect(check()).rejects.toThrow('a defect');
  });
});

describe('explain', () => {
  it('says what the check would do and why, and does nothing', async () => {
    await begin({ phantomTokens: true, idleLifetime: '2h', cors: { enabled: true } });
    spa.clock.advance(600);
    const preflight = { method: 'OPTIONS', headers: { 'access-control-request-method': 'PUT' } };
    const withOwn = { headers: { authorization: 'Bearer x' } };
    const cases: readonly (readonly [AgentCheckParts, string, string])[] = [
      [{}, 'forward', 'session_live'],
      [{ rejected: { requestedAt: spa.clock.milliseconds() } }, 'forward', 'token_refresh'],
      [preflight, 'answered', 'preflight'],
      [withOwn, 'unauthorized', 'other_authorization'],
      [{ ...withOwn, requirements: { clientAuthorization: true } }, 'forward', 'own_authorization'],
      [{ from: undefined }, 'unauthorized', 'no_session'],
      [{ method: 'POST' }, 'unauthorized', 'csrf_missing'],
      [{ method: 'POST', headers: { 'x-example-csrf': 'x' } }, 'unauthorized', 'csrf_mismatch'],
      [{ headers: { 'sec-fetch-site': 'cross-site' } }, 'refuse', 'cross_site'],
    ];
    for (const [parts, decision, reason] of cases) expect(await spa.explained(parts)).toEqual({ decision, reason });
    expect(spa.provider.introspections).toEqual([]);
    expect(spa.provider.refreshes).toEqual([]);
    expect(spa.telemetry.events).toEqual([]);
    spa.clock.advance(7200 - 600);
    expect(await spa.explained()).toEqual({ decision: 'unauthorized', reason: 'not_there' });
  });
});

it('tells the log no secret (G8)', async () => {
  await begin({ phantomTokens: true });
  await check();
  await check({ method: 'POST', headers: { 'x-example-csrf': 'canary-csrf' } });
  spa.clock.advance(301);
  spa.provider.setReachable(false);
  await check();
  expect(spa.telemetry.names()).toEqual(['request_refused', 'provider_unavailable']);
  for (const secret of ['canary', spa.jar.value('example-at') ?? '', 'alice']) {
    expect(spa.telemetry.text()).not.toContain(secret);
  }
});
