import { beforeEach, describe, expect, it } from 'vitest';
import {
  type AgentSettingsInput,
  type AgentStates,
  agentStates,
  keepAll,
  sharedKeyReference,
} from '../../../test/support/agent-states.ts';
import { type CookieJar, createCookieJar } from '../../../test/support/cookie-jar.ts';
import { httpRequest } from '../../../test/support/http-request.ts';
import { agentEndpoints } from './endpoints.ts';
import { answerEndpoint } from './gate.ts';
import type { AgentRuntime } from './runtime.ts';

const page = 'https://app.example.com';

let states: AgentStates;
let jar: CookieJar;
beforeEach(() => {
  states = agentStates();
  jar = createCookieJar();
});

interface Answer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
  /** Set-Cookie values. */
  readonly lines: readonly string[];
}

/** What the browser with this jar is answered; it keeps the cookies. */
async function ask(agent: AgentRuntime, name: string, body?: object, more: { csrf?: unknown; host?: string } = {}) {
  const endpoint = agentEndpoints(agent).find((each) => each.name === name);
  if (endpoint === undefined) throw new Error(`no endpoint: ${name}`);
  const target = `${agent.settings.basePath}${agent.settings.endpoints[endpoint.name]}`;
  const request = httpRequest({
    method: endpoint.method,
    authority: more.host ?? 'api.app.example.com',
    target,
    headers: {
      origin: page,
      cookie: jar.headerFor(target),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(typeof more.csrf === 'string' ? { 'x-example-csrf': more.csrf } : {}),
    },
  });
  const bytes = Buffer.from(body === undefined ? '' : JSON.stringify(body));
  const reply = await answerEndpoint(endpoint, { request, origin: page, body: bytes }, agent);
  const lines = reply.headers.filter(([header]) => header === 'set-cookie').map(([, value]) => value);
  keepAll(jar, lines);
  const json = typeof reply.body === 'string' && reply.body !== '' ? JSON.parse(reply.body) : {};
  const answer: Answer = { status: reply.status, json, lines };
  return answer;
}

async function logIn(agent: AgentRuntime): Promise<Answer> {
  const { json } = await ask(agent, 'loginStart');
  const pageUrl = `${page}/callback?${states.provider.approve(String(json['authorizationRequestUrl']))}`;
  const answer = await ask(agent, 'loginEnd', { pageUrl });
  expect([answer.status, answer.json['handled']]).toEqual([200, true]);
  return answer;
}

/** The page is loaded: what the application asks first. */
const load = (agent: AgentRuntime) => ask(agent, 'loginEnd', { pageUrl: `${page}/` });

/** Agents before and after a change of their settings, on the same keys and the same store. */
const changes: readonly (readonly [what: string, before: AgentSettingsInput, after: AgentSettingsInput])[] = [
  ['a domain', {}, { cookie: { domain: 'example.com' } }],
  ['no domain any more', { cookie: { domain: 'example.com' } }, {}],
  ['a smaller domain', { cookie: { domain: 'example.com' } }, { cookie: { domain: 'app.example.com' } }],
  ['a larger domain', { cookie: { domain: 'api.app.example.com' } }, { cookie: { domain: 'app.example.com' } }],
  [
    'another path',
    { basePath: '/bff/shop', cookie: { basePath: '/bff' } },
    { basePath: '/bff/shop', cookie: { basePath: '/bff/shop' } },
  ],
];

const withState = (state: 'store' | 'sealed', settings: AgentSettingsInput): AgentSettingsInput => ({
  ...settings,
  state,
  cookie: { ...settings.cookie, hostOnly: false },
});

describe.each(['store', 'sealed'] as const)('after a change of the settings, state %s', (state) => {
  it.each(changes)('a login holds for the next request: %s', async (_what, before, after) => {
    await logIn(states.agent(withState(state, before)));
    const agent = states.agent(withState(state, after));
    const { csrf } = (await logIn(agent)).json;
    expect((await ask(agent, 'session')).json).toMatchObject({ isLoggedIn: true });
    expect((await load(agent)).json).toEqual({ handled: false, isLoggedIn: true, csrf });
    expect((await ask(agent, 'refresh', undefined, { csrf })).status).toBe(204);
    expect((await ask(agent, 'logout', undefined, { csrf })).status).toBe(200);
    expect(jar.all().filter(({ name }) => name !== 'example-out')).toEqual([]);
  });

  it.each(changes)(
    'a session of before keeps nobody out for longer than one answer: %s',
    async (_what, before, after) => {
      await logIn(states.agent(withState(state, before)));
      const old = jar.copy();
      jar = createCookieJar();
      const agent = states.agent(withState(state, after));
      const { csrf } = (await logIn(agent)).json;
      // As if both had been set, and no answer had deleted any.
      const lines = jar.all().map(({ line }) => line);
      jar = old;
      keepAll(jar, lines);
      await ask(agent, 'refresh', undefined, { csrf });
      expect((await load(agent)).json).toEqual({ handled: false, isLoggedIn: true, csrf });
      expect((await ask(agent, 'refresh', undefined, { csrf })).status).toBe(204);
    },
  );
});

