// More than 300 lines: preflights and what comes with them, over both versions of HTTP, all against one world.
import { request as httpRequest } from 'node:http';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthyAgent } from '../support/agent-aftermath.ts';
import { type AgentClient, createAgentClient } from '../support/agent-client.ts';
import { type AgentWorld, spaOrigin, startAgentWorld } from '../support/agent-world.ts';
import { type Http2Client, http2Client } from '../support/http2-client.ts';
import { accessDenied, corsHeaders, expectNoCorsHeaders, waysIn } from './agent-checks.ts';

let world: AgentWorld;
let client: AgentClient;
/** At the instance without CORS. */
let plain: AgentClient;
let http2: Http2Client;

beforeAll(async () => {
  world = await startAgentWorld({
    state: 'sealed',
    rules: [
      { path: { prefix: '/own' }, use: 'spa', require: { clientAuthorization: true } },
      { path: { prefix: '/orders' }, methods: ['POST'], use: 'spa' },
      { path: { prefix: '/listed' }, use: 'listed' },
      { path: { prefix: '/plain' }, use: 'plain' },
      { path: { prefix: '/api' }, use: 'spa' },
      { path: { prefix: '/closed' }, use: 'deny' },
    ],
    adjust: (config) => {
      const { spa } = config['modes'];
      const cors = {
        enabled: true,
        ...{ allowMethods: ['GET', 'POST'], allowHeaders: ['X-One', 'Content-Type'], exposeHeaders: ['X-Two', 'ETag'] },
        maxAge: '60s',
      };
      config['modes'].listed = { ...spa, basePath: '/listed-agent', cookie: { prefix: 'listed' }, cors };
      config['modes'].plain = { ...spa, basePath: '/plain-agent', cookie: { prefix: 'plain' }, cors: {} };
    },
  });
  client = await world.logIn();
  plain = createAgentClient({ ...world, basePath: '/plain-agent', cookiePrefix: 'plain' });
  await plain.logIn();
  http2 = http2Client(world.port, world.host);
});
beforeEach(() => world.reset());
afterEach(() => expectHealthyAgent(world));

interface Seen {
  readonly status: number;
  readonly body: string;
  values(name: string): readonly string[];
}

type Lines = Readonly<Record<string, string | readonly string[]>>;

const protocols = ['HTTP/1.1', 'HTTP/2'] as const;

