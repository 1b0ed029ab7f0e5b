// More than 300 lines: all cases share one running Envoy.
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { corsHeaders, preflightReply } from '../../src/core/http/cors.ts';
import { headerValues } from '../../src/core/http/request.ts';
import { secondsOf } from '../../src/core/time.ts';
import type { PlainReply } from '../../src/core/verdict.ts';
import { CheckResponse } from '../../src/gen/envoy/service/auth/v3/external_auth.ts';
import { http2Client } from '../support/http2-client.ts';
import { withFreePorts } from '../support/ports.ts';
import { parseAnswer, rawGet, sendRaw } from '../support/raw-http.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { allow, type Edge, type ScriptedCheck, startEdge, startScriptedCheck } from './envoy-world.ts';

// What the rest of Sallyport relies on, proved on the Envoy that the generated configuration is for.

let port: number;
let authzPort: number;
let check: ScriptedCheck;
let workload: RecordingUpstream;
let sideService: RecordingUpstream;
let edge: Edge;

beforeAll(async () => {
  workload = await startRecordingUpstream();
  sideService = await startRecordingUpstream();
  await withFreePorts(3, async ([edgePort = 0, checkPort = 0, opsPort = 0]) => {
    authzPort = checkPort;
    edge = await startEdge(configText(edgePort, opsPort));
    check = await startScriptedCheck({ kind: 'tcp', host: '127.0.0.1', port: authzPort });
    port = edgePort;
  });
});

function configText(edgePort: number, opsPort: number, trustedHops = 0): string {
  return `
origins: ["http://localhost:${edgePort}", "https://app.example.com"]
listen: {authz: "127.0.0.1:${authzPort}", http: "127.0.0.1:${sideService.port}", ops: "127.0.0.1:${opsPort}"}
keys: {env: KEYS}
store: {type: memory}
providers: {demo: {issuer: https://id.example.com, clientId: demo, clientSecret: {env: SECRET}}}
modes: {web: {mode: session, provider: demo}}
rules: [{use: web}]
envoy:
  listen: 127.0.0.1:${edgePort}
  workload: 127.0.0.1:${workload.port}
  checkTimeout: 1s
  accessLog: true
  trustedHops: ${trustedHops}
`;
}

afterEach(() => {
  check.reset();
  workload.clear();
  sideService.clear();
});

const host = () => `localhost:${port}`;
const reply = (status: number, headers: PlainReply['headers'], body = ''): PlainReply => ({
  kind: 'reply',
  status,
  headers,
  body,
});
const get = (target: string, lines: readonly string[] = []) => sendRaw(port, rawGet(target, host(), lines));

describe('paths', () => {
  it.each(['/public/..%2fapp', '/a%2Fb', '/a%5cb', '/_auth/%2e%2e%2fapp'])(
    'answers an escaped slash with 400 and asks nobody (P2): %s',
    async (target) => {
      expect(await get(target)).toMatchObject({ status: 400 });
      expect([check.seen, workload.requests, sideService.requests]).toEqual([[], [], []]);
    },
  );

  it.each([
    ['/public/../app', '/app'],
    ['/public/%2e%2e/app', '/app'],
    ['/a/./b', '/a/b'],
    ['//app///x', '/app/x'],
    ['/_auth/../app', '/app'],
  ])('resolves dot segments and doubled slashes before anything reads them (P1, P3): %s', async (sent, path) => {
    expect(await get(sent)).toMatchObject({ status: 200 });
    expect(check.seen.map(({ target }) => target)).toEqual([path]);
    expect(workload.requests.map(({ target }) => target)).toEqual([path]);
    expect(sideService.requests).toEqual([]);
  });

  it.each(['/_authx', '/_auth;x/callback', '/_AUTH/callback', '/x/_auth/callback', '/_aut'])(
    'takes a path near the base path to the check, not to the side service (P13): %s',
    async (target) => {
      await get(target);
      expect(check.seen).toHaveLength(1);
      expect(sideService.requests).toEqual([]);
    },
  );

  it.each(['/_auth', '/_auth?x=1', '/_auth/callback?code=1', '/_auth/callbackx'])(
    'takes the base path and what is below it to the side service alone (P13): %s',
    async (target) => {
      expect(await get(target)).toMatchObject({ status: 200 });
      expect(sideService.requests.map((request) => request.target)).toEqual([target]);
      expect([check.seen, workload.requests]).toEqual([[], []]);
    },
  );

  it.each(['GET /a?b#c HTTP/1.1', 'GET /a\x80b HTTP/1.1', 'GET /a b HTTP/1.1'])(
    'answers a target that is none with 400 (P5): %j',
    async (line) => {
      const answer = await sendRaw(port, `${line}\r\nHost: ${host()}\r\nConnection: close\r\n\r\n`);
      expect(answer.status).toBe(400);
      expect(check.seen).toEqual([]);
    },
  );

  it('answers CONNECT and OPTIONS * with 404, asking nobody (P7)', async () => {
    const send = (line: string) => sendRaw(port, `${line} HTTP/1.1\r\nHost: ${host()}\r\nConnection: close\r\n\r\n`);
    expect(await send(`CONNECT ${host()}`)).toMatchObject({ status: 404 });
    expect(await send('OPTIONS *')).toMatchObject({ status: 404 });
    expect(check.seen).toEqual([]);
  });
});

