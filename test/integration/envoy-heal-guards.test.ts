import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PlainReply } from '../../src/core/verdict.ts';
import { rawGet, sendRaw } from '../support/raw-http.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts';
import { allow } from './envoy-world.ts';
import { type HealWorld, startHealWorld } from './heal-world.ts';

// What each guard of the heal chain is for: nobody but Envoy says which attempt it is, when it began, and what is sent
// again; and a workload cannot tell a heal route from a plain one.

let world: HealWorld;
let workload: RecordingUpstream;
let sideService: RecordingUpstream;

const refusal = {
  status: 401,
  headers: [['www-authenticate', 'Bearer error="invalid_token"']],
  body: 'refused',
} as const;

beforeAll(async () => {
  [workload, sideService] = await Promise.all([startRecordingUpstream(), startRecordingUpstream()]);
  const envoy = 'heal: {routes: [{path: {prefix: /api}}, {path: {prefix: /any}, when: any}]}';
  world = await startHealWorld({ workload: workload.port, sideService: sideService.port, envoy });
});

afterEach(() => {
  world.reset();
  workload.clear();
  workload.answerWith(() => ({}));
  sideService.clear();
});

const get = (target: string, lines: readonly string[] = []) => sendRaw(world.port, rawGet(target, world.host, lines));
const post = (target: string, lines: readonly string[] = []) =>
  sendRaw(world.port, `${rawGet(target, world.host, ['Content-Length: 2', ...lines], 'POST')}hi`);
const namesOf = (headers: readonly (readonly [string, string])[]) => headers.map(([name]) => name.toLowerCase());

const forged = [
  'X-Envoy-Attempt-Count: 2',
  `X-Sallyport-Start: ${Math.ceil(Date.now() / 1000) + 60}.000`,
  'X-Sallyport-Retry: 1',
  'X-Envoy-Retry-On: 5xx,retriable-4xx,retriable-status-codes,retriable-headers',
  'X-Envoy-Retry-Grpc-On: cancelled,unavailable,internal',
  'X-Envoy-Retriable-Status-Codes: 200,401,404',
  'X-Envoy-Retriable-Header-Names: content-type,x-sallyport-retry,www-authenticate',
  'X-Envoy-Max-Retries: 5',
  'X-Envoy-Hedge-On-Per-Try-Timeout: true',
  'X-Envoy-Upstream-Rq-Timeout-Ms: 1',
  'X-Envoy-Upstream-Rq-Per-Try-Timeout-Ms: 1',
  'X-Envoy-Upstream-Stream-Duration-Ms: 1',
  'X-Envoy-Expected-Rq-Timeout-Ms: 1',
  'X-Envoy-Internal: true',
  'X-Envoy-Force-Trace: true',
  'X-Envoy-Ip-Tags: trusted',
  'X-Envoy-External-Address: 203.0.113.9',
  'X-Envoy-Decorator-Operation: forged',
  'X-Envoy-Upstream-Alt-Stat-Name: forged',
];

