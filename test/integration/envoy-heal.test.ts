import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { http2Client } from '../support/http2-client.ts';
import { rawGet, sendRaw } from '../support/raw-http.ts';
import { type RecordingUpstream, startRecordingUpstream, type UpstreamAnswer } from '../support/recording-upstream.ts';
import { type HealWorld, startHealWorld } from './heal-world.ts';

// The chain of edge and internal listener that `envoy.heal` makes, with a check that refreshes as a session would.

let world: HealWorld;
let workload: RecordingUpstream;
let sideService: RecordingUpstream;

const invalidToken = 'Bearer realm="api", error="invalid_token", error_description="The access token expired"';

beforeAll(async () => {
  [workload, sideService] = await Promise.all([startRecordingUpstream(), startRecordingUpstream()]);
  world = await startHealWorld({
    workload: workload.port,
    sideService: sideService.port,
    envoy: `heal: {routes: [
      {path: {prefix: /api}},
      {path: {prefix: /any}, when: any},
      {path: {exact: /text}, when: {errorDescription: "token, \\\\\\"too old\\\\\\""}},
      {path: {prefix: "/für alle"}, when: any}]}`.replace(/\\\\\\"/g, "'"),
  });
  takeNewTokensOnly();
});

afterEach(() => {
  world.reset();
  workload.clear();
  sideService.clear();
  takeNewTokensOnly();
});

/** The workload answers `refusal` to the token that has not been refreshed, and 200 to every other. */
function takeNewTokensOnly(refusal: UpstreamAnswer = { headers: [['www-authenticate', invalidToken]] }): void {
  workload.answerWith((request) =>
    request.values('authorization')[0] === 'Bearer token-0' ? { status: 401, body: 'refused', ...refusal } : {},
  );
}

const get = (target: string, lines: readonly string[] = []) => sendRaw(world.port, rawGet(target, world.host, lines));

const post = (target: string, body: string, lines: readonly string[] = []) =>
  sendRaw(world.port, `${rawGet(target, world.host, [`Content-Length: ${body.length}`, ...lines], 'POST')}${body}`);

/** How often the workload was called. */
const calls = () => workload.requests.length;

/** What the check was told about attempts, one list for each check. */
const attempts = () => world.check.seen.map(({ headers }) => headers.get('x-envoy-attempt-count') ?? []);

describe('a 401 of the workload', () => {
  it('is healed: one refresh, the same request once more with the new token', async () => {
    expect(await get('/api/orders?x=1', ['X-Own: a'])).toMatchObject({ status: 200, body: 'workload' });
    expect(world.refreshes()).toBe(1);
    expect(attempts()).toEqual([['1'], ['2']]);
    expect(workload.requests.map((request) => [request.target, ...request.values('authorization')])).toEqual([
      ['/api/orders?x=1', 'Bearer token-0'],
      ['/api/orders?x=1', 'Bearer token-1'],
    ]);
    const starts = world.check.seen.flatMap(({ headers }) => headers.get('x-sallyport-start') ?? []);
    expect(new Set(starts).size).toBe(1);
    expect(Number(starts[0]) * 1000 - Date.now()).toBeGreaterThan(-20_000);
  });

  it('goes to the client as it is on any other route', async () => {
    const answer = await get('/other');
    expect(answer).toMatchObject({ status: 401, body: 'refused' });
    expect(answer.values('www-authenticate')).toEqual([invalidToken]);
    expect([calls(), world.refreshes()]).toEqual([1, 0]);
    expect(world.check.seen.map(({ context }) => context.size)).toEqual([0]);
  });

  it('goes to the client as it is when the new token is refused as well', async () => {
    const headers = [
      ['www-authenticate', 'Basic realm="x"'],
      ['www-authenticate', invalidToken],
      ['x-sallyport-retry', '1'],
      ['x-own', 'kept'],
    ] as const;
    workload.answerWith(() => ({ status: 401, headers, body: `no ${workload.requests.length}` }));
    const answer = await get('/api/x');
    expect(answer).toMatchObject({ status: 401, body: 'no 2' });
    expect(answer.values('www-authenticate')).toEqual(['Basic realm="x"', invalidToken]);
    expect(answer.values('x-own')).toEqual(['kept']);
    expect(answer.values('x-sallyport-retry')).toEqual([]);
    expect(attempts()).toEqual([['1'], ['2']]);
  });

  it.each([
    ['/api/x', ['/api/x', '/api', '/api?x', '/%61pi/x', '/x/../api/x', '/api/x%20y']],
    ['/text', ['/text', '/text?x=/api', '/x/../text']],
    ['/für alle', ['/f%C3%BCr%20alle', '/f%c3%bcr%20alle/x']],
  ])('is healed where rules would see %s', async (_, targets) => {
    takeNewTokensOnly({
      headers: [['www-authenticate', `${invalidToken}, Bearer error_description="token, 'too old'"`]],
    });
    for (const target of targets) {
      world.reset();
      expect([target, (await get(target)).status]).toEqual([target, 200]);
    }
  });

  it.each(['/apis', '/API/x', '/text/x', '/f%C3%BCr%20allerlei', '/x/api', '/other?/api/x'])(
    'is not healed on %s',
    async (target) => {
      takeNewTokensOnly({
        headers: [['www-authenticate', `${invalidToken}, Bearer error_description="token, 'too old'"`]],
      });
      expect((await get(target)).status).toBe(401);
      expect(calls()).toBe(1);
    },
  );
});

describe('many requests', () => {
  it('at one time with a dead token: one refresh, 500 answers', async () => {
    const sent = Array.from({ length: 500 }, () => sendRaw(world.port, rawGet('/api/x', world.host), 15_000));
    const statuses = (await Promise.all(sent)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(world.refreshes()).toBe(1);
  });
});

describe('which 401s count', () => {
  const tokenError = 'error="invalid_token"';

  it.each([
    [`Bearer ${tokenError}`],
    ['bearer ERROR=invalid_token'],
    [`Bearer realm="a, b", scope="x y",error_description="a \\"quoted\\" one", ${tokenError}`],
    [`Basic realm="x", Bearer realm="y", ${tokenError}, Digest nonce="z"`],
    [`Negotiate YWJjZA==, Bearer ${tokenError}`],
    [`Negotiate, , Bearer ${tokenError}`],
    [`Bearer   error = "invalid_token" , x=y`],
    [`Bearer error="invalid_token" error_description="without a comma"`],
    ['Bearer error="inv\\alid_token"'],
    ['Basic realm="x"', `Bearer ${tokenError}`],
    ['Bearer realm="x"', `Bearer ${tokenError}`],
  ])('counts invalid_token of a Bearer challenge (RFC 6750 §3.1): %s', async (...challenges) => {
    takeNewTokensOnly({ headers: challenges.map((value) => ['www-authenticate', value] as const) });
    expect((await get('/api/x')).status).toBe(200);
  });

  it.each([
    [''],
    ['Bearer'],
    ['Bearer realm="x"'],
    ['Bearer error="insufficient_scope"'],
    ['Bearer error="insufficient_scope", error_description="not error=\\"invalid_token\\" at all"'],
    ['Bearer realm="error=invalid_token"'],
    ['Bearer realm="x, Bearer error=invalid_token"'],
    ['Bearer realm="\\", error=\\"invalid_token\\""'],
    [`Basic ${tokenError}`],
    [`DPoP ${tokenError}`],
    [`XBearer ${tokenError}`],
    [`Basic realm="x", ${tokenError}, Bearer realm="y"`],
    ['Bearer error="invalid_token_x"'],
    ['Bearer error="Invalid_Token"'],
    ['Bearer xerror="invalid_token"'],
    ['Bearer error="invalid_request", error="invalid_token"'],
    ['Bearer error="invalid_token'],
    ['Bearer error="invalid_token"x'],
    ['Bearer error=invalid_token;'],
    ['Bearer error'],
    ['Bearer error='],
    ['error="invalid_token"'],
    ['invalid_token'],
    ['Bearer invalid_token'],
    ['\\'],
    ['Bearer error="\\'],
  ])('counts nothing else (RFC 9110 §11.6.1): %s', async (challenge) => {
    takeNewTokensOnly({ headers: [['www-authenticate', challenge]] });
    const answer = await get('/api/x');
    expect(answer).toMatchObject({ status: 401, body: 'refused' });
    expect(answer.values('www-authenticate')).toEqual([challenge]);
    expect([calls(), world.refreshes()]).toEqual([1, 0]);
    // One that nobody could read stops nothing.
    expect(world.edge.envoy.output()).not.toMatch(/script log|lua error/i);
  });

  it('counts one error_description to the letter where the route says so', async () => {
    const described = (text: string) => takeNewTokensOnly({ headers: [['www-authenticate', `Bearer ${text}`]] });
    for (const text of [tokenError, `error_description="token, 'Too old'"`, `realm="token, 'too old'"`]) {
      described(text);
      expect((await get('/text')).status).toBe(401);
    }
    described(`error="invalid_request", error_description="token, 'too old'"`);
    expect((await get('/text')).status).toBe(200);
  });

  it('counts every 401 where the route says so, and nothing but 401', async () => {
    takeNewTokensOnly({ headers: [] });
    expect((await get('/any/x')).status).toBe(200);
    for (const status of [200, 400, 403, 404, 407, 500, 503]) {
      workload.clear();
      workload.answerWith(() => ({ status, headers: [['www-authenticate', invalidToken]] }));
      expect((await get('/any/x')).status).toBe(status);
      expect((await get('/api/x')).status).toBe(status);
      expect(calls()).toBe(2);
    }
  });
});

describe('bodies', () => {
  // Every byte value, and not the same in every block.
  const large = Array.from({ length: 900_000 }, (_, at) => String.fromCharCode((at * 7 + (at >> 8)) & 255)).join('');

  it('of 900 kB arrive whole and equal on both attempts', async () => {
    expect((await post('/api/x', large)).status).toBe(200);
    expect(workload.requests.map(({ body }) => body === large)).toEqual([true, true]);
  });

  it('in chunks arrive whole on both attempts', async () => {
    const chunks = Array.from({ length: 90 }, (_, at) => large.slice(at * 10_000, (at + 1) * 10_000));
    const framed = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
    const head = rawGet('/api/x', world.host, ['Transfer-Encoding: chunked'], 'POST');
    expect((await sendRaw(world.port, `${head}${framed}0\r\n\r\n`)).status).toBe(200);
    expect(workload.requests.map(({ body }) => body === large)).toEqual([true, true]);
  });

  it('of an HTTP/2 client arrive whole on both attempts', async () => {
    const client = http2Client(world.port);
    const text = 'a line of text\n'.repeat(60_000);
    const answer = await client.request({ ':method': 'POST', ':path': '/api/x' }, text);
    client.close();
    expect(answer).toMatchObject({ status: 200, body: 'workload' });
    expect(workload.requests.map(({ body }) => body === text)).toEqual([true, true]);
  });

  it('beyond maxBodyBytes: the client gets the 401 of the workload, and the next request is healed', async () => {
    const answer = await post('/api/x', 'x'.repeat(1_100_000));
    expect(answer).toMatchObject({ status: 401, body: 'refused' });
    expect(answer.values('www-authenticate')).toEqual([invalidToken]);
    expect(answer.values('x-sallyport-retry')).toEqual([]);
    expect(workload.requests.map(({ body }) => body.length)).toEqual([1_100_000]);
    expect((await get('/api/x')).status).toBe(200);
    expect(world.refreshes()).toBe(1);
    expect((await post('/api/x', 'x'.repeat(1_100_000))).status).toBe(200);
  });
});