describe('hosts', () => {
  it.each([
    'evil.example.com',
    'localhost',
    'localhost:1',
    'app.example.com.evil.test',
    'app.example.com@evil.test',
    '[::1',
  ])('answers an unknown host with 403 and asks nobody (P10): %s', async (name) => {
    expect(await sendRaw(port, rawGet('/', name))).toMatchObject({ status: 403 });
    expect([check.seen, workload.requests]).toEqual([[], []]);
  });

  it('answers two Host lines with 403 (P10)', async () => {
    expect(await get('/', ['Host: evil.example.com'])).toMatchObject({ status: 403 });
    expect(check.seen).toEqual([]);
  });

  it('goes by the authority of an absolute target, not by Host (P9)', async () => {
    expect(await get('http://evil.example.com/')).toMatchObject({ status: 403 });
    expect(await sendRaw(port, rawGet(`http://${host()}/app`, 'evil.example.com'))).toMatchObject({ status: 200 });
    expect(check.seen.map(({ authority, target }) => [authority, target])).toEqual([[host(), '/app']]);
  });

  it.each([
    ['LOCALHOST:port', 'LOCALHOST:port'],
    ['localhost.:port', 'localhost:port'],
    ['app.example.com', 'app.example.com'],
    ['app.example.com:443', 'app.example.com:443'],
    ['app.example.com.', 'app.example.com'],
  ])('serves %s; the check and the workload see %s (P10)', async (sent, seen) => {
    const expected = seen.replace('port', String(port));
    expect(await sendRaw(port, rawGet('/', sent.replace('port', String(port))))).toMatchObject({ status: 200 });
    expect(check.seen.map(({ authority }) => authority)).toEqual([expected]);
    expect(workload.requests.map((request) => request.values('host'))).toEqual([[expected]]);
  });
});

