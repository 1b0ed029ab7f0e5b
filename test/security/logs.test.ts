// More than 300 lines: one world, one journey and its failures, searched for one set of canaries.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { type Answer, type ClientRequest, createClient, type TestClient } from '../support/client.ts';
import { callbackUrlOf } from '../support/login-steps.ts';
import { ownClientSecret, ownIssuer, passwords } from '../support/own-issuer.ts';
import type { Handler } from '../support/provider.ts';
import { rawGet, sendRaw } from '../support/raw-http.ts';
import { noteSecret, seenSecrets } from '../support/seen-secrets.ts';
import { until } from '../support/until.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;

beforeAll(async () => {
  const issuer = await ownIssuer();
  noteSecret(ownClientSecret);
  world = await startWorld({
    store: 'redis',
    adjust: (config) => {
      const external = config['providers'].test;
      issuer(config);
      // Two instances: one with the provider that misbehaves, one with our own issuer.
      config['providers'].own = config['providers'].test;
      config['providers'].test = external;
      config['modes'].idp.clients[0].redirectUris = [`${config['origins'][0]}/_own/callback`];
      config['modes'].own = { mode: 'session', provider: 'own', basePath: '/_own', cookie: { name: 'own' } };
      config['rules'].unshift({ path: { prefix: '/own' }, use: 'own' });
      config['log'].level = 'debug';
      config['envoy'].accessLog = true;
    },
  });
});

afterEach(async () => {
  await until('the replica is ready', async () => (await fetch(`${world.replicas[0]?.opsUrl}/readyz`)).ok);
  await allIsWritten();
  // Looks for every secret that the provider, the cookies and the test have seen, in the output of every process.
  await expectHealthy(world);
});

/** Resolves when the line of an event that happens now is here, and so are all lines before it. */
async function allIsWritten(): Promise<void> {
  const from = logLength();
  await createClient().open(`${world.origin}/_auth/callback`);
  await until('the log is here', () => eventsSince(from).includes('login_failed'));
  const page = `/public/${crypto.randomUUID()}`;
  await createClient().open(`${world.origin}${page}`);
  await until('the access log is here', () => world.envoy.output().includes(page));
}

/** Events of Sallyport since `from`, an earlier length of its log. */
function eventsSince(from: number): readonly unknown[] {
  return (world.replicas[0]?.logs() ?? []).slice(from).map(({ event }) => event);
}

function logLength(): number {
  return world.replicas[0]?.logs().length ?? 0;
}

/** Follows redirects and remembers what their URLs carry. */
async function travel(client: TestClient, url: string, request: ClientRequest = {}): Promise<Answer & { url: string }> {
  let at = url;
  let answer = await client.open(at, request);
  for (let hops = 0; hops < 20 && answer.header('location') !== undefined; hops += 1) {
    at = new URL(answer.header('location') ?? '', at).href;
    for (const name of ['code', 'state', 'nonce', 'id_token_hint']) noteSecret(new URL(at).searchParams.get(name));
    answer = await client.open(at);
  }
  return { ...answer, url: at };
}

/** Answers with whatever the token request said, which holds the code, the verifier and the client's secret. */
function echo(status: number, write: (request: string) => string): Handler {
  return (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      for (const value of new URLSearchParams(body).values()) noteSecret(value);
      const basic = request.headers.authorization ?? '';
      noteSecret(basic.slice('Basic '.length));
      response.writeHead(status, { 'content-type': 'application/json' }).end(write(`${body} ${basic}`));
    });
  };
}