describe('what a client forges', () => {
  it.each(['/api/x', '/other'])(
    'makes no first attempt a second one, and has nothing sent again: %s',
    async (target) => {
      for (const lines of [forged, [...forged, ...forged]]) {
        world.reset();
        workload.clear();
        expect((await post(target, lines)).status).toBe(200);
        expect(world.refreshes()).toBe(0);
        expect(workload.requests.map(({ body }) => body)).toEqual(['hi']);
        const seen = world.check.seen.flatMap(({ headers }) => [...headers].map(([name, values]) => [name, ...values]));
        const own = seen.filter(([name = '']) => name.startsWith('x-sallyport-') || name.startsWith('x-envoy-'));
        const start = expect.stringMatching(/^\d{10}\.\d{3}$/);
        expect(own.toSorted()).toEqual([
          ...(target === '/other' ? [] : [['x-envoy-attempt-count', '1']]),
          ['x-envoy-external-address', '127.0.0.1'],
          ...(target === '/other' ? [] : [['x-sallyport-start', start]]),
        ]);
        const now = Date.now() / 1000;
        for (const [name, value] of own)
          if (name === 'x-sallyport-start') expect(Number(value)).toBeLessThanOrEqual(now);
      }
    },
  );

  it('does not hinder the second attempt', async () => {
    workload.answerWith((request) => (request.values('authorization')[0] === 'Bearer token-0' ? refusal : {}));
    expect((await post('/api/x', forged)).status).toBe(200);
    expect([world.refreshes(), workload.requests.length]).toEqual([1, 2]);
  });

  it('has no 401 of a plain route, and none of another kind, sent again', async () => {
    workload.answerWith(() => ({ status: 401, headers: [['www-authenticate', 'Basic realm="x"']] }));
    expect((await get('/api/x', forged)).status).toBe(401);
    workload.answerWith(() => refusal);
    expect((await get('/other', forged)).status).toBe(401);
    expect([world.refreshes(), workload.requests.length]).toEqual([0, 2]);
  });

  it('does not reach the side service', async () => {
    expect((await get('/_auth/login', forged)).status).toBe(200);
    const names = sideService.requests.flatMap(({ headers }) => namesOf(headers));
    expect(names.filter((name) => /^x-(?:sallyport|envoy)-/.test(name))).toEqual(['x-envoy-external-address']);
  });
});

describe('what the workload forges', () => {
  it.each([
    [200, [['x-sallyport-retry', '1']]],
    [
      200,
      [
        ['x-sallyport-retry', '1'],
        ['x-sallyport-retry', '1'],
      ],
    ],
    [
      201,
      [
        ['X-Sallyport-Retry', '1'],
        ['x-envoy-attempt-count', '1'],
      ],
    ],
    [
      401,
      [
        ['x-sallyport-retry', '1'],
        ['www-authenticate', 'Basic realm="x"'],
      ],
    ],
    [
      503,
      [
        ['x-sallyport-retry', '1'],
        ['x-envoy-overloaded', 'true'],
      ],
    ],
  ] as const)('runs no POST twice and reaches no client: %i %j', async (status, headers) => {
    workload.answerWith(() => ({ status, headers }));
    for (const target of ['/api/x', '/other']) {
      workload.clear();
      const answer = await post(target);
      expect(answer).toMatchObject({ status, body: 'workload' });
      expect(namesOf(answer.headers)).not.toContain('x-sallyport-retry');
      expect(workload.requests).toHaveLength(1);
    }
    expect(world.refreshes()).toBe(0);
  });
});

describe('what Sallyport answers itself', () => {
  const reply = (status: number, headers: PlainReply['headers'] = []): PlainReply => {
    return { kind: 'reply', status, headers, body: 'ours' };
  };

  it.each([
    [401, [['www-authenticate', 'Bearer error="invalid_token"']]],
    [
      401,
      [
        ['www-authenticate', 'Bearer error="invalid_token"'],
        ['x-sallyport-retry', '1'],
      ],
    ],
    [
      302,
      [
        ['location', 'https://id.example.com/'],
        ['set-cookie', 'a=1'],
      ],
    ],
    [503, [['retry-after', '7']]],
  ] as const)('is asked for once, and passed on: %i %j', async (status, headers) => {
    world.check.answerWith(() => reply(status, headers));
    for (const target of ['/api/x', '/any/x']) {
      const before = world.check.seen.length;
      const answer = await post(target);
      expect(answer).toMatchObject({ status, body: 'ours' });
      expect(namesOf(answer.headers)).not.toContain('x-sallyport-retry');
      for (const [name, value] of headers.filter(([each]) => !each.startsWith('x-'))) {
        expect(answer.values(name)).toEqual([value]);
      }
      expect(world.check.seen.length - before).toBe(1);
    }
    expect(workload.requests).toEqual([]);
  });

  it('on the second attempt is passed on: the session has ended meanwhile', async () => {
    workload.answerWith(() => refusal);
    world.check.answerWith((request) =>
      request.headers.get('x-envoy-attempt-count')?.[0] === '2' ? reply(401, [['x-own', 'login']]) : allow,
    );
    const answer = await post('/api/x');
    expect(answer).toMatchObject({ status: 401, body: 'ours' });
    expect(answer.values('x-own')).toEqual(['login']);
    expect(workload.requests).toHaveLength(1);
  });

  it('is missing on the second attempt: 503 with Retry-After, and the workload is not asked again', async () => {
    workload.answerWith(() => refusal);
    world.check.answerWith((request) =>
      request.headers.get('x-envoy-attempt-count')?.[0] === '2' ? new Uint8Array([1, 2, 3]) : allow,
    );
    const answer = await post('/api/x');
    expect(answer).toMatchObject({ status: 503 });
    expect(answer.values('retry-after')).toEqual(['2']);
    expect(workload.requests).toHaveLength(1);
  });
});