describe('headers of clients', () => {
  it.each(['X_Auth_Request_User: mallory', 'x_y: 1', '__proto__: 1'])(
    'answers a name with an underscore with 400 (H2, H12): %s',
    async (line) => {
      expect(await get('/app', [line])).toMatchObject({ status: 400 });
      expect([check.seen, workload.requests]).toEqual([[], []]);
    },
  );

  it('shows the check every Cookie line and every byte', async () => {
    await get('/app', ['Cookie: a=1', 'Cookie: b=\xe9\xff; c="3"']);
    expect(check.seen.map((request) => headerValues(request, 'cookie'))).toEqual([['a=1', 'b=\xe9\xff; c="3"']]);
    expect(workload.requests.map((request) => request.values('cookie').join('|'))).toEqual(['a=1|b=\xe9\xff; c="3"']);
  });

  it('joins the Cookie fields of HTTP/2 as RFC 9113 §8.2.3 says', async () => {
    const cookies = ['cookie', 'a=1', 'cookie', 'b=2', 'x-a', '1', 'x-a', '2'];
    expect(await http2Status(['/app', host()], cookies)).toBe(200);
    expect(check.seen.map((request) => headerValues(request, 'cookie'))).toEqual([['a=1; b=2']]);
    expect(check.seen.map((request) => headerValues(request, 'x-a'))).toEqual([['1', '2']]);
  });

  const claims = [
    'Forwarded: host=evil.example.com',
    'X-Forwarded-Host: evil.example.com',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Port: 444',
    'X-Forwarded-Prefix: /evil',
    'X-Forwarded-For: 203.0.113.9',
    'X-Real-IP: 203.0.113.9',
    'X-Envoy-Attempt-Count: 2',
    'X-Envoy-Original-Path: /public',
    'X-Envoy-Original-Dst-Host: 127.0.0.1:1',
    'X-Envoy-Peer-Metadata: forged',
    'X-Envoy-Peer-Metadata-Id: forged',
  ];
  const namesOf = (headers: readonly (readonly [string, string])[]) => headers.map(([name]) => name.toLowerCase());
  const claimed = namesOf(claims.map((line) => [line.split(':')[0] ?? '', '']));

  it.each(['/app', '/_auth/login'])('believes no header about origin, path or address (H9): %s', async (target) => {
    await get(target, claims);
    const [request] = [...workload.requests, ...sideService.requests];
    expect(request?.values('x-forwarded-proto')).toEqual(['http']);
    expect(request?.values('x-forwarded-for').join()).not.toContain('203.0.113.9');
    const dropped = claimed.filter((name) => name !== 'x-forwarded-proto' && name !== 'x-forwarded-for');
    expect(namesOf(request?.headers ?? []).filter((name) => dropped.includes(name))).toEqual([]);
    const seen = check.seen.flatMap((each) => dropped.flatMap((name) => headerValues(each, name)));
    expect(seen).toEqual([]);
  });

  it('believes a proxy before it what proxies write, and nothing else (H9)', async () => {
    const behindProxy = await startBehindProxy();
    await sendRaw(behindProxy, rawGet('/app', `localhost:${behindProxy}`, claims));
    const [request] = workload.requests;
    expect(request?.values('x-forwarded-for')).toEqual([expect.stringMatching(/^203\.0\.113\.9, ?[0-9.]+$/)]);
    expect(request?.values('x-forwarded-proto')).toEqual(['https']);
    const kept = ['x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port', 'x-forwarded-for'];
    expect(namesOf(request?.headers ?? []).filter((name) => claimed.includes(name))).toEqual(
      expect.arrayContaining(kept),
    );
    const others = claimed.filter((name) => !kept.includes(name));
    expect(namesOf(request?.headers ?? []).filter((name) => others.includes(name))).toEqual([]);
    expect(check.seen.flatMap((each) => others.flatMap((name) => headerValues(each, name)))).toEqual([]);
  });

  it('takes the headers of requests.stripHeaders off what the side service gets (H8, H11)', async () => {
    await get('/_auth/login', [
      'X-Original-URL: /admin',
      'X-HTTP-Method-Override: DELETE',
      'Authorization: Basic YTpi',
    ]);
    const [request] = sideService.requests;
    expect(request?.values('x-original-url')).toEqual([]);
    expect(request?.values('x-http-method-override')).toEqual([]);
    expect(request?.values('authorization')).toEqual(['Basic YTpi']);
  });

  it('lets 70 kB of cookies and 150 headers through, and answers more with 431 (S10)', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `x-h-${index}: 1`);
    const cookie = (size: number) => `Cookie: ${'a=1; '.repeat(size / 5)}b=2`;
    expect(await get('/app', [cookie(70_000), ...many(150)])).toMatchObject({ status: 200 });
    expect(await get('/app', [cookie(100_000)])).toMatchObject({ status: 431 });
    expect(await get('/app', many(201))).toMatchObject({ status: 431 });
    expect(check.seen).toHaveLength(1);
  });

  it('keeps what the check sets although the client nominates it in Connection (H7)', async () => {
    check.answerWith(() => ({
      ...allow,
      setHeaders: [
        ['x-auth-request-user', 'alice'],
        ['authorization', 'Bearer t'],
      ],
    }));
    await get('/app', ['Connection: authorization, x-auth-request-user', 'Authorization: Bearer forged']);
    const [request] = workload.requests;
    expect(request?.values('authorization')).toEqual(['Bearer t']);
    expect(request?.values('x-auth-request-user')).toEqual(['alice']);
  });
});