describe('G8 no secret is written at any level, by any process', () => {
  it('of a login, a visit, userinfo and a logout', async () => {
    const from = logLength();
    const client = createClient();
    expect((await travel(client, `${world.origin}/app?access_token=canary-in-a-query-1234`)).status).toBe(200);
    noteSecret('canary-in-a-query-1234');
    noteSecret(world.upstream.requests[0]?.values('authorization')[0]?.slice('Bearer '.length));
    expect((await client.send(`${world.origin}/_auth/userinfo`)).status).toBe(200);
    const headers = { origin: world.origin };
    await travel(client, `${world.origin}/_auth/logout`, { method: 'POST', headers });
    await allIsWritten();
    expect(eventsSince(from)).toEqual(['login_started', 'login_completed', 'session_ended', 'login_failed']);
    // Code, verifier, state, nonce, tokens, both cookies: the test would look for nothing otherwise.
    expect(seenSecrets().size).toBeGreaterThan(8);
  });

  it.each<[string, Handler]>([
    ['an error of the server, with the request in it', echo(500, (request) => request)],
    [
      'a refusal, with the request in it',
      echo(400, (request) => JSON.stringify({ error: 'invalid_grant', error_description: request })),
    ],
    ['a refusal whose code is the request', echo(400, (request) => JSON.stringify({ error: request }))],
    // Short enough to be quoted whole by whoever cannot parse it.
    ['a token alone', echo(200, () => 'canary-token-12345')],
    ['no JSON, but a token', echo(200, () => 'access_token=canary-token-0123456789abcdef')],
    [
      'tokens of wrong types',
      echo(200, () => '{"access_token":["canary-token-0123456789abcdef"],"token_type":"bearer"}'),
    ],
    [
      'tokens without a valid ID token',
      echo(
        200,
        () =>
          '{"access_token":"canary-token-0123456789abcdef","token_type":"bearer","id_token":"eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ."}',
      ),
    ],
  ])('of a login whose token endpoint answers %s', async (_, handler) => {
    noteSecret('canary-token-12345');
    noteSecret('canary-token-0123456789abcdef');
    noteSecret('eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ');
    world.provider.answer('token', handler);
    const from = logLength();
    const answer = await travel(createClient(), `${world.origin}/app`);
    expect([400, 503]).toContain(answer.status);
    for (const secret of seenSecrets()) expect(answer.body).not.toContain(secret);
    await until('the failure is logged', () => eventsSince(from).includes('login_failed'));
  });

  it('of callbacks that were made up', async () => {
    const client = createClient();
    const genuine = await callbackUrlOf(client, world.origin, '/app');
    const { searchParams } = new URL(genuine);
    for (const value of searchParams.values()) noteSecret(value);
    const [code, state] = [searchParams.get('code') ?? '', searchParams.get('state') ?? ''];
    const made = [
      'code=canary-code-0123456789&state=canary-state-0123456789',
      `code=${code}&state=${state.slice(0, -4)}AAAA`,
      `code=${code}&state=${state}&state=${state}`,
      `code=${code}`,
      'error=canary-error-0123456789&error_description=canary-description-0123456789&state=canary-state-0123456789',
    ];
    for (const name of ['code', 'state', 'error', 'description']) noteSecret(`canary-${name}-0123456789`);
    const from = logLength();
    for (const query of made) {
      expect((await client.open(`${world.origin}/_auth/callback?${query}`)).status).toBe(400);
    }
    await until('all are logged', () => eventsSince(from).length === made.length);
    expect(eventsSince(from)).toEqual(made.map(() => 'login_failed'));
  });

  it('of a login and of a visit during an outage of Redis', async () => {
    const [alice, bob] = [await world.logIn('/app'), createClient()];
    const callback = await callbackUrlOf(bob, world.origin, '/app');
    for (const value of new URL(callback).searchParams.values()) noteSecret(value);
    const from = logLength();
    await world.redis?.stop();
    try {
      await until('it is noticed', async () => (await alice.open(`${world.origin}/app`)).status === 503);
      expect((await bob.open(callback)).status).toBe(503);
      const headers = { origin: world.origin };
      expect((await alice.open(`${world.origin}/_auth/logout`, { method: 'POST', headers })).status).toBe(503);
      await until('the outage is logged', () => eventsSince(from).includes('store_unavailable'));
    } finally {
      await world.redis?.start();
    }
  });

  it('that a client sends in headers, cookies and query', async () => {
    const canaries = ['bearer', 'basic', 'proxy', 'session', 'other', 'query'].map(
      (name) => `canary-${name}-0123456789`,
    );
    for (const canary of canaries) noteSecret(canary);
    const [bearer, basic, proxy, session, other, query] = canaries;
    for (const path of [
      '/app',
      '/public',
      '/denied',
      '/_auth/userinfo',
      '/_auth/callback',
      '/app/a;b',
      '/oauth2/userinfo',
    ]) {
      for (const authorization of [`Bearer ${bearer}`, `Basic ${basic}`]) {
        await createClient().open(`${world.origin}${path}?id_token_hint=${query}`, {
          headers: {
            authorization,
            'proxy-authorization': `Basic ${proxy}`,
            cookie: `__Host-sallyport=${session}; __Host-own=${session}; application=${other}`,
          },
        });
      }
    }
  });

  it('of our own issuer: passwords, codes, tokens, and what it is asked with', async () => {
    const client = createClient();
    const from = logLength();
    const form = (fields: Readonly<Record<string, string>>): ClientRequest => ({
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams(fields).toString(),
    });
    const wrong = 'canary-wrong-password-0123';
    noteSecret(wrong);
    const login = await travel(client, `${world.origin}/own/page`);
    expect((await client.open(login.url, form({ username: 'alice', password: wrong }))).status).toBe(400);
    const consent = await travel(client, login.url, form({ username: 'alice', password: passwords.alice }));
    const landed = await travel(client, consent.url, form({ decision: 'allow' }));
    expect(`${landed.status} ${landed.url}`).toBe(`200 ${world.origin}/own/page`);
    noteSecret(world.upstream.requests[0]?.values('authorization')[0]?.slice('Bearer '.length));
    await allIsWritten();
    // The token endpoint, asked by a stranger with secrets of his own.
    await client.open(
      `${world.origin}/oauth2/token`,
      form({ grant_type: 'authorization_code', code: wrong, client_id: 'application', client_secret: wrong }),
    );
    expect(eventsSince(from)).toEqual(
      expect.arrayContaining([
        'issuer_login_failed',
        'issuer_login_succeeded',
        'issuer_consent_given',
        'login_completed',
      ]),
    );
    expect(world.replicas[0]?.output()).not.toContain(passwords.alice);
  });
});