describe('one of our names more than once', () => {
  it.each(['store', 'sealed'] as const)(
    'is no session, and is one again with the next request, state %s',
    async (state) => {
      const agent = states.agent({ state, cookie: { hostOnly: false } });
      const { csrf } = (await logIn(agent)).json;
      const calls = [
        () => ask(agent, 'session'),
        () => load(agent),
        () => ask(agent, 'claims'),
        () => ask(agent, 'refresh', undefined, { csrf }),
      ];
      for (const strays of [
        ['example-at=evil; Domain=example.com; Path=/'],
        ['example-at=; Path=/oauth-agent'],
        ['example-at=evil; Domain=api.app.example.com; Path=/', 'example-at.1=evil; Domain=example.com; Path=/'],
      ]) {
        for (const call of calls) {
          keepAll(jar, strays);
          const first = await call();
          expect(first.json['isLoggedIn'] ?? first.status).toBe(first.status === 401 ? 401 : false);
          const second = await call();
          expect(second.json['isLoggedIn'] ?? second.status < 300).toBe(true);
          expect(second.lines.filter((line) => line.endsWith('Max-Age=0') && line.includes('Domain='))).toEqual([]);
        }
      }
    },
  );

  it('gives the page a CSRF token that the next request repeats', async () => {
    const agent = states.agent();
    await logIn(agent);
    jar.keep('example-csrf=evil; Domain=example.com; Path=/');
    const { isLoggedIn, csrf } = (await load(agent)).json;
    expect([isLoggedIn, (await ask(agent, 'refresh', undefined, { csrf })).status]).toEqual([true, 204]);
  });

  it('begins a login that can be finished', async () => {
    const agent = states.agent();
    jar.keep('example-login=evil; Domain=example.com; Path=/');
    jar.keep('example-login=evil; Path=/oauth-agent/login');
    await logIn(agent);
  });

  it('never has an answer with more headers than Envoy takes', async () => {
    const deep = '/a/b/c/d/e/f/g/h';
    const agent = states.agent({ state: 'sealed', basePath: deep, version1: { key: sharedKeyReference } });
    const csrf = 'evil';
    for (const name of agent.state.cookieNames) {
      for (const path of ['/', '/a', '/a/b']) jar.keep(`${name}=evil; Path=${path}`);
    }
    const { lines } = await ask(agent, 'logout', undefined, { csrf, host: 'a.b.c.d.e.f.g.example.com' });
    expect(lines).toHaveLength(48);
    expect(lines.every((line) => line.endsWith('; Max-Age=0'))).toBe(true);
  });
});

describe('an ordinary answer', () => {
  it.each(['store', 'sealed'] as const)('deletes nothing anywhere else, state %s', async (state) => {
    const agent = states.agent({ state, cookie: { hostOnly: false } });
    const first = await logIn(agent);
    const { csrf } = first.json;
    const others = [await load(agent), await ask(agent, 'refresh', undefined, { csrf }), await ask(agent, 'session')];
    const last = await ask(agent, 'logout', undefined, { csrf });
    expect([first, ...others, last].flatMap(({ lines }) => lines).filter((line) => line.includes('Domain='))).toEqual(
      [],
    );
  });

  it('of names that no other host can set neither, whatever came', async () => {
    const agent = states.agent({ cookie: {} });
    jar.keep('example-at=evil; Domain=example.com; Path=/');
    const { lines } = await logIn(agent);
    expect(lines.filter((line) => !line.startsWith('__Host-') || line.includes('Domain='))).toEqual([]);
    expect((await ask(agent, 'session')).json).toMatchObject({ isLoggedIn: true });
  });

  it.each(['127.0.0.1:8080', '[::1]:8080', 'localhost', 'intranet:8443'])(
    'has no domains where the host has none: %s',
    async (host) => {
      const agent = states.agent();
      jar.keep('example-at=evil; Path=/');
      jar.keep('example-at=evil; Path=/oauth-agent');
      const { lines } = await ask(agent, 'session', undefined, { host });
      expect(lines).toContain('example-at=; Path=/oauth-agent; HttpOnly; SameSite=Strict; Secure; Max-Age=0');
      expect(lines.filter((line) => line.includes('Domain='))).toEqual([]);
    },
  );
});