describe('answers of the check', () => {
  it('replaces every line of a header that the check sets, and removes by odd names (H1, H2)', async () => {
    check.answerWith(() => ({
      ...allow,
      setHeaders: [
        ['cookie', 'a=1; c=\xc3\xa9'],
        ['x-auth-request-user', 'alice'],
      ],
      removeHeaders: ['x.auth.request.user', 'x-other'],
    }));
    const forged = [
      'X-Auth-Request-User: mallory',
      'x-auth-request-user: eve',
      'x.auth.request.user: eve',
      'X-Other: 1',
    ];
    await get('/app', ['Cookie: a=1', 'Cookie: b=2', ...forged]);
    const [request] = workload.requests;
    expect(request?.values('cookie')).toEqual(['a=1; c=\xc3\xa9']);
    expect(request?.values('x-auth-request-user')).toEqual(['alice']);
    expect(request?.values('x.auth.request.user')).toEqual([]);
    expect(request?.values('x-other')).toEqual([]);
  });

  it('adds a response header only where the workload did not set it', async () => {
    check.answerWith(() => ({
      ...allow,
      responseHeadersIfAbsent: [
        ['cache-control', 'private'],
        ['vary', 'cookie'],
      ],
    }));
    workload.answerWith(() => ({ headers: [['cache-control', 'max-age=60']] }));
    const answer = await get('/app');
    expect(answer.values('cache-control')).toEqual(['max-age=60']);
    expect(answer.values('vary')).toEqual(['cookie']);
    workload.answerWith(() => ({}));
  });

  it('gives the client every Set-Cookie of a refusal, and its body', async () => {
    const cookies = [
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ] as const;
    check.answerWith(() =>
      reply(302, [...cookies, ['location', 'https://id.example.com/'], ['cache-control', 'no-store']]),
    );
    const answer = await get('/app');
    expect(answer).toMatchObject({ status: 302 });
    expect(answer.values('set-cookie')).toEqual(['a=1', 'b=2']);
    expect(answer.values('location')).toEqual(['https://id.example.com/']);
    expect(workload.requests).toEqual([]);
  });

  it('lets no line break through that the check would set (validate_mutations)', async () => {
    const header = { key: 'x-user', value: 'a\r\nset-cookie: evil=1' };
    const option = { header, append: false, appendAction: 2 } as const;
    const empty = { headersToRemove: [], responseHeadersToAdd: [], queryParametersToRemove: [] };
    check.answerWith(() =>
      CheckResponse.encode({
        status: { code: 0, message: '' },
        httpResponse: { $case: 'okResponse', value: { headers: [option], ...empty } },
      }).finish(),
    );
    expect(await get('/app')).toMatchObject({ status: 500 });
    check.answerWith(() =>
      CheckResponse.encode({
        status: { code: 7, message: '' },
        httpResponse: { $case: 'deniedResponse', value: { status: { code: 403 }, headers: [option], body: '' } },
      }).finish(),
    );
    expect((await get('/app')).values('set-cookie')).toEqual([]);
    expect(workload.requests).toEqual([]);
  });

  it.each([
    ['garbage', new Uint8Array([1, 2, 3])],
    ['a text that is not UTF-8', new Uint8Array([0x0a, 0x03, 0x12, 0x01, 0xff])],
  ])('refuses when the answer is %s (G1)', async (_, bytes) => {
    check.answerWith(() => bytes);
    expect(await get('/app')).toMatchObject({ status: 503 });
    expect(workload.requests).toEqual([]);
  });

  it('refuses with 503 and Retry-After when the check is later than checkTimeout', async () => {
    check.answerWith(() => new Promise(() => undefined));
    const answer = await get('/app');
    expect(answer).toMatchObject({ status: 503 });
    expect(answer.values('retry-after')).toEqual(['2']);
    expect(workload.requests).toEqual([]);
  });

  it('keeps the Retry-After of a 503 that is ours', async () => {
    check.answerWith(() => reply(503, [['retry-after', '7']]));
    expect((await get('/app')).values('retry-after')).toEqual(['7']);
  });
});