/** Breaks a line, colours, clears and turns round a terminal, and looks like an event of ours. */
const nasty = '\r\n{"event":"forged"}\n\u001b[2J\u001b[31m\u0000\u0007\u007f\u0085\u009b31m\u2028\u2029\u202e\u2066';

describe('G9 nothing that comes from outside can write a log line', () => {
  it.each<[string, () => Promise<unknown>]>([
    [
      'error= of a callback',
      async () => {
        world.provider.editCallback((url) => {
          url.searchParams.delete('code');
          url.searchParams.set('error', `access_denied${nasty}`);
          url.searchParams.set('error_description', nasty);
        });
        return await travel(createClient(), `${world.origin}/app`);
      },
    ],
    [
      'the error of a token endpoint',
      async () => {
        world.provider.answer(
          'token',
          echo(400, () => JSON.stringify({ error: nasty, error_description: nasty })),
        );
        return await travel(createClient(), `${world.origin}/app`);
      },
    ],
    [
      'the metadata and headers of a provider',
      async () => {
        world.provider.answer('token', (_, response) =>
          response
            .writeHead(401, { 'www-authenticate': 'Bearer error="\u009b31m{\\"event\\":\\"forged\\"}"' })
            .end(nasty),
        );
        return await travel(createClient(), `${world.origin}/app`);
      },
    ],
    [
      'an answer of a token endpoint that is no JSON',
      async () => {
        world.provider.answer(
          'token',
          echo(200, () => nasty),
        );
        return await travel(createClient(), `${world.origin}/app`);
      },
    ],
    [
      'the claims of a user',
      async () => {
        world.provider.logInAs(`sub${nasty}`, { name: nasty, email: nasty, groups: [nasty] });
        await travel(createClient(), `${world.origin}/admins`);
      },
    ],
    [
      'a path, a host and a user agent',
      async () => {
        const spelled = encodeURIComponent(nasty);
        const lines = [
          `User-Agent: ${Buffer.from('\u2028\u009b31m{"event":"forged"}').toString('latin1')}`,
          'Accept: text/html',
        ];
        for (const path of ['/app', '/denied', '/public', '/_auth/callback', '/_auth/nothing', '/oauth2/authorize']) {
          await sendRaw(
            world.port,
            rawGet(`${path}/${spelled}?error=${spelled}&client_id=${spelled}`, world.host, lines),
          );
          await sendRaw(
            world.port,
            rawGet(`${path}?error=${spelled}&client_id=${spelled}&state=${spelled}`, world.host, lines),
          );
          await sendRaw(world.port, rawGet(path, '{"event":"forged"}', lines));
        }
        await until('the access log has them', () => world.envoy.output().includes('forged'));
      },
    ],
    [
      'the user name of a login at our issuer',
      async () => {
        const client = createClient();
        const login = await travel(client, `${world.origin}/own/page`);
        return await client.open(login.url, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
          body: new URLSearchParams({ username: nasty, password: nasty }).toString(),
        });
      },
    ],
  ])('%s', async (_, act) => {
    await act();
    await allIsWritten();
    expectSoundLines(world.replicas[0]?.output() ?? '', isEveryLine);
    // Envoy writes warnings of its own between the lines of its access log.
    expectSoundLines(world.envoy.output(), (line) => line.startsWith('{'));
  });
});

const isEveryLine = (line: string) => line !== '';

function expectSoundLines(output: string, isOurs: (line: string) => boolean): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(output).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
  const lines = output.split('\n').filter(isOurs);
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(JSON.parse(line)).not.toHaveProperty('event', 'forged');
}
