import type { InjectOptions } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AgentService,
  agentService,
  errorOf,
  linesOf,
  pageOrigin,
  type TabRequest,
} from '../../../test/support/agent-service.ts';

let service: AgentService;
beforeEach(async () => {
  service = await agentService();
});
afterEach(async () => {
  await service.close();
});

const endpoints = [
  ['POST', '/login/start'],
  ['POST', '/login/end'],
  ['GET', '/userInfo'],
  ['GET', '/claims'],
  ['POST', '/refresh'],
  ['POST', '/logout'],
  ['GET', '/session'],
] as const;
const ofSession = endpoints.filter(([, path]) => ['/userInfo', '/claims', '/refresh', '/logout'].includes(path));
const ofPost = endpoints.filter(([method]) => method === 'POST');

/** What every error has in common, for a page of the trusted origin. */
const readable = {
  'content-type': expect.stringMatching(/^application\/json\b/),
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'access-control-allow-origin': pageOrigin,
  'access-control-allow-credentials': 'true',
  // When to ask again.
  'access-control-expose-headers': 'retry-after',
  vary: 'Origin',
};

async function send(method: string, path: string, request?: TabRequest & Pick<InjectOptions, 'payload'>) {
  return await service.newTab().send(method as 'GET', path, request); // other methods too
}

describe('methods and paths', () => {
  it.each(endpoints)('%s alone is taken by %s: 405 with Allow', async (method, path) => {
    for (const other of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      if (other === method) continue;
      const answer = await send(other, path);
      expect([other, answer.statusCode, answer.headers['allow']]).toEqual([other, 405, method]);
      expect(answer.headers).toMatchObject(readable);
      if (other !== 'HEAD') expect(errorOf(answer)).toEqual([405, 'method_not_allowed']);
    }
  });

  it('ends nothing by GET /logout (B5)', async () => {
    const tab = await service.loggedIn();
    expect(errorOf(await tab.send('GET', '/logout'))).toEqual([405, 'method_not_allowed']);
    expect((await tab.send('GET', '/session')).json()).toMatchObject({ isLoggedIn: true });
  });

  it.each(['', '/', '/nothing', '/login/start/', '/Session', '/session/x', '/openapi'])(
    'there is nothing at %j: 404 as JSON',
    async (path) => {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const answer = await send(method, path);
        expect([...errorOf(answer)]).toEqual([404, 'not_found']);
        expect(answer.headers).toMatchObject(readable);
      }
    },
  );

  it('answers no host that is not configured', async () => {
    for (const [method, path] of [...endpoints, ['GET', '/openapi.json'], ['GET', '/nothing']] as const) {
      const answer = await send(method, path, { headers: { host: 'evil.example' } });
      expect(errorOf(answer)).toEqual([403, 'unknown_host']);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
  });
});

describe('Origin and Fetch Metadata (B1, B8)', () => {
  it.each<readonly [string, NonNullable<TabRequest['headers']>, number]>([
    ['no Origin', { origin: undefined }, 401],
    ['null', { origin: 'null' }, 401],
    ['a sibling', { origin: 'https://sibling.example.com' }, 401],
    ['a look-alike', { origin: 'https://app.example.com.evil.example' }, 401],
    ['the API’s own origin, which is not listed', { origin: 'https://api.example.com' }, 401],
    ['two', { origin: [pageOrigin, pageOrigin] }, 401],
    ['another site, by Fetch Metadata', { 'sec-fetch-site': 'cross-site' }, 403],
  ])('%s: every endpoint refuses, before it opens anything', async (_, headers, status) => {
    const tab = await service.loggedIn();
    service.store.setReachable(false);
    for (const [method, path] of endpoints) {
      const answer = await tab.send(method, path, { headers, ...(method === 'POST' ? { payload: '{' } : {}) });
      expect([path, ...errorOf(answer)]).toEqual([path, status, 'unauthorized_request']);
      expect([linesOf(answer), answer.headers['vary']]).toEqual([[], 'Origin']);
      expect(answer.headers['access-control-allow-origin']).toBe(status === 403 ? pageOrigin : undefined);
    }
  });
});