describe('what clients and workload learn', () => {
  it('names Envoy nowhere', async () => {
    const answers = [await get('/app'), await get('/_auth/x'), await sendRaw(port, rawGet('/', 'evil.example.com'))];
    const names = answers.flatMap(({ headers }) => headers.map(([name]) => name));
    expect(names.filter((name) => name === 'server' || name.startsWith('x-envoy'))).toEqual([]);
    const upstream = workload.requests.flatMap(({ headers }) => headers.map(([name]) => name));
    expect(upstream.filter((name) => name.startsWith('x-envoy-expected'))).toEqual([]);
  });

  it('writes an access log without query strings, cookies and tokens (G8)', async () => {
    await get('/app/x?code=canary-query', ['Cookie: s=canary-cookie', 'Authorization: Bearer canary-token']);
    await expect.poll(() => edge.envoy.output()).toContain('"path":"/app/x"');
    expect(edge.envoy.output()).not.toContain('canary-'); // Envoy itself knows omit_canary_hosts
  });
});

const origin = 'https://spa.example';
const policy = { allowMethods: ['PUT'], allowHeaders: [], exposeHeaders: ['etag'], maxAge: secondsOf(600) };
/** Allowed, with what an answer to a page of another origin needs. */
const allowWithCors = () => {
  const { set, add } = corsHeaders(origin, policy);
  return { ...allow, setResponseHeaders: set, addResponseHeaders: add };
};
/** Values of a list header, whether they came in one line or in several. */
const listOf = (values: readonly string[]) => values.flatMap((value) => value.split(/, */));

describe('answers for pages of other origins (B4)', () => {
  it('vary by origin beside what the workload varies by, and name the origin once, over the workload’s', async () => {
    check.answerWith(allowWithCors);
    workload.answerWith(() => ({
      headers: [
        ['vary', 'Accept-Encoding'],
        ['access-control-allow-origin', '*'],
        ['access-control-allow-origin', 'https://evil.example'],
        ['access-control-expose-headers', 'x-secret'],
        ['access-control-allow-credentials', 'false'],
      ],
    }));
    const answer = await get('/app', [`Origin: ${origin}`]);
    workload.answerWith(() => ({}));
    expect(listOf(answer.values('vary'))).toEqual(['Accept-Encoding', 'Origin']);
    expect(answer.values('access-control-allow-origin')).toEqual([origin]);
    expect(answer.values('access-control-allow-credentials')).toEqual(['true']);
    expect(answer.values('access-control-expose-headers')).toEqual(['etag']);
  });

  it('are well-formed on a connection that goes on: a preflight’s 204, a refusal of HEAD, a refusal of GET', async () => {
    check.answerWith((request) =>
      request.method === 'OPTIONS' ? preflightReply(request, origin, policy) : reply(401, [], '{"code":"x"}'),
    );
    const head = (method: string, lines: readonly string[] = []) =>
      [`${method} /app HTTP/1.1`, `Host: ${host()}`, ...lines, '', ''].join('\r\n');
    const asking = [`Origin: ${origin}`, 'Access-Control-Request-Method: PUT', 'Access-Control-Request-Headers: x-a'];
    const bytes = head('OPTIONS', asking) + head('HEAD') + head('GET', ['Connection: close']);
    const preflight = await sendRaw(port, bytes);
    expect(preflight.status).toBe(204);
    expect(preflight.headers.filter(([name]) => name !== 'date')).toEqual([
      ['access-control-allow-origin', origin],
      ['access-control-allow-credentials', 'true'],
      ['access-control-allow-methods', 'PUT'],
      ['access-control-allow-headers', 'x-a'],
      ['access-control-max-age', '600'],
      ['vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'],
    ]);
    const refusedHead = parseAnswer(preflight.body);
    expect(refusedHead).toMatchObject({ status: 401 });
    expect(parseAnswer(refusedHead.body)).toMatchObject({ status: 401, body: '{"code":"x"}' });
    expect(workload.requests).toEqual([]);
  });

  it('are well-formed over HTTP/2 too', async () => {
    check.answerWith((request) =>
      request.method === 'OPTIONS' ? preflightReply(request, origin, policy) : reply(401, [], '{"code":"x"}'),
    );
    const client = http2Client(port);
    const preflight = await client.request({ ':method': 'OPTIONS', origin, 'access-control-request-method': 'PUT' });
    expect(preflight).toMatchObject({ status: 204, body: '' });
    expect(Object.keys(preflight.headers).filter((name) => name.startsWith('content-'))).toEqual([]);
    expect(await client.request({ ':method': 'HEAD' })).toMatchObject({ status: 401, body: '' });
    expect(await client.request({ ':method': 'GET' })).toMatchObject({ status: 401, body: '{"code":"x"}' });
    client.close();
  });
});

