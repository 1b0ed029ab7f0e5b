import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { expectNoSecretInLogs } from '../support/aftermath.ts';
import { createClient, type TestClient } from '../support/client.ts';
import { until } from '../support/until.ts';
import type { SeenRequest } from './gate.ts';
import { type JourneyWorld, logged, startJourneyWorld } from './journey-world.ts';
import { alice, bob } from './people.ts';
import type { RefreshSubject } from './refresh-subject.ts';
import { visit } from './visit.ts';

/**
 * What happens to tokens of a provider that end soon, through Envoy, two Sallyport processes and Redis. Call it inside a
 * `describe`.
 */
export function refreshJourney(prepare: () => Promise<RefreshSubject>): void {
  let subject: RefreshSubject;
  let world: JourneyWorld;

  beforeAll(async () => {
    subject = await prepare();
    world = await startJourneyWorld(subject);
  }, 240_000);
  afterEach(() => {
    subject.gate.answer(subject.tokenPath, undefined);
    subject.gate.open();
  });
  afterAll(async () => {
    expectNoSecretInLogs(world);
    await Promise.all([...world.replicas.map((replica) => replica.stop()), world.envoy.stop(), world.provider.stop()]);
    await Promise.all([world.redis?.stop(), world.upstream.stop()]);
  });

  /** Token requests with a refresh token, oldest first, since the gate forgot. */
  function refreshes(): readonly SeenRequest[] {
    return subject.gate.seen(subject.tokenPath).filter(({ form }) => form.get('grant_type') === 'refresh_token');
  }

  /** Logged in, and nothing of it is remembered at the gate or the workload. */
  async function arrived(person = alice): Promise<TestClient> {
    const client = createClient();
    expect((await world.arrive(client, '/', person)).status).toBe(200);
    subject.gate.forget();
    world.upstream.clear();
    return client;
  }

  /** Only a real clock ends the token of a real provider. It is of whole seconds, here and there. */
  async function tokenHasEnded(): Promise<void> {
    const end = Date.now() + subject.refreshes.lifetime * 1000 + 1000;
    await until('the token has ended', () => Date.now() > end, { everyMs: 100 });
  }

  /** Statuses of so many pages at once, each once. */
  async function pages(client: TestClient, count: number): Promise<readonly number[]> {
    const answers = await Promise.all(Array.from({ length: count }, () => client.send(`${world.origin}/page`)));
    return [...new Set(answers.map(({ status }) => status))];
  }

  /** Access tokens that the workload got, in the order in which each came first. */
  function tokens(): readonly string[] {
    return [...new Set(world.upstream.requests.map((request) => request.values('authorization').join()))];
  }

  async function statusOfToken(authorization: string): Promise<number> {
    return (await fetch(`${subject.gate.origin}${subject.userinfoPath}`, { headers: { authorization } })).status;
  }

  /** What the provider said to a token request; status and error. */
  function answerTo({ answer }: SeenRequest): string {
    const { error } = JSON.parse(String(answer?.body)) as { readonly error?: string }; // RFC 6749 §5
    return said(answer?.status, error);
  }

  /** Sends a token request once more, with another refresh token in it if there is one; status and error. */
  async function redeem({ target, headers, form }: SeenRequest, refreshToken?: string): Promise<string> {
    const body = new URLSearchParams(form);
    if (refreshToken !== undefined) body.set('refresh_token', refreshToken);
    const { authorization } = headers;
    const answer = await fetch(`${subject.gate.origin}${target}`, {
      method: 'POST',
      headers: { accept: 'application/json', ...(authorization === undefined ? {} : { authorization }) },
      body,
    });
    const { error } = (await answer.json()) as { readonly error?: string }; // RFC 6749 §5
    return said(answer.status, error);
  }

  it('has another token for the workload before the old one ends, without a request that waits for it or fails', async () => {
    const client = await arrived();
    await until('two refreshes are over', async () => {
      expect(await pages(client, 6)).toEqual([200]);
      return refreshes().filter(({ answer }) => answer !== undefined).length >= 2;
    });
    const sent = refreshes().map(({ form }) => form.get('refresh_token'));
    // Each expiry is one request, over both processes.
    expect(new Set(sent).size).toBe(sent.length);
    await until('the workload has a third token', async () => {
      expect(await pages(client, 1)).toEqual([200]);
      return tokens().length > 2;
    });
    expect(await statusOfToken(tokens().at(-1) ?? '')).toBe(200);
  });

  it('holds all requests for one refresh when the token has ended, and none goes on with the old token (F2, F4)', async () => {
    const client = await arrived();
    await pages(client, 1);
    const [old = ''] = tokens();
    await tokenHasEnded();
    world.upstream.clear();
    expect(await pages(client, 30)).toEqual([200]);
    expect(refreshes().length).toBe(1);
    expect(tokens().length).toBe(1);
    expect(tokens()).not.toContain(old);
    expect(await statusOfToken(tokens()[0] ?? '')).toBe(200);
  });

  it('tells the workload what has changed about the user, where the provider tells it with a refresh', async () => {
    const client = await arrived(bob);
    const { rename } = subject;
    await rename?.(bob, 'Robert');
    await tokenHasEnded();
    expect(await pages(client, 1)).toEqual([200]);
    expect(refreshes().length).toBe(1);
    const name = rename === undefined ? 'Bob Brown' : 'Robert Brown';
    expect(world.upstream.requests.at(-1)?.values('x-auth-request-name')).toEqual([name]);
  });

  it('asks a provider that is overloaded no more until it said, and keeps the session (F10)', async () => {
    const client = await arrived();
    await tokenHasEnded();
    subject.gate.answer(subject.tokenPath, (_request, response) => {
      response.writeHead(503, { 'retry-after': '2', 'content-type': 'text/plain' }).end('overloaded');
    });
    const [first] = await Promise.all([client.open(`${world.origin}/page`), client.send(`${world.origin}/page`)]);
    expect([first.status, first.header('retry-after')]).toEqual([503, '2']);
    expect(await pages(client, 10)).toEqual([503]);
    expect(refreshes().length).toBe(1);
    subject.gate.answer(subject.tokenPath, undefined);
    await until('it is asked again', async () => (await pages(client, 1))[0] === 200);
    expect(refreshes().length).toBe(2);
  });

  it('keeps the session while the provider is away, and goes on when it is back (I1)', async () => {
    const client = await arrived();
    await tokenHasEnded();
    subject.gate.shut();
    expect(await pages(client, 4)).toEqual([503]);
    for (const { opsUrl } of world.replicas) expect((await fetch(`${opsUrl}/readyz`)).status).toBe(200);
    subject.gate.open();
    await until('the provider is asked again', async () => (await pages(client, 1))[0] === 200);
    expect(refreshes().length).toBe(1);
  });

  it('holds the newest refresh token: the one before it was used up at the provider', async () => {
    const client = await arrived();
    await tokenHasEnded();
    expect(await pages(client, 4)).toEqual([200]);
    const [refresh] = refreshes();
    if (refresh === undefined) throw new Error('there was no refresh');
    // As a thief would, who copied it before.
    expect(await redeem(refresh)).toBe(subject.refreshes.reuse);
    subject.gate.forget();
    await tokenHasEnded();
    const { endsOnReuse } = subject.refreshes;
    expect(await pages(client, 4)).toEqual([endsOnReuse ? 401 : 200]);
    expect(refreshes().length).toBe(1);
    expect(refreshes()[0]?.form.get('refresh_token')).not.toBe(refresh.form.get('refresh_token'));
  });

  it('ends the session with the grant, after one refresh that was refused, and logs in again (F10)', async () => {
    const client = await arrived();
    await subject.revoke(alice);
    await tokenHasEnded();
    expect(await pages(client, 8)).toEqual([401]);
    expect(refreshes().map(answerTo)).toEqual([subject.refreshes.revoked]);
    await logged(world, ({ event, outcome }) => event === 'refresh_failed' && outcome === 'refused');
    const page = await visit(client, `${world.origin}/again`);
    expect((await subject.logIn(client, page, alice)).url).toBe(`${world.origin}/again`);
  });

  it('leaves a refresh token behind after a logout that the provider refuses, where it can be told', async () => {
    const client = await arrived();
    await tokenHasEnded();
    expect(await pages(client, 1)).toEqual([200]);
    const [refresh] = refreshes();
    if (refresh === undefined) throw new Error('there was no refresh');
    const newest = JSON.parse(String(refresh.answer?.body)) as { readonly refresh_token: string }; // RFC 6749 §5.1
    const asked = await visit(client, `${world.origin}/_auth/logout`, {
      method: 'POST',
      headers: { origin: world.origin, 'sec-fetch-site': 'same-origin' },
    });
    await subject.logOut(client, asked);
    // The revocation may still be on its way.
    const expected = subject.refreshes.afterLogout;
    if (expected === '200') expect(await redeem(refresh, newest.refresh_token)).toBe(expected);
    else await until(expected, async () => (await redeem(refresh, newest.refresh_token)) === expected);
  });
}

function said(status: number | undefined, error: string | undefined): string {
  return [status, error].join(' ').trim();
}
