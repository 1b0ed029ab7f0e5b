import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AdminWorld, adminToken, startAdminWorld } from '../support/admin-world.ts';

let world: AdminWorld;

beforeAll(async () => {
  world = await startAdminWorld((config) => {
    config['modes'].sealed = {
      mode: 'session',
      provider: 'idp',
      basePath: '/_sealed',
      cookie: { name: 'other' },
      state: 'sealed',
    };
  });
});

beforeEach(async () => {
  await world.call('DELETE', '/v1/sessions?all=true');
});

const bob = {
  subject: 'bob',
  providerSessionId: 'bobs-session',
  claims: new Map<string, string | boolean>([
    ['sub', 'bob'],
    ['email', 'Bob@example.com'],
    ['phone_number', '+49 canary-phone'],
  ]),
};

async function namesFor(query: string): Promise<readonly string[]> {
  const { json } = await world.call('GET', `/v1/sessions${query}`);
  return json.sessions.map(({ user }: { user: { sub: string } }) => user.sub).sort();
}

describe('who may call', () => {
  it.each([
    ['nobody without a token', '', 401, 'unauthorized', 'Bearer realm="sallyport admin"'],
    ['nobody with another scheme', `Basic ${adminToken}`, 401, 'unauthorized', 'Bearer realm="sallyport admin"'],
    [
      'nobody with a wrong token',
      'Bearer canary-wrong-token',
      401,
      'invalid_token',
      'Bearer realm="sallyport admin", error="invalid_token"',
    ],
  ])('%s (RFC 6750 §3)', async (_, authorization, status, error, challenge) => {
    for (const path of ['/v1/sessions', '/v1/config', '/v2', '/']) {
      const answer = await world.call('GET', path, { authorization });
      expect([answer.status, answer.json.error]).toEqual([status, error]);
      expect(answer.headers.get('www-authenticate')).toBe(challenge);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
    expect(JSON.stringify(world.logs())).not.toContain('canary-wrong-token');
  });
});

describe('sessions', () => {
  it('are listed with who they are of, and nothing that opens anything', async () => {
    const id = await world.begin();
    const { status, text, json, headers } = await world.call('GET', '/v1/sessions');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(json).toEqual({
      sessions: [
        {
          name: expect.stringMatching(/^[\w-]{43}$/),
          instance: 'web',
          provider: 'idp',
          user: { sub: 'alice', email: 'alice@example.com', name: 'Alice Adams', groups: ['staff', 'admins'] },
          sid: 'provider-session',
          created_at: expect.stringMatching(/^\d{4}-.*Z$/),
          last_seen_at: expect.stringMatching(/Z$/),
          ends_at: expect.stringMatching(/Z$/),
        },
      ],
      is_truncated: false,
      sealed_instances: ['sealed'],
    });
    expect(text).not.toContain('canary');
    expect(text).not.toContain(id.split('.')[1]);
  });

  it('are found by sub, by e-mail address without regard to case, and by sid; never by part of them', async () => {
    await world.begin();
    await world.begin(bob);
    expect(await namesFor('')).toEqual(['alice', 'bob']);
    expect(await namesFor('?user=bob')).toEqual(['bob']);
    expect(await namesFor('?user=BOB%40Example.com')).toEqual(['bob']);
    expect(await namesFor('?sid=bobs-session')).toEqual(['bob']);
    for (const query of ['?user=bo', '?user=BOB', '?user=*', '?sid=bob', '?sid=BOBS-session']) {
      expect(await namesFor(query)).toEqual([]);
    }
  });

  it('come in pieces: a limit in JSON, and as lines as many as there are', async () => {
    for (let number = 0; number < 130; number += 1) await world.begin({ subject: `user-${number}` });
    const some = await world.call('GET', '/v1/sessions?limit=7');
    expect([some.json.sessions.length, some.json.is_truncated]).toEqual([7, true]);
    const usual = await world.call('GET', '/v1/sessions');
    expect([usual.json.sessions.length, usual.json.is_truncated]).toEqual([100, true]);
    const exact = await world.call('GET', '/v1/sessions?limit=130');
    expect([exact.json.sessions.length, exact.json.is_truncated]).toEqual([130, false]);
    const headers = { accept: 'application/x-ndjson' };
    const all = await world.call('GET', '/v1/sessions', { headers });
    expect(all.headers.get('content-type')).toBe('application/x-ndjson');
    const subjects = all.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).user.sub);
    expect(new Set(subjects).size).toBe(130);
    expect((await world.call('GET', '/v1/sessions?limit=9', { headers })).text.trim().split('\n')).toHaveLength(9);
    expect((await world.call('GET', '/v1/sessions?limit=1001')).status).toBe(400);
  });

  it('are shown and ended by name', async () => {
    await world.begin();
    await world.begin(bob);
    const [first] = (await world.call('GET', '/v1/sessions?user=bob')).json.sessions;
    expect((await world.call('GET', `/v1/sessions/${first.name}`)).json).toEqual(first);
    expect((await world.call('DELETE', `/v1/sessions/${first.name}`)).json).toEqual({ ended: 1 });
    for (const method of ['GET', 'DELETE']) {
      const gone = await world.call(method, `/v1/sessions/${first.name}`);
      expect([gone.status, gone.json.error]).toEqual([404, 'not_found']);
    }
    expect(await namesFor('')).toEqual(['alice']);
  });

  it.each([
    ['?user=bob', 2, ['alice']],
    ['?user=bob%40example.com', 2, ['alice']],
    ['?sid=bobs-session', 2, ['alice']],
    ['?all=true', 3, []],
    ['?user=nobody', 0, ['alice', 'bob', 'bob']],
  ])('DELETE %s ends %d', async (query, ended, left) => {
    await world.begin();
    await world.begin(bob);
    await world.begin(bob);
    const answer = await world.call('DELETE', `/v1/sessions${query}`);
    expect([answer.status, answer.json]).toEqual([200, { ended, sealed_instances: ['sealed'] }]);
    expect(await namesFor('')).toEqual(left);
  });

  it('that an operator ended are in the log with their number, without the name of a user', async () => {
    await world.begin(bob);
    await world.call('DELETE', '/v1/sessions?user=bob');
    const [event] = world
      .logs()
      .filter(({ event: name }) => name === 'session_ended')
      .slice(-1);
    expect(event).toMatchObject({ outcome: 'admin', by: 'user', count: 1, level: 'info' });
    const text = JSON.stringify(world.logs());
    for (const word of ['bob', 'Bob@example.com', adminToken]) expect(text).not.toContain(word);
  });
});