describe('protocols', () => {
  it('carries a WebSocket once the check allowed its request, and none to the side service (P11)', async () => {
    const upgrade = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
    const lines = (target: string) =>
      [`GET ${target} HTTP/1.1`, `Host: ${host()}`, 'Connection: Upgrade', ...upgrade, '', ''].join('\r\n');
    expect(await firstLine(lines('/app/socket'))).toContain(' 101 ');
    expect(check.seen).toHaveLength(1);
    expect(await firstLine(lines('/_auth/login'))).toContain(' 403 ');
    check.answerWith(() => ({ kind: 'reply', status: 401, headers: [], body: '' }));
    expect(await firstLine(lines('/app/socket'))).toContain(' 401 ');
  });

  it('has no HTTP/1.0', async () => {
    expect(await sendRaw(port, `GET /app HTTP/1.0\r\nHost: ${host()}\r\n\r\n`)).toMatchObject({ status: 426 });
    expect(check.seen).toEqual([]);
  });
});

// The last: the workload does not come back.
describe('a workload that is down', () => {
  beforeAll(() => workload.stop());

  it('is answered for by Envoy, with the headers for pages of other origins (B4)', async () => {
    check.answerWith(allowWithCors);
    const answer = await get('/app', [`Origin: ${origin}`]);
    expect(answer).toMatchObject({ status: 503 });
    expect(answer.values('access-control-allow-origin')).toEqual([origin]);
    expect(answer.values('vary')).toEqual(['Origin']);
  });
});

/** The port of a second Envoy, for the same check and workload, that one trusted proxy stands before. */
function startBehindProxy(): Promise<number> {
  return withFreePorts(2, async ([edgePort = 0, opsPort = 0]) => {
    await startEdge(configText(edgePort, opsPort, 1));
    return edgePort;
  });
}

/** The first line of an answer on a connection that stays open. */
function firstLine(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.once('data', (chunk) => {
      socket.destroy();
      resolve(chunk.toString('latin1').split('\r\n')[0] ?? '');
    });
    socket.on('error', reject);
  });
}

/** The status of an HTTP/2 GET without TLS; `fields` are names and values in turn, so that names can repeat. */
function http2Status([path, authority]: readonly [string, string], fields: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    session.on('error', reject);
    const pseudo = [':method', 'GET', ':scheme', 'http', ':authority', authority, ':path', path];
    const stream = session.request([...pseudo, ...fields]);
    stream.on('response', (headers) => {
      resolve(Number(headers[':status']));
      session.close();
    });
    stream.on('error', reject);
    stream.resume();
  });
}
