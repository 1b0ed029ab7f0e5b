import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectNoSecretInLogs } from '../support/aftermath.ts';
import { type AgentAnswer, type AgentClient, createAgentClient } from '../support/agent-client.ts';
import { type AgentWorld, spaOrigin, startAgentWorld } from '../support/agent-world.ts';
import { createClient } from '../support/client.ts';
import { createCookieJar } from '../support/cookie-jar.ts';
import { until } from '../support/until.ts';
import type { SeenRequest } from './gate.ts';
import { alice, carol, type Person } from './people.ts';
import type { Subject } from './subject.ts';
import { holdBack, visit } from './visit.ts';

/** A provider whose access tokens end soon and whose refresh tokens are used once. */
export interface AgentSubject extends Subject {
  /** How long an access token lives, in seconds. */
  readonly lifetime: number;
  /** Settings of the provider with which the browser carries another authorization request. */
  readonly requests: Readonly<Record<string, AuthorizationRequestForm>>;
}

interface AuthorizationRequestForm {
  readonly settings: Readonly<Record<string, unknown>>;
  /** Parameters that the browser carries, in their order by name. */
  readonly carries: readonly string[];
}

const states = ['store', 'sealed'] as const;

type State = (typeof states)[number];

/** Registered as the other journeys have it. Nobody listens at the page's origin. */
const pages = {
  redirectUri: `${spaOrigin}/_auth/callback`,
  postLogoutRedirectUri: `${spaOrigin}/_auth/logout/callback`,
};

/**
 * What an application sees of a real provider through an OAuth agent, Envoy, two Sallyport processes and Redis, with
 * both states. Call it inside a `describe`.
 */