describe('preflights', () => {
  const asking = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-example-csrf' };

  it('of a trusted page are answered wherever they go', async () => {
    for (const path of ['/refresh', '/nothing']) {
      const answer = await send('OPTIONS', path, { headers: asking });
      expect([answer.statusCode, answer.body]).toEqual([204, '']);
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': pageOrigin,
        'access-control-allow-credentials': 'true',
        'access-control-allow-headers': 'x-example-csrf',
        vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
      });
    }
  });

  it('of any other page are refused without any permission', async () => {
    const answer = await send('OPTIONS', '/refresh', { headers: { ...asking, origin: 'https://evil.example' } });
    expect([...errorOf(answer), answer.headers['vary']]).toEqual([401, 'unauthorized_request', 'Origin']);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('are requests like any other with CORS off, and no answer has CORS headers', async () => {
    await service.close();
    service = await agentService({ settings: { cors: { enabled: false } } });
    for (const answer of [await send('OPTIONS', '/refresh', { headers: asking }), await send('GET', '/session')]) {
      expect([405, 200]).toContain(answer.statusCode);
      expect(Object.keys(answer.headers).filter((name) => /^(access-control|vary)/.test(name))).toEqual([]);
    }
    // Without CORS a GET of the same origin names none.
    expect((await send('GET', '/session', { headers: { origin: undefined } })).statusCode).toBe(200);
  });
});

describe.each(['store', 'sealed'] as const)('a session is needed, state %s', (state) => {
  beforeEach(async () => {
    await service.close();
    service = await agentService({ state });
  });

  it.each(ofSession)('%s %s: 401 without cookies, and with cookies that open nothing', async (method, path) => {
    const tab = await service.loggedIn();
    expect(errorOf(await send(method, path))).toEqual([401, 'unauthorized_request']);
    tab.jar.put('example-at', 'evil');
    const answer = await tab.send(method, path);
    expect([errorOf(answer), linesOf(answer)]).toEqual([[401, 'unauthorized_request'], []]);
    expect(answer.headers).toMatchObject(readable);
  });

  it.each(ofSession)('%s %s: session_expired after its end, and the browser forgets all', async (method, path) => {
    const tab = await service.loggedIn();
    service.clock.advance(12 * 3600);
    expect(errorOf(await tab.send(method, path))).toEqual([401, 'session_expired']);
    expect(tab.jar.all()).toEqual([]);
  });

  it.each(['/refresh', '/logout'])('%s must repeat the CSRF token of this very session (B2, B3)', async (path) => {
    const [tab, other] = [await service.loggedIn(), await service.loggedIn()];
    for (const token of [undefined, '', 'evil', other.csrf, `${tab.csrf} `, [tab.csrf ?? '', tab.csrf ?? '']]) {
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', undefined]) {
        const headers = { 'x-example-csrf': token, 'content-type': type };
        const answer = await tab.send('POST', path, { headers, payload: 'a=1' });
        expect([...errorOf(answer), linesOf(answer)]).toEqual([401, 'unauthorized_request', []]);
      }
    }
    tab.jar.delete('example-csrf');
    expect(errorOf(await tab.send('POST', path))).toEqual([401, 'unauthorized_request']);
    expect(service.provider.refreshes).toEqual([]);
  });
});

it('503 with Retry-After while the store is down, readable for the page, and nothing is forgotten (I4)', async () => {
  const tab = await service.loggedIn();
  service.store.setReachable(false);
  for (const [method, path] of [...ofSession, ['GET', '/session']] as const) {
    const answer = await tab.send(method, path);
    expect([...errorOf(answer), answer.headers['retry-after']]).toEqual([503, 'temporarily_unavailable', '1']);
    expect(answer.headers).toMatchObject(readable);
    expect(linesOf(answer)).toEqual([]);
  }
});

it('500 server_error for a defect of ours, whose cause is for the log alone', async () => {
  const tab = await service.loggedIn();
  service.provider.userinfo = async () => {
    throw new Error('canary-defect');
  };
  const answer = await tab.send('GET', '/userInfo');
  expect([errorOf(answer), answer.body.includes('canary')]).toEqual([[500, 'server_error'], false]);
  expect(answer.headers).toMatchObject(readable);
  expect(service.telemetry.names()).toContain('side_service_failed');
});