describe('a heal route beside a plain one', () => {
  const lines = [
    'X-Own: 1',
    'X-Own: 2',
    // Two lines of it become one on a heal route, as with every HTTP/2 client (RFC 9113 §8.2.3).
    'Cookie: a=1; b=\xe9',
    'X-Forwarded-For: 203.0.113.9',
    'Te: trailers',
  ];

  it('shows the workload the same request, both times', async () => {
    workload.answerWith((request) => (request.values('authorization')[0] === 'Bearer token-0' ? refusal : {}));
    await get('/other', lines);
    await get('/api/x', lines);
    const [plain, ...healed] = workload.requests.map(({ headers }) =>
      headers
        .filter(([name]) => name !== 'x-request-id' && name !== 'authorization')
        .map((each) => each.join(': '))
        .sort(),
    );
    expect(healed).toEqual([plain, plain]);
    const ids = workload.requests.slice(1).map((request) => request.values('x-request-id'));
    expect(ids[0]).toEqual(ids[1]);
    expect(ids[0]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  });

  it('shows the check the same request, the two headers of attempts aside', async () => {
    await get('/other', lines);
    await get('/api/x', lines);
    const [plain, healed] = world.check.seen.map(({ method, authority, headers }) => {
      const ours = ['x-request-id', 'x-envoy-attempt-count', 'x-sallyport-start'];
      return [method, authority, [...headers].filter(([name]) => !ours.includes(name)).sort()];
    });
    expect(healed).toEqual(plain);
  });

  it('refuses the same requests before anybody is asked', async () => {
    for (const [target, more, status] of [
      ['/api/..%2fx', [], 400],
      ['/api/x', ['X_Y: 1'], 400],
      ['/api/x', Array.from({ length: 201 }, (_, at) => `x-h-${at}: 1`), 431],
      ['/api/x', [`Cookie: ${'a'.repeat(100_000)}`], 431],
    ] as const) {
      expect((await get(target, more)).status).toBe(status);
    }
    expect(world.check.seen).toEqual([]);
    expect((await get('/api/x', [`Cookie: ${'a'.repeat(90_000)}`])).status).toBe(200);
  });

  it.each(['/../x/%%32e/x', '/%252e%252e/x', '/./a/%2e%2e/x', '/a%20b'])(
    'reads a path once: what the edge leaves of %s is what check and workload see',
    async (rest) => {
      const seenOn = async (base: string) => {
        world.reset();
        workload.clear();
        const { status } = await get(`${base}${rest.replace('/../x', `/..${base}`)}`);
        const targets = [...world.check.seen, ...workload.requests].map(({ target }) => target.replace(base, ''));
        return { status, targets };
      };
      expect(await seenOn('/api')).toEqual(await seenOn('/other'));
    },
  );

  it('writes one line into the access log, with the number of attempts', async () => {
    workload.answerWith((request) => (request.values('authorization')[0] === 'Bearer token-0' ? refusal : {}));
    await get('/api/logged-once?code=canary-query');
    const lines = () =>
      world.edge.envoy
        .output()
        .split('\n')
        .filter((line) => line.includes('/api/logged-once'));
    await expect.poll(() => lines().length).toBeGreaterThan(0);
    expect(lines().map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ path: '/api/logged-once', status: 200, attempts: 2, client: '127.0.0.1' }),
    ]);
    expect(world.edge.envoy.output()).not.toContain('canary-query');
  });
});