export function agentJourney(prepare: () => Promise<AgentSubject>): void {
  let subject: AgentSubject;
  let world: AgentWorld;

  beforeAll(async () => {
    subject = await prepare();
    world = await startAgentWorld({
      state: 'store',
      store: 'redis',
      replicas: 2,
      agent: pages,
      rules: [
        { path: { prefix: '/sealed' }, use: 'sealed' },
        { path: { prefix: '/store' }, use: 'store' },
      ],
      adjust: (config) => {
        const { maxSessionsPerUser: _, ...spa } = config['modes'].spa;
        const instance = (name: string) => ({ ...spa, basePath: `/${name}-agent`, cookie: { prefix: name } });
        config['providers'] = { test: subject.settings };
        config['modes'] = { store: instance('store'), sealed: { ...instance('sealed'), state: 'sealed' } };
        for (const [name, { settings }] of Object.entries(subject.requests)) {
          config['providers'][name] = { ...subject.settings, ...settings };
          config['modes'][name] = { ...instance(name), provider: name, state: 'sealed' };
        }
      },
    });
    await subject.register(spaOrigin);
  }, 240_000);
  afterEach(() => {
    subject.gate.answer(subject.tokenPath, undefined);
    subject.gate.open();
    world.upstream.clear();
  });
  afterAll(async () => {
    expectNoSecretInLogs(world);
    await Promise.all([...world.replicas.map((replica) => replica.stop()), world.envoy.stop(), world.provider.stop()]);
    await Promise.all([world.redis?.stop(), world.upstream.stop()]);
  });

  const placeOf = (name: string) => ({ ...world, ...pages, basePath: `/${name}-agent`, cookiePrefix: name });

  /** A browser at the provider, and the page with the answer that came of it; nobody has used it. */
  async function answered(client: AgentClient, browser = createClient(), person: Person = alice): Promise<string> {
    const started = await client.startLogin();
    expect(started.status, started.body).toBe(200);
    const held = holdBack(browser, spaOrigin);
    const shown = await visit(held.client, String(started.json()['authorizationRequestUrl']));
    const answer = person === carol ? subject.decline : subject.logIn;
    return (await answer(held.client, shown, person)).url;
  }

  async function loggedIn(name: string, browser = createClient()): Promise<AgentClient> {
    const client = createAgentClient(placeOf(name), createCookieJar(), browser);
    const ended = await client.endLogin(await answered(client, browser));
    expect(ended.json(), ended.body).toMatchObject({ handled: true, isLoggedIn: true });
    subject.gate.forget();
    world.upstream.clear();
    return client;
  }

  /** Only a real clock ends the token of a real provider. It is of whole seconds, here and there. */
  async function tokenHasEnded(): Promise<void> {
    const end = Date.now() + subject.lifetime * 1000 + 1000;
    await until('the token has ended', () => Date.now() > end, { everyMs: 100 });
  }

  function refreshes(): readonly SeenRequest[] {
    return subject.gate.seen(subject.tokenPath).filter(({ form }) => form.get('grant_type') === 'refresh_token');
  }

  /** Whether the provider itself takes what an API got last. */
  async function statusOfToken(): Promise<number> {
    const authorization = world.upstream.requests.at(-1)?.values('authorization').join() ?? '';
    return (await fetch(`${subject.gate.origin}${subject.userinfoPath}`, { headers: { authorization } })).status;
  }

  const codeOf = (answer: AgentAnswer) => [answer.status, answer.json()['code']];

  describe.each(states)('an OAuth agent, state %s', (state: State) => {
    it('logs in, says who it is, and has a token for the API that the provider takes', async () => {
      const client = await loggedIn(state);
      expect((await client.claims()).json()).toMatchObject({ sub: expect.any(String), name: 'Alice Adams' });
      const { sub } = (await client.claims()).json();
      expect((await client.userInfo()).json()).toMatchObject({ sub, email: alice.email });
      expect((await client.session()).json()).toMatchObject({ isLoggedIn: true, sub });
      expect((await client.api(`/${state}/orders`, { method: 'POST' })).status).toBe(200);
      expect(await statusOfToken()).toBe(200);
    });

    it('goes on after the token has ended, in two tabs, though a refresh token is used once', async () => {
      const client = await loggedIn(state);
      const tabs = [client, client.tab()];
      for (const tab of tabs) await tab.endLogin(`${spaOrigin}/`);
      await tokenHasEnded();
      if (state === 'sealed') {
        expect((await client.api('/sealed/x')).status).toBe(401);
        expect(codeOf(await client.userInfo())).toEqual([401, 'token_expired']);
        for (const tab of tabs) expect((await tab.refresh()).status).toBe(204);
      }
      const calls = tabs.flatMap((tab) => Array.from({ length: 5 }, () => tab.api(`/${state}/x`, { method: 'POST' })));
      expect(new Set((await Promise.all(calls)).map(({ status }) => status))).toEqual(new Set([200]));
      if (state === 'store') expect(refreshes().length).toBe(1);
      expect(await statusOfToken()).toBe(200);
      expect((await client.userInfo()).status).toBe(200);
      expect((await client.claims()).json()).toMatchObject({ sub: expect.any(String) });
    });

    it('keeps the session while the provider is away, and goes on when it is back', async () => {
      const client = await loggedIn(state);
      const page = await answered(createAgentClient(placeOf(state)));
      await tokenHasEnded();
      subject.gate.shut();
      expect(codeOf(await client.refresh())).toEqual([502, 'authorization_server_error']);
      expect((await client.endLogin(page)).json()).toMatchObject({ handled: false, isLoggedIn: true });
      expect((await client.session()).json()).toMatchObject({ isLoggedIn: true });
      subject.gate.open();
      await until('the provider is asked again', async () => (await client.refresh()).status === 204);
      expect((await client.api(`/${state}/x`)).status).toBe(200);
    });

    it('logs out here and there: the provider asks for the password again, or is never told', async () => {
      const browser = createClient();
      const client = await loggedIn(state, browser);
      const copy = client.fork();
      const { url } = (await client.logout()).json();
      expect((await client.session()).json()).toEqual({ isLoggedIn: false });
      const held = holdBack(browser, spaOrigin);
      const shown = String(url).startsWith(spaOrigin) ? undefined : await visit(held.client, String(url));
      expect(shown !== undefined).toBe(subject.does.endItsSession);
      if (shown !== undefined) {
        expect((await subject.logOut(held.client, shown)).url).toMatch(`${pages.postLogoutRedirectUri}`);
      }
      const started = await client.startLogin();
      const asked = await visit(held.client, String(started.json()['authorizationRequestUrl']));
      expect(/type="?password/.test(asked.body)).toBe(subject.does.endItsSession);
      if (state === 'store') expect(codeOf(await copy.refresh())).toEqual([401, 'session_expired']);
    });

    it('passes on that the user said no', async () => {
      const client = createAgentClient(placeOf(state));
      const page = await answered(client, createClient(), carol);
      expect(codeOf(await client.endLogin(page))).toEqual([400, 'access_denied']);
      expect((await client.session()).json()).toEqual({ isLoggedIn: false });
    });
  });

  describe('an OAuth agent’s authorization requests', () => {
    it('carry what the provider’s settings say: as they are, pushed (RFC 9126), signed (RFC 9101)', async () => {
      for (const [name, { carries }] of Object.entries(subject.requests)) {
        const client = createAgentClient(placeOf(name));
        const started = await client.startLogin([{ key: 'ui_locales', value: 'en' }]);
        const url = new URL(String(started.json()['authorizationRequestUrl']));
        expect([name, [...url.searchParams.keys()].sort()]).toEqual([name, carries]);
        await loggedIn(name);
      }
    });
  });
}