/** The same request over either version, with nothing added to these headers. */
async function send(
  protocol: (typeof protocols)[number],
  method: string,
  path: string,
  headers: Lines,
  body?: string,
): Promise<Seen> {
  if (protocol === 'HTTP/1.1') {
    const none = { accept: undefined, 'sec-fetch-site': undefined, 'sec-fetch-mode': undefined, origin: undefined };
    const absent = { ...none, 'sec-fetch-dest': undefined, cookie: undefined, 'x-example-csrf': undefined };
    return await client.send(path, {
      method,
      headers: { ...absent, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  }
  const lines = Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]);
  const answer = await http2.request({ ':method': method, ':path': path, ...Object.fromEntries(lines) }, body);
  return {
    status: answer.status,
    body: answer.body,
    values: (name) => [answer.headers[name] ?? []].flat().map(String),
  };
}

const words = (text: readonly string[]) => text.flatMap((line) => line.toLowerCase().split(/\s*,\s*/)).sort();

const asking = (method: string, headers?: string, origin: string | readonly string[] = spaOrigin): Lines => ({
  origin,
  'access-control-request-method': method,
  ...(headers === undefined ? {} : { 'access-control-request-headers': headers }),
});

describe.each(protocols)('B4 good preflights over %s', (protocol) => {
  it.each(waysIn.map(({ path }) => path))('are answered by us, for agent and APIs alike: %s', async (path) => {
    for (const [method, headers] of [
      ['GET', undefined],
      ['POST', 'content-type,x-example-csrf'],
      ['DELETE', 'X-Example-CSRF, x-other'],
    ] as const) {
      const answer = await send(protocol, 'OPTIONS', path, asking(method, headers));
      expect([answer.status, answer.body]).toEqual([204, '']);
      expect(answer.values('access-control-allow-origin')).toEqual([spaOrigin]);
      expect(answer.values('access-control-allow-credentials')).toEqual(['true']);
      expect(answer.values('access-control-max-age')).toEqual(['86400']);
      expect(words(answer.values('access-control-allow-methods'))).toEqual(
        ['get', 'head', 'post', 'put', 'patch', 'delete'].sort(),
      );
      expect(words(answer.values('access-control-allow-headers'))).toEqual(
        headers === undefined ? [] : words([headers]),
      );
      expect(words(answer.values('vary'))).toEqual(
        ['origin', 'access-control-request-method', 'access-control-request-headers'].sort(),
      );
      expect(answer.values('set-cookie')).toEqual([]);
    }
    expect(world.upstream.requests).toEqual([]);
  });

  it('are answered as configured where methods and headers are listed', async () => {
    for (const path of ['/listed/x', '/listed-agent/refresh']) {
      const answer = await send(protocol, 'OPTIONS', path, asking('POST', 'x-anything'));
      expect(answer.status).toBe(204);
      expect(words(answer.values('access-control-allow-methods'))).toEqual(['get', 'post']);
      // The header that repeats the CSRF token is needed, whatever the list says.
      expect(words(answer.values('access-control-allow-headers'))).toEqual(['content-type', 'x-listed-csrf', 'x-one']);
      expect(answer.values('access-control-max-age')).toEqual(['60']);
    }
  });

  it('for a rule of one method are answered where they ask about it', async () => {
    expect((await send(protocol, 'OPTIONS', '/orders', asking('POST'))).status).toBe(204);
    const other = await send(protocol, 'OPTIONS', '/orders', asking('DELETE'));
    expect(other.status).toBe(403);
    expectNoCorsHeaders(other);
    expect(world.upstream.requests).toEqual([]);
  });

  it('do not reflect what is no header name', async () => {
    for (const asked of ['x y', 'x-a, <b>', '"x"', 'x-a;b', 'x-a:b', '@']) {
      const answer = await send(protocol, 'OPTIONS', '/api/x', asking('POST', asked));
      expect(words(answer.values('access-control-allow-headers')).join()).not.toMatch(/[^a-z,-]/);
    }
  });

  it('open nothing to any other method with the same headers', async () => {
    for (const method of ['GET', 'POST', 'HEAD', 'DELETE']) {
      expect((await send(protocol, method, '/api/x', asking('GET'))).status).toBe(401);
    }
    expect(world.upstream.requests).toEqual([]);
  });
});

describe.each(protocols)('B4 bad preflights over %s', (protocol) => {
  it.each<readonly [string, string | readonly string[]]>([
    ['null', 'null'],
    ['a star', '*'],
    ['a sibling port', 'http://127.0.0.1:5174'],
    ['a look-alike', 'http://127.0.0.1:5173.evil.example'],
    ['another scheme', 'https://127.0.0.1:5173'],
    ['a slash at the end', `${spaOrigin}/`],
    ['upper case', spaOrigin.toUpperCase()],
    ['a foreign one', 'https://evil.example'],
    ['two in one line', `${spaOrigin}, https://evil.example`],
    ['two lines', [spaOrigin, 'https://evil.example']],
  ])('are refused without one Access-Control header: %s', async (_, origin) => {
    const session = { cookie: client.jar.headerFor('/oauth-agent/refresh') };
    for (const { path, of } of waysIn) {
      const lines = asking('POST', 'content-type', origin);
      for (const headers of [lines, { ...lines, ...session }]) {
        const answer = await send(protocol, 'OPTIONS', path, headers);
        // What no browser sends as an Origin makes no preflight: then it is a method that no endpoint has.
        expect(of === 'agent' ? [401, 405] : [401]).toContain(answer.status);
        expectNoCorsHeaders(answer);
        expect(words(answer.values('vary'))).toContain('origin');
      }
    }
    expect(world.upstream.requests).toEqual([]);
  });

  it('across sites from a trusted origin, or without an Origin, are refused', async () => {
    for (const { path, of } of waysIn) {
      const metadata = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' };
      expect([401, 403, 405]).toContain(
        (await send(protocol, 'OPTIONS', path, { 'access-control-request-method': 'GET' })).status,
      );
      const { status } = await send(protocol, 'OPTIONS', path, { ...asking('POST'), ...metadata });
      expect([of, [204, 403].includes(status)]).toEqual([of, true]);
    }
    expect(world.upstream.requests).toEqual([]);
  });

  it('with CORS off are requests like any other', async () => {
    const answer = await send(protocol, 'OPTIONS', '/plain/x', asking('POST'));
    expect(answer.status).toBe(401);
    expectNoCorsHeaders(answer);
    const agent = await send(protocol, 'OPTIONS', '/plain-agent/refresh', asking('POST'));
    expect([401, 405]).toContain(agent.status);
    expectNoCorsHeaders(agent);
  });

  it('on a denied path stay denied', async () => {
    expect((await send(protocol, 'OPTIONS', '/closed/x', asking('POST'))).status).toBe(403);
  });
});

describe('B4 CORS headers of other answers', () => {
  it('stand on what the workload says, whatever it says itself, with its own Vary beside ours', async () => {
    world.upstream.answerWith(() => ({
      headers: [
        ['access-control-allow-origin', '*'],
        ['access-control-allow-credentials', 'false'],
        ['vary', 'Accept-Encoding'],
      ],
    }));
    const answer = await client.api('/api/x');
    expect(answer.status).toBe(200);
    expect(answer.values('access-control-allow-origin')).toEqual([spaOrigin]);
    expect(answer.values('access-control-allow-credentials')).toEqual(['true']);
    expect(answer.values('access-control-expose-headers')).toEqual([]);
    expect(words(answer.values('vary'))).toEqual(['accept-encoding', 'origin']);
    expect(answer.header('cache-control')).toBe('private, no-store');
  });

  it('stand on refusals of the check and on every answer of the agent, for a trusted origin', async () => {
    const nobody = world.newClient();
    for (const [method, path, status] of [
      ['GET', '/api/x', 401],
      ['POST', '/api/x', 401],
      ['GET', '/oauth-agent/session', 200],
      ['GET', '/oauth-agent/claims', 401],
      ['POST', '/oauth-agent/refresh', 401],
      ['GET', '/oauth-agent/refresh', 405],
      ['GET', '/oauth-agent/nothing', 404],
      ['GET', '/listed/x', 401],
    ] as const) {
      const answer = await nobody.send(path, { method });
      expect([path, answer.status]).toEqual([path, status]);
      expect([path, answer.values('access-control-allow-origin')]).toEqual([path, [spaOrigin]]);
      expect(answer.values('access-control-allow-credentials')).toEqual(['true']);
      expect(words(answer.values('vary'))).toContain('origin');
      expect(words(answer.values('access-control-expose-headers'))).toEqual(
        path.startsWith('/listed') ? ['etag', 'x-two'] : path.startsWith('/oauth-agent') ? ['retry-after'] : [],
      );
    }
  });

  it('are never a star', async () => {
    for (const path of ['/api/x', '/own/x', '/oauth-agent/session', '/oauth-agent/nothing', '/closed', '/plain/x']) {
      const answer = await client.send(path);
      for (const name of corsHeaders) expect(answer.values(name).join()).not.toContain('*');
    }
  });
});

describe('a HEAD request', () => {
  it('that is refused has the headers of the refusal and no body', async () => {
    for (const protocol of protocols) {
      for (const headers of [{ origin: spaOrigin }, { origin: 'https://evil.example' }, {}]) {
        const answer = await send(protocol, 'HEAD', '/api/x', headers);
        expect([answer.status, answer.body]).toEqual([401, '']);
        const allowed = 'origin' in headers && headers.origin === spaOrigin ? [spaOrigin] : [];
        expect(answer.values('access-control-allow-origin')).toEqual(allowed);
      }
    }
    expect(world.upstream.requests).toEqual([]);
  });

  it('that is refused is a GET without its body: a GET has it', async () => {
    expect((await world.newClient().api('/api/x')).json()).toEqual(accessDenied);
  });
});

describe('HTTP/2 requests whose cookies come in fields of their own (RFC 9113 §8.2.3)', () => {
  const crumbs = (path: string) => client.jar.headerFor(path).split('; ');

  it('are the same session: for the check, with the CSRF token, and for the agent', async () => {
    const csrf = { 'x-example-csrf': client.csrf ?? '' };
    const cookie = ['first=1', ...crumbs('/api'), 'last=2'];
    const api = await send('HTTP/2', 'POST', '/api/x', { origin: spaOrigin, ...csrf, cookie }, '{}');
    expect(api.status).toBe(200);
    const [request] = world.upstream.requests;
    expect(request?.values('authorization')).toEqual([expect.stringMatching(/^Bearer /)]);
    expect(request?.values('cookie')).toEqual(['first=1; last=2']);
    const own = { origin: spaOrigin, cookie: crumbs('/oauth-agent/claims') };
    const claims = await send('HTTP/2', 'GET', '/oauth-agent/claims', own);
    expect([claims.status, JSON.parse(claims.body).sub]).toEqual([200, 'alice']);
    const refreshed = await send('HTTP/2', 'POST', '/oauth-agent/refresh', { ...own, ...csrf }, '');
    expect(refreshed.status).toBe(204);
    for (const line of refreshed.values('set-cookie')) client.jar.keep(line);
  });

  it('with one of ours twice are no session', async () => {
    const own = crumbs('/api').find((crumb) => crumb.startsWith('example-at=')) ?? '';
    const cookie = [...crumbs('/api'), 'first=1', own];
    expect((await send('HTTP/2', 'GET', '/api/x', { origin: spaOrigin, cookie })).status).toBe(401);
    expect(world.upstream.requests).toEqual([]);
  });
});

/** A WebSocket handshake (RFC 6455 §4.1) with the session; the connection is closed at once. */
function handshake(path: string, headers: Lines): Promise<number> {
  const lines = Object.entries({
    ...{ host: world.host, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }).flatMap(([name, value]) => [value].flat().map((each) => [name, each] as const));
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      ...{ host: '127.0.0.1', port: world.port, path, agent: false },
      headers: lines.flat(),
    });
    outgoing.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

describe('B1 a WebSocket handshake', () => {
  it('of a trusted page reaches the workload with the token alone', async () => {
    const cookie = client.jar.headerFor('/api');
    expect(await handshake('/api/live', { origin: spaOrigin, cookie })).toBe(101);
    expect(world.upstream.requests[0]?.values('authorization')).toEqual([expect.stringMatching(/^Bearer /)]);
    expect(world.upstream.requests[0]?.values('cookie')).toEqual([]);
  });

  it.each<readonly [string, Lines]>([
    ['of a foreign page', { origin: 'https://evil.example' }],
    ['of a sandboxed page', { origin: 'null' }],
    ['of a sibling port', { origin: 'http://127.0.0.1:5174' }],
    ['without an Origin', {}],
    ['with two', { origin: [spaOrigin, 'https://evil.example'] }],
    ['of a trusted page across sites', { origin: spaOrigin, 'sec-fetch-site': 'cross-site' }],
    ['in other letters', { origin: 'https://evil.example', upgrade: 'WebSocket' }],
  ])('%s is refused with the cookies of a session', async (_, headers) => {
    const cookie = `${client.jar.headerFor('/api')}; ${plain.jar.headerFor('/plain')}`;
    for (const path of ['/api/live', '/own/live', '/plain/live']) {
      expect([401, 403]).toContain(await handshake(path, { cookie, ...headers }));
    }
    expect(world.upstream.requests).toEqual([]);
    expect(await handshake('/plain/live', { cookie, origin: spaOrigin })).toBe(101);
  });
});