describe('strict input', () => {
  it.each([
    ['GET', '/v1/sessions?usr=alice'],
    ['GET', '/v1/sessions?user='],
    ['GET', '/v1/sessions?user=a&user=b'],
    ['GET', '/v1/sessions?user=a&sid=b'],
    ['GET', '/v1/sessions?limit=0'],
    ['GET', '/v1/sessions?limit=ten'],
    ['DELETE', '/v1/sessions'],
    ['DELETE', '/v1/sessions?all=yes'],
    ['DELETE', '/v1/sessions?all=true&user=alice'],
    ['DELETE', '/v1/sessions?all=true&limit=1'],
    ['GET', '/v1/sessions/short'],
    ['DELETE', '/v1/sessions/*'],
  ])('%s %s is 400, and nothing happens', async (method, path) => {
    await world.begin();
    const answer = await world.call(method, path);
    expect([answer.status, answer.json.error]).toEqual([400, 'invalid_request']);
    expect(answer.json.error_description).toMatch(/\w/);
    expect(await namesFor('')).toEqual(['alice']);
  });

  it.each([
    ['no JSON', '{'],
    ['a list', []],
    ['nothing in it', {}],
    ['a relative URL', { method: 'GET', url: '/path' }],
    ['another member', { method: 'GET', url: 'https://app.example.com/', token: 'x' }],
    ['a header that is none', { method: 'GET', url: 'https://app.example.com/', headers: { 'a b': 'c' } }],
    ['a number for a header', { method: 'GET', url: 'https://app.example.com/', headers: { a: 1 } }],
    ['no method', { method: 'G T', url: 'https://app.example.com/' }],
    ['too much', { method: 'GET', url: `https://app.example.com/${'x'.repeat(300_000)}` }],
  ])('POST /v1/explain with %s is refused', async (_, body) => {
    const answer = await world.call('POST', '/v1/explain', { body });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.json.error).toBe('invalid_request');
  });

  it('knows no other paths and methods', async () => {
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/v1'],
      ['PUT', '/v1/sessions'],
      ['GET', '/metrics'],
    ] as const) {
      const answer = await world.call(method, path);
      expect([answer.status, answer.json.error]).toEqual([404, 'not_found']);
    }
  });
});

describe('GET /v1/config', () => {
  it('says what serves since when, and no secret', async () => {
    const { status, json, text } = await world.call('GET', '/v1/config');
    expect(status).toBe(200);
    expect(json).toEqual({
      version: expect.any(String),
      file: world.configFile,
      digest: expect.stringMatching(/^[\w-]{43}$/),
      loaded_at: expect.stringMatching(/Z$/),
      last_reload: null,
    });
    expect(text).not.toContain(adminToken);
  });
});

describe('guesses', () => {
  it('are bounded: after 30 wrong tokens none is looked at for a while', async () => {
    const other = await startAdminWorld();
    const statuses = new Set<number>();
    for (let guess = 0; guess < 60; guess += 1) {
      statuses.add((await other.call('GET', '/v1/config', { authorization: `Bearer guess-${guess}` })).status);
    }
    expect([...statuses]).toEqual([401, 429]);
    const locked = await other.call('GET', '/v1/config');
    expect([locked.status, locked.json.error, locked.headers.get('retry-after')]).toEqual([
      429,
      'too_many_requests',
      '60',
    ]);
    expect(other.logs().filter(({ outcome }) => String(outcome).startsWith('token_')).length).toBeLessThan(61);
  });
});
