import { beforeAll, describe, expect, it } from 'vitest';
import type { AgentAnswer, AgentClient } from '../support/agent-client.ts';
import { spaOrigin } from '../support/agent-world.ts';
import { agentWorlds, states } from '../support/agent-worlds.ts';
import { sendWay, waysIn } from './agent-checks.ts';

const worldOf = agentWorlds({ store: { state: 'store' }, sealed: { state: 'sealed' } });

/** One that has logged in, for all tests. */
const clients = new Map<string, AgentClient>();

beforeAll(async () => {
  for (const state of states) clients.set(state, await worldOf(state).logIn());
});

function of(state: (typeof states)[number]) {
  const client = clients.get(state);
  if (client === undefined) throw new Error(`no client: ${state}`);
  return { world: worldOf(state), client };
}

function expectInvalidRequest(answer: AgentAnswer): void {
  expect([answer.status, answer.json()['code']], answer.body).toEqual([400, 'invalid_request']);
  expect(answer.json()['message']).toEqual(expect.stringMatching(/\w{3}/));
  expect(answer.header('content-type')).toMatch(/^application\/json\b/);
  // What was sent is not said again.
  expect(answer.body.length).toBeLessThan(500);
  expect(answer.body).not.toMatch(/evil|mallory|<script|at \S+ \(|node:/);
}

const end = '/oauth-agent/login/end';
const json = (value: unknown) => JSON.stringify(value);
const deep = (open: string, close: string) => `${open.repeat(100_000)}1${close.repeat(100_000)}`;

// Bodies are read by the same code for both states.
describe('B6 the body of login/end', () => {
  const state = 'store';

  it.each<readonly [string, string]>([
    ['a foreign origin', json({ pageUrl: 'https://evil.example/callback?code=a&state=b' })],
    ['a sibling port', json({ pageUrl: 'http://127.0.0.1:5174/callback?code=a&state=b' })],
    ['a look-alike', json({ pageUrl: 'http://127.0.0.1:5173.evil.example/callback' })],
    ['user-info', json({ pageUrl: 'http://127.0.0.1:5173@evil.example/callback' })],
    ['another scheme', json({ pageUrl: 'https://127.0.0.1:5173/callback' })],
    ['a relative URL', json({ pageUrl: '/callback?code=a&state=b' })],
    ['a scheme-relative URL', json({ pageUrl: '//127.0.0.1:5173/callback?code=a&state=b' })],
    ['a script', json({ pageUrl: 'javascript:alert(1)' })],
    ['data', json({ pageUrl: 'data:text/html,mallory' })],
    ['blob', json({ pageUrl: `blob:${spaOrigin}/callback` })],
    ['no URL', json({ pageUrl: 'callback' })],
    ['an empty text', json({ pageUrl: '' })],
    ['an array', json({ pageUrl: [`${spaOrigin}/callback`] })],
    ['an object', json({ pageUrl: { href: `${spaOrigin}/callback` } })],
    ['a number', json({ pageUrl: 1 })],
    ['null', json({ pageUrl: null })],
    ['true', json({ pageUrl: true })],
    ['no member', json({})],
    ['another letter case', json({ PageUrl: `${spaOrigin}/callback` })],
    ['a list of bodies', json([{ pageUrl: `${spaOrigin}/callback` }])],
    ['a text alone', json(`${spaOrigin}/callback`)],
    ['null alone', 'null'],
    ['nothing', ''],
    ['no JSON', '{"pageUrl": "mallory'],
    ['HTML', '<script>mallory</script>'],
    ['a prototype', '{"__proto__": {"pageUrl": "http://127.0.0.1:5173/callback"}}'],
    ['a constructor', '{"constructor": {"prototype": {"pageUrl": "x"}}}'],
    ['2 MB', json({ pageUrl: `${spaOrigin}/callback?${'a'.repeat(2_000_000)}` })],
    ['2 MB of blanks', `${' '.repeat(2_000_000)}{}`],
    ['a hundred thousand arrays', deep('[', ']')],
    ['a hundred thousand objects', deep('{"a":', '}')],
    ['a hundred thousand arrays in pageUrl', `{"pageUrl":${deep('[', ']')}}`],
    ['characters that are no URL', '{"pageUrl":"\u00ff\ud800"}'],
  ])('%s: 400, and nothing is redeemed', async (_, body) => {
    const { world, client } = of(state);
    for (const who of [client, world.newClient()]) {
      const answer = await who.send(end, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
      expectInvalidRequest(answer);
      expect(answer.values('set-cookie')).toEqual([]);
    }
    expect(world.provider.count('token')).toBe(0);
    expect((await client.session()).json()['isLoggedIn']).toBe(true);
  });

  it.each<readonly [string, string]>([
    ['a foreign origin', `pageUrl=${encodeURIComponent('https://evil.example/callback?code=a&state=b')}`],
    ['twice', `pageUrl=${encodeURIComponent(`${spaOrigin}/`)}&pageUrl=${encodeURIComponent(`${spaOrigin}/`)}`],
    ['brackets', `pageUrl[]=${encodeURIComponent(`${spaOrigin}/`)}`],
    ['empty', 'pageUrl='],
    ['nothing', ''],
    ['another name', 'url=x'],
    ['a prototype', '__proto__[pageUrl]=x&__proto__=y'],
    ['2 MB', `pageUrl=${'a'.repeat(2_000_000)}`],
  ])('as a form, %s: 400', async (_, body) => {
    const { world, client } = of(state);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expectInvalidRequest(await client.send(end, { method: 'POST', body, headers }));
    expect(world.provider.count('token')).toBe(0);
  });

  it.each([
    undefined,
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/xml',
    'a',
    'application/json, text/x',
  ])('as %s: 400', async (type) => {
    const { client } = of(state);
    const body = json({ pageUrl: `${spaOrigin}/` });
    expectInvalidRequest(await client.send(end, { method: 'POST', body, headers: { 'content-type': type } }));
  });

  it('with further parameters beside the answer, doubled or empty: 400, and no token request', async () => {
    const { world } = of(state);
    const client = world.newClient();
    const started = await client.startLogin();
    const page = await client.followLogin(String(started.json()['authorizationRequestUrl']));
    const { searchParams } = new URL(page);
    world.provider.reset();
    for (const doubled of ['code', 'state', 'iss']) {
      expectInvalidRequest(await client.endLogin(`${page}&${doubled}=${searchParams.get(doubled)}`));
      expectInvalidRequest(await client.endLogin(`${page}&${doubled}=mallory`));
    }
    for (const emptied of ['code', 'state']) {
      const changed = new URL(page);
      changed.searchParams.set(emptied, '');
      expectInvalidRequest(await client.endLogin(changed.href));
    }
    expectInvalidRequest(await client.endLogin(`${page}&error=mallory`));
    expect(world.provider.count('token')).toBe(0);
    expect((await client.endLogin(page)).json()).toMatchObject({ handled: true, isLoggedIn: true });
  });
});

describe('B6 the body of login/start', () => {
  const state = 'sealed';
  const pairs = (value: unknown) => json({ extraParams: value });

  it.each<readonly [string, string]>([
    ['no list', pairs('mallory')],
    ['an object', pairs({ prompt: 'login' })],
    ['a list of texts', pairs(['prompt'])],
    ['a list of pairs', pairs([['prompt', 'login']])],
    ['a value that is no text', pairs([{ key: 'max_age', value: 3600 }])],
    ['a value that is a list', pairs([{ key: 'prompt', value: ['login'] }])],
    ['no value', pairs([{ key: 'prompt' }])],
    ['no key', pairs([{ value: 'login' }])],
    ['an empty key', pairs([{ key: '', value: 'x' }])],
    [
      'one key twice',
      pairs([
        { key: 'prompt', value: 'a' },
        { key: 'prompt', value: 'b' },
      ]),
    ],
    ['no JSON', '{'],
    ['no object', '[]'],
    ['a hundred thousand arrays', deep('[', ']')],
    ['2 MB', pairs([{ key: 'login_hint', value: 'a'.repeat(2_000_000) }])],
    ...[
      'client_id',
      'redirect_uri',
      'state',
      'nonce',
      'response_type',
      'response_mode',
      'scope',
      'request',
      'request_uri',
      'code_challenge',
      'code_challenge_method',
    ].map((key) => [`the reserved ${key}`, pairs([{ key, value: 'mallory' }])] as const),
  ])('%s: 400', async (_, body) => {
    const { client } = of(state);
    const headers = { 'content-type': 'application/json' };
    const answer = await client.send('/oauth-agent/login/start', { method: 'POST', body, headers });
    expectInvalidRequest(answer);
    expect(answer.values('set-cookie')).toEqual([]);
  });
});

describe.each(states)('B7 what bodies and headers say, state %s', (state) => {
  it('is never a token or a code, and never kept or guessed at: every endpoint, with a session and without', async () => {
    const { world } = of(state);
    const tokens: string[] = [];
    world.provider.edit('token', (body) => {
      for (const name of ['access_token', 'refresh_token', 'id_token']) tokens.push(String(body[name]));
      return body;
    });
    const client = world.newClient();
    const answers: AgentAnswer[] = [];
    const started = await client.startLogin();
    const page = await client.followLogin(String(started.json()['authorizationRequestUrl']));
    const code = new URL(page).searchParams.get('code') ?? '';
    answers.push(await client.endLogin(page));
    const refreshed = await client.refresh();
    expect([refreshed.status, tokens.length]).toEqual([204, 6]);
    answers.push(refreshed, await client.endLogin(page), await client.endLogin(`${spaOrigin}/`));
    answers.push(await client.userInfo(), await client.claims(), await client.session());
    const agentWays = waysIn.filter(({ of: part }) => part === 'agent');
    for (const way of agentWays.filter(({ method }) => method === 'GET')) {
      answers.push(await sendWay(client, { ...way, method: 'POST', body: '' }), await sendWay(world.newClient(), way));
    }
    for (const way of agentWays.filter(({ method }) => method === 'POST')) {
      answers.push(await sendWay(world.newClient(), { ...way, body: '{' }));
      answers.push(await sendWay(client, way, { headers: { origin: 'https://evil.example' } }));
    }
    answers.push(await client.send('/oauth-agent/nothing'), await client.send('/oauth-agent/'));
    const apiAnswers = [await client.api('/api/x'), await world.newClient().api('/api/x')];
    // The URL for the logout is where the ID token has to be: RP-Initiated Logout 1.0 §2 has it in `id_token_hint`.
    const loggedOut = await client.logout();
    expect(loggedOut.status).toBe(200);
    const { url, ...others } = loggedOut.json();
    expect(others).toEqual({});
    const hint = new URL(String(url)).searchParams.get('id_token_hint') ?? '';
    expect(tokens).toContain(hint);
    answers.push({ ...loggedOut, body: loggedOut.body.replace(hint, '') });

    for (const answer of [...answers, ...apiAnswers]) {
      const headers = ['set-cookie', 'location', 'link', 'www-authenticate', 'authorization'].map(answer.values);
      for (const secret of [...tokens, code]) {
        expect(answer.body).not.toContain(secret);
        expect(JSON.stringify(headers)).not.toContain(secret);
      }
    }
    for (const answer of answers) {
      expect(answer.values('cache-control').join()).toContain('no-store');
      expect(answer.values('x-content-type-options')).toEqual(['nosniff']);
      if (answer.body !== '') expect(answer.header('content-type')).toMatch(/^application\/json\b/);
    }
  });
});

describe('G3 a body that is larger than anybody waits for', () => {
  const huge = new Uint8Array(8 * 1024 * 1024 + 1);

  it.each([
    ['login/start', '/oauth-agent/login/start', {}],
    ['login/end from a page of another site', end, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['a path where nothing is', '/oauth-agent/nothing', {}],
    ['another type', '/oauth-agent/logout', { 'content-type': 'text/plain' }],
  ])('%s: the process lives, and goes on answering', async (_, path, headers) => {
    const { world, client } = of('store');
    const answer = await fetch(`${world.origin}${path}`, { method: 'POST', body: huge, headers }).catch(
      () => undefined,
    );
    // Whoever still sends may see the connection end before he sees the answer.
    expect([undefined, 400, 401, 403, 404, 503]).toContain(answer?.status);
    expect((await client.api('/api/x')).status).toBe(200);
    expect((await client.session()).json()).toMatchObject({ isLoggedIn: true });
  });
});
