import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectNoSecretInLogs } from '../support/aftermath.ts';
import { createClient } from '../support/client.ts';
import { until } from '../support/until.ts';
import { sessionCookie } from '../support/world.ts';
import { type JourneyWorld, logged, startJourneyWorld } from './journey-world.ts';
import { alice, bob, carol } from './people.ts';
import type { Subject } from './subject.ts';
import { formsOf, holdBack, visit } from './visit.ts';

/** Blanks, UTF-8, an encoded slash, an empty value and a doubled name: nothing of it may change. */
const deepLink = '/reports/q%20v/%C3%BC?x=1&y=%2F&x=2&empty=';

/**
 * The journey that every provider is taken on, through Envoy, two Sallyport processes and Redis. Call it inside a
 * `describe`; more tests of that provider may follow, in the world that the answer resolves to.
 */
export function journey(prepare: () => Promise<Subject>): { subject(): Subject; world(): JourneyWorld } {
  let subject: Subject;
  let world: JourneyWorld;

  beforeAll(async () => {
    subject = await prepare();
    world = await startJourneyWorld(subject);
  }, 240_000);
  afterAll(async () => {
    expectNoSecretInLogs(world);
    await Promise.all([...world.replicas.map((replica) => replica.stop()), world.envoy.stop(), world.provider.stop()]);
    await Promise.all([world.redis?.stop(), world.upstream.stop()]);
  });

  it('is a provider of the kind that docs/testing.md says', async () => {
    const path = subject.discoveryPath ?? '/.well-known/openid-configuration';
    const answer = await fetch(`${subject.gate.origin}${path}`);
    expect(answer.status).toBe(subject.discoveryPath === undefined ? 404 : 200);
    if (!answer.ok) return;
    const metadata = (await answer.json()) as Readonly<Record<string, unknown>>; // OpenID Connect Discovery 1.0 §4.2
    expect({
      sendIss: metadata['authorization_response_iss_parameter_supported'] === true,
      endItsSession: metadata['end_session_endpoint'] !== undefined,
      takePushedRequests: metadata['pushed_authorization_request_endpoint'] !== undefined,
      revokeTokens: metadata['revocation_endpoint'] !== undefined,
      logOutByBackChannel: metadata['backchannel_logout_supported'] === true,
    }).toEqual({ ...subject.offers, sendIss: subject.does.sendIss, endItsSession: subject.does.endItsSession });
  });

  it('comes back from a login to exactly the URL that was asked for', async () => {
    const client = createClient();
    const before = world.upstream.requests.length;
    const page = await visit(client, `${world.origin}${deepLink}`);
    expect(new URL(page.url).origin).not.toBe(world.origin);
    const { url, status, hops } = await subject.logIn(client, page, alice);
    expect(`${status} ${url}`).toBe(`200 ${world.origin}${deepLink}`);
    const seen = world.upstream.requests.slice(before);
    expect(seen.map(({ method, target }) => `${method} ${target}`)).toEqual([`GET ${deepLink}`]);
    // The browser saw no token, and the code once.
    expect(hops.filter((hop) => /access_token|id_token=/.test(hop))).toEqual([]);
    const callback = hops.find((hop) => hop.startsWith(`${world.origin}/_auth/callback`));
    const isInUrl = new URL(callback ?? '').searchParams.has('code');
    expect(isInUrl).toBe(!subject.does.answerByForm);
    if (isInUrl) expect(new URL(callback ?? '').searchParams.has('iss')).toBe(subject.does.sendIss);
  });

  it('tells the workload who it is, with an access token that the provider takes for that person’s', async () => {
    const client = createClient();
    await world.arrive(client, '/who');
    const request = world.upstream.requests.at(-1);
    if (request === undefined) throw new Error('the workload saw nothing');
    const sub = subject.subjectOf(alice);
    if (sub !== undefined) expect(request.values('x-auth-request-user')).toEqual([sub]);
    expect(request.values('x-auth-request-user')[0]).toMatch(/^[!-~]+$/);
    expect(request.values('x-auth-request-email')).toEqual([alice.email]);
    expect(request.values('x-auth-request-name')).toEqual(['Alice Adams']);
    const groups = request.values('x-auth-request-groups')[0]?.split(',').sort();
    expect(groups).toEqual(subject.does.tellGroups ? ['admins', 'staff'] : undefined);
    expect(request.values('cookie').join()).not.toContain(sessionCookie);

    const [authorization = ''] = request.values('authorization');
    expect(authorization).toMatch(/^Bearer \S+$/);
    const told = await fetch(`${subject.gate.origin}${subject.userinfoPath}`, { headers: { authorization } });
    expect(told.status).toBe(200);
    expect(JSON.stringify(await told.json())).toContain(alice.email);
  });

  it('says at /userinfo who is logged in, and no token', async () => {
    const client = createClient();
    await world.arrive(client);
    const answer = await client.send(`${world.origin}/_auth/userinfo`);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ email: alice.email, name: 'Alice Adams', provider: 'test' });
    expect(answer.body).not.toMatch(/token|eyJ/);
  });

  it('lets an address count that the provider verified, and no other', async () => {
    const ofAlice = createClient();
    const landed = await world.arrive(ofAlice, '/company/');
    expect(landed.status).toBe(subject.does.verifyEmail ? 200 : 403);
    // Refused at his address, without a redirect that would end here again.
    const ofBob = createClient();
    expect((await world.arrive(ofBob, '/company/', bob)).status).toBe(403);
    expect((await ofBob.open(`${world.origin}/`)).status).toBe(200);
  });

  it('lets a group in where the provider tells groups', async () => {
    const ofAlice = createClient();
    expect((await world.arrive(ofAlice, '/admins/')).status).toBe(subject.does.tellGroups ? 200 : 403);
    expect((await world.arrive(createClient(), '/admins/', bob)).status).toBe(403);
  });

  it('logs out here, and at the provider where it can; then logs in again', async () => {
    const client = createClient();
    await world.arrive(client);
    const stolen = client.cookies(world.origin).get(sessionCookie) ?? '';
    const shown = await visit(client, `${world.origin}/_auth/logout`);
    const [form] = formsOf(shown);
    expect(form?.action).toBe(`${world.origin}/_auth/logout`);
    const asked = await visit(client, `${world.origin}/_auth/logout`, {
      method: 'POST',
      headers: { origin: world.origin, 'sec-fetch-site': 'same-origin' },
    });
    expect(asked.hops.some((hop) => new URL(hop).origin !== world.origin)).toBe(subject.does.endItsSession);
    const ended = await subject.logOut(client, asked);
    expect(new URL(ended.url).pathname).toBe('/_auth/logout/callback');
    expect(ended.status).toBe(200);
    expect(client.cookies(world.origin).has(sessionCookie)).toBe(false);

    const thief = createClient();
    thief.setCookie(world.origin, sessionCookie, stolen);
    expect((await thief.send(`${world.origin}/`)).status).toBe(401);

    const again = await visit(client, `${world.origin}/again`);
    const asksForPassword = formsOf(again).some(({ fields }) => fields.has('password'));
    expect(asksForPassword).toBe(subject.does.endItsSession);
    const back = await subject.logIn(client, again, alice);
    expect(`${back.status} ${back.url}`).toBe(`200 ${world.origin}/again`);
  });

  it('renews what it knows of the provider, and keeps the old when that fails', async () => {
    const { gate, discoveryPath } = subject;
    if (discoveryPath === undefined) return expect(subject.settings['metadata']).toBeDefined();
    const startLogin = async () => (await createClient().open(`${world.origin}/`)).status;
    const before = gate.seen(discoveryPath).length;
    await until('the metadata is asked for again', async () => {
      await startLogin();
      return gate.seen(discoveryPath).length > before + 1;
    });
    let refusals = 0;
    gate.answer(discoveryPath, (_request, response) => {
      refusals += 1;
      response.writeHead(500).end();
    });
    try {
      await until('the metadata was refused', async () => {
        expect(await startLogin()).toBe(302);
        return refusals > 1;
      });
      expect((await world.arrive(createClient())).status).toBe(200);
    } finally {
      gate.answer(discoveryPath, undefined);
    }
  });

  it('shows a page when the user declines, and lets them try again', async () => {
    const client = createClient();
    const refused = await subject.decline(client, await visit(client, `${world.origin}/no`), carol);
    expect(new URL(refused.url).origin).toBe(world.origin);
    expect(refused.status).toBe(403);
    expect(refused.body).toContain('declined');
    expect(client.cookies(world.origin).has(sessionCookie)).toBe(false);
    await logged(world, ({ event, code }) => event === 'login_failed' && code === 'access_denied');
    expect((await visit(client, `${world.origin}/_auth/login?rd=/no`)).status).toBe(200);
  });

  it('shows an error page and logs a line when the provider does not believe it, without a loop', async () => {
    await world.reconfigure(subject.wrongCredentials);
    try {
      subject.gate.forget();
      const client = createClient();
      const page = await visit(client, `${world.origin}/page`);
      // A pushed request is refused before the browser leaves, a code when it is back.
      const end = subject.does.needPushedRequests ? page : await subject.logIn(client, page, alice);
      expect(new URL(end.url).origin).toBe(world.origin);
      expect(end.status).toBeGreaterThanOrEqual(400);
      expect(end.body).toContain('<h1>');
      expect(subject.gate.seen(subject.tokenPath).length).toBe(subject.does.needPushedRequests ? 0 : 1);
      await logged(world, (line) => JSON.stringify(line).includes(subject.does.refuseWith));
    } finally {
      await world.reconfigure({});
    }
    expect((await world.arrive(createClient())).status).toBe(200);
  });

  it('keeps sessions while the provider is down, says 503 to logins alone, and goes on when it is back', async () => {
    const loggedIn = createClient();
    await world.arrive(loggedIn);
    const late = createClient();
    const held = holdBack(late, `${world.origin}/_auth/callback`);
    await subject.logIn(held.client, await visit(held.client, `${world.origin}/late`), alice);
    subject.gate.shut();
    try {
      for (const { opsUrl } of world.replicas) expect((await fetch(`${opsUrl}/readyz`)).status).toBe(200);
      const page = await held.letGo();
      expect(`${page.status} ${new URL(page.url).pathname}`).toBe('503 /_auth/callback');
      if (subject.does.needPushedRequests)
        expect((await createClient().open(`${world.origin}/login`)).status).toBe(503);
    } finally {
      subject.gate.open();
    }
    expect((await world.arrive(createClient())).status).toBe(200);
  });

  it('starts beside a provider that is down, and logs in once it is up', async () => {
    const client = createClient();
    await world.arrive(client);
    subject.gate.shut();
    try {
      await world.reconfigure({});
      expect((await client.open(`${world.origin}/still`)).status).toBe(200);
      if (subject.discoveryPath !== undefined) {
        const answer = await createClient().open(`${world.origin}/login`);
        expect(answer.status).toBe(503);
        expect(answer.header('retry-after')).toMatch(/^\d+$/);
      }
    } finally {
      subject.gate.open();
    }
    // What it found out about the provider while that was down is kept for a moment.
    await until('both replicas log in', async () => {
      const arrivals = [await world.arrive(createClient()), await world.arrive(createClient())];
      return arrivals.every(({ status }) => status === 200);
    });
  });

  return { subject: () => subject, world: () => world };
}
