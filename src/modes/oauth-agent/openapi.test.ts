import { Validator } from '@seriousme/openapi-schema-validator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AgentService, agentService } from '../../../test/support/agent-service.ts';

let service: AgentService;
beforeEach(async () => {
  service = await agentService({
    settings: {
      basePath: '/bff',
      endpoints: { loginStart: '/begin', openapi: '/description' },
      cookie: { prefix: 'shop', hostOnly: false },
    },
  });
});
afterEach(async () => {
  await service.close();
});

const description = async () =>
  await service.newTab().send('GET', '/description', { headers: { origin: undefined, 'sec-fetch-site': undefined } });

/** Statuses and codes of an operation; `…` where authorization responses bring codes of their own. */
function errorsOf(path: string, method: string): Readonly<Record<string, readonly string[]>> {
  const responses = Object.entries(service.document.paths[path]?.[method]?.responses ?? {});
  return Object.fromEntries(
    responses.map(([status, { content }]) => {
      const code = content?.['application/json']?.schema.allOf?.[1].properties.code;
      const open = code?.anyOf?.[0] as { readonly enum: readonly string[] } | undefined; // as the document has it
      return [status, [...(code?.enum ?? open?.enum ?? []), ...(open === undefined ? [] : ['…'])]];
    }),
  );
}

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const result = await validator.validate((await description()).json());
    expect([result.errors ?? [], validator.version]).toEqual([[], '3.1']);
  });

  it('is served to everybody, without a session and without an origin, and other pages of trusted origins may read it', async () => {
    expect((await description()).statusCode).toBe(200);
    for (const [origin, allowed] of [
      ['https://evil.example', undefined],
      ['https://app.example.com', 'https://app.example.com'],
    ] as const) {
      const headers = { origin, 'sec-fetch-site': 'cross-site' };
      const answer = await service.newTab().send('GET', '/description', { headers });
      expect([answer.statusCode, answer.headers['access-control-allow-origin'], answer.headers['vary']]).toEqual([
        200,
        allowed,
        'Origin',
      ]);
    }
  });

  it('has every endpoint at its configured path, with what it may say', () => {
    const all = { 400: ['invalid_request'], 401: ['unauthorized_request'], 500: ['server_error'] };
    const guarded = { ...all, 403: ['unknown_host', 'unauthorized_request'], 503: ['temporarily_unavailable'] };
    const upstream = { 502: ['authorization_server_error'] };
    const ended = { 401: ['unauthorized_request', 'session_expired'] };
    const expected: Readonly<Record<string, object>> = {
      'post /bff/begin': { 200: [], ...guarded, ...upstream },
      'post /bff/login/end': {
        200: [],
        ...guarded,
        ...upstream,
        400: ['invalid_request', 'authorization_error', '…'],
        401: ['unauthorized_request', '…'],
      },
      'get /bff/userInfo': {
        200: [],
        ...guarded,
        ...upstream,
        400: ['invalid_request', 'authorization_error'],
        401: ['unauthorized_request', 'token_expired', 'session_expired'],
      },
      'get /bff/claims': { 200: [], ...guarded, ...ended },
      'post /bff/refresh': { 204: [], ...guarded, ...ended, ...upstream },
      'post /bff/logout': { 200: [], ...guarded, ...ended },
      'get /bff/session': { 200: [], ...guarded },
      'get /bff/description': { 200: [], 400: ['invalid_request'], 403: ['unknown_host'], 500: ['server_error'] },
    };
    const operations = Object.entries(service.document.paths).flatMap(([path, methods]) =>
      Object.keys(methods ?? {}).map((method) => [`${method} ${path}`, errorsOf(path, method)] as const),
    );
    expect(Object.fromEntries(operations)).toEqual(expected);
  });

  it('has none of what providers call, which OpenID Connect describes', () => {
    expect(Object.keys(service.document.paths).filter((path) => path.includes('channel'))).toEqual([]);
  });

  it('names its schemas once, and refers to them', async () => {
    const { components, paths } = (await description()).json();
    expect(Object.keys(components.schemas).sort()).toEqual([
      'AuthorizationRequest',
      'Claims',
      'Error',
      'LoginEnd',
      'LoginStart',
      'LoginState',
      'Logout',
      'SessionState',
    ]);
    const references = [...JSON.stringify(paths).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    );
    expect([...new Set(references)].sort()).toEqual(Object.keys(components.schemas).sort());
    expect(components.schemas.Error).toMatchObject({
      required: ['code', 'message'],
      properties: { code: { type: 'string' } },
    });
  });

  it('leaves room in answers for further members, and none in bodies', async () => {
    const { components, paths } = (await description()).json();
    const strict = Object.entries(components.schemas).filter(([, schema]) =>
      JSON.stringify(schema).includes('"additionalProperties":false'),
    );
    expect(strict.map(([name]) => name).sort()).toEqual(['LoginEnd', 'LoginStart']);
    expect(JSON.stringify(paths)).not.toContain('additionalProperties":false');
  });

  it('says with which answers Retry-After, Allow and cookies come', async () => {
    const { components, paths } = (await description()).json();
    const refresh = paths['/bff/refresh'].post.responses;
    const headersOf = (status: number) => Object.keys(refresh[status].headers ?? {});
    expect([204, 400, 401, 403, 500, 502, 503].map(headersOf)).toEqual([
      ['Set-Cookie'],
      [],
      ['Set-Cookie'],
      [],
      [],
      ['Retry-After'],
      ['Retry-After'],
    ]);
    expect(components.responses.MethodNotAllowed.headers).toEqual({ Allow: { $ref: '#/components/headers/Allow' } });
    expect(refresh[204].description).toContain('unless that happened a moment ago');
  });

  it('has the bodies that the endpoints read', async () => {
    const { schemas } = (await description()).json().components;
    const bodyOf = (path: string) => service.document.paths[path]?.['post']?.requestBody;
    expect([bodyOf('/bff/refresh'), bodyOf('/bff/logout')]).toEqual([undefined, undefined]);
    expect(bodyOf('/bff/begin')).toMatchObject({ required: false });
    expect(Object.keys(bodyOf('/bff/begin')?.content ?? {})).toEqual(['application/json']);
    const schema = { $ref: '#/components/schemas/LoginEnd' };
    expect(bodyOf('/bff/login/end')).toEqual({
      required: true,
      content: { 'application/json': { schema }, 'application/x-www-form-urlencoded': { schema } },
    });
    expect(schemas.LoginEnd).toMatchObject({ required: ['pageUrl'], properties: { pageUrl: { type: 'string' } } });
  });

  it('names cookies and CSRF header as they are configured', async () => {
    const { securitySchemes } = (await description()).json().components;
    expect(securitySchemes).toMatchObject({
      sessionCookie: { type: 'apiKey', in: 'cookie', name: 'shop-at' },
      csrfCookie: { type: 'apiKey', in: 'cookie', name: 'shop-csrf' },
      loginCookie: { type: 'apiKey', in: 'cookie', name: 'shop-login' },
      csrfHeader: { type: 'apiKey', in: 'header', name: 'x-shop-csrf' },
    });
    const securityOf = (method: string, path: string) => service.document.paths[`/bff${path}`]?.[method]?.security;
    expect(securityOf('post', '/logout')).toEqual([{ sessionCookie: [], csrfCookie: [], csrfHeader: [] }]);
    expect(securityOf('get', '/claims')).toEqual([{ sessionCookie: [] }]);
    expect(securityOf('get', '/session')).toEqual([{ sessionCookie: [] }, {}]);
    expect(securityOf('post', '/login/end')).toEqual([{ loginCookie: [] }, { sessionCookie: [], csrfCookie: [] }, {}]);
    expect(securityOf('post', '/begin')).toEqual([]);
  });
});