describe('bodies (B6; malformed JSON was a 500 elsewhere)', () => {
  const deep = `${'['.repeat(16_000)}${']'.repeat(16_000)}`;
  const url = `${pageOrigin}/`;
  const json = 'application/json';
  const form = 'application/x-www-form-urlencoded';

  it.each<readonly [string, string | undefined, string | Buffer, string]>([
    ['not JSON', json, '{"pageUrl": evil', 'body: expected a JSON text'],
    ['HTML', json, '<script>evil</script>', 'body: expected a JSON text'],
    ['not UTF-8', json, Buffer.from([0x22, 0xff, 0x22]), 'body: expected UTF-8'],
    ['a list', json, '["evil"]', 'expected a JSON object'],
    ['a text', json, '"evil"', 'expected a JSON object'],
    ['a prototype', json, `{"__proto__":{"pageUrl":"evil"}}`, ''],
    ['a prototype beside it', json, `{"pageUrl":"${url}","__proto__":{"evil":1}}`, ''],
    ['another member', json, `{"pageUrl":"${url}","evil":1}`, ''],
    ['twice', json, `{"pageUrl":"${url}","pageUrl":"${url}"}`, 'body: expected each member once'],
    [
      'twice, spelled in two ways',
      json,
      `{"pageUrl":"${url}","pageUr\\u006c":"${url}"}`,
      'body: expected each member once',
    ],
    ['nested without end', json, deep, ''],
    ['nested without end inside', json, `{"pageUrl":${deep}}`, 'pageUrl: '],
    ['an array for a text', json, `{"pageUrl":["${url}"]}`, 'pageUrl: '],
    ['a number for a text', json, '{"pageUrl":1}', 'pageUrl: '],
    ['null for a text', json, '{"pageUrl":null}', 'pageUrl: '],
    ['no member', json, '{}', 'pageUrl: '],
    ['null', json, 'null', 'pageUrl: '],
    ['nothing', undefined, '', 'pageUrl: '],
    ['too much', json, `{"pageUrl":"${url}${'a'.repeat(32_768)}"}`, 'body: expected at most 32768 bytes'],
    ['no type', undefined, `{"pageUrl":"${url}"}`, 'Content-Type: expected '],
    ['plain text', 'text/plain', `{"pageUrl":"${url}"}`, 'Content-Type: expected '],
    ['a type that is none', 'evil', `{"pageUrl":"${url}"}`, ''],
    ['two types', 'application/json, text/plain', `{"pageUrl":"${url}"}`, ''],
    ['a form with the field twice', form, `pageUrl=${url}&pageUrl=${url}`, 'body: expected each field once'],
    ['a form with another field', form, `pageUrl=${url}&evil=1`, ''],
    ['a form without the field', form, 'pageUrl[]=evil', ''],
    ['a form with a prototype', form, `__proto__=evil&pageUrl=${url}`, ''],
    ['a form that is not UTF-8', form, `pageUrl=${url}%ff`, 'body: expected UTF-8'],
    ['JSON as a form', form, `{"pageUrl":"${url}"}`, ''],
  ])('%s: 400 that names the place', async (_, type, payload, place) => {
    const answer = await send('POST', '/login/end', { payload, headers: { 'content-type': type } });
    expect(errorOf(answer), answer.body).toEqual([400, 'invalid_request']);
    expect(answer.json().message).toContain(place);
    expect(answer.body).not.toMatch(/evil|script/);
    expect(answer.headers).toMatchObject(readable);
  });

  it.each([
    [json, `{"pageUrl":"${url}"}`],
    [json, `{"pageUrl":"${url}?\\"a\\":\\"b\\":\\\\"}`],
    ['Application/JSON; charset=utf-8', ` {\n"pageUrl" :\t"${url}?q={\\"a\\":1}" } `],
    [form, `pageUrl=${encodeURIComponent(url)}`],
    [`${form};charset=UTF-8`, `pageUrl=${url}`],
  ])('good ones are read, as %s', async (type, payload) => {
    const answer = await send('POST', '/login/end', { payload, headers: { 'content-type': type } });
    expect([answer.statusCode, answer.json()]).toEqual([200, { handled: false, isLoggedIn: false }]);
  });

  it.each(ofPost.filter(([, path]) => path !== '/login/end'))(
    '%s %s takes none, and refuses others',
    async (_, path) => {
      const tab = await service.loggedIn();
      for (const [type, payload] of [
        [json, '{"evil":1}'],
        [json, '{'],
        [json, deep],
        [form, 'evil=1'],
        ['text/plain', 'evil'],
      ] as const) {
        const answer = await tab.send('POST', path, { payload, headers: { 'content-type': type } });
        expect([...errorOf(answer), answer.body.includes('evil')]).toEqual([400, 'invalid_request', false]);
      }
      const answer = await tab.send('POST', path, { payload: '{}', headers: { 'content-type': json } });
      expect(answer.statusCode).toBeLessThan(300);
    },
  );
});
