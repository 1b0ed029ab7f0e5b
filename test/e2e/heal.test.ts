import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { createClient, type TestClient } from '../support/client.ts';
import { metricOf } from '../support/metrics.ts';
import type { RecordedRequest } from '../support/recording-upstream.ts';
import { startWorld, type World } from '../support/world.ts';

// The workload answers 401 to a token that looks good: users notice nothing.

let world: World;
let client: TestClient;
/** The access token of the login. */
let refused: string;

const challenge = 'Bearer realm="api", error="invalid_token", error_description="The access token was revoked"';
const refusal = { status: 401, headers: [['www-authenticate', challenge]], body: 'refused' } as const;

beforeAll(async () => {
  world = await startWorld({
    adjust: (config) => {
      config['envoy'].heal = { routes: [{ path: { prefix: '/api' } }, { path: { prefix: '/public/api' } }] };
    },
  });
});

beforeEach(async () => {
  client = await world.logIn('/app');
  refused = world.provider.accessTokens().at(-1) ?? '';
  world.upstream.clear();
  world.upstream.answerWith((request) => (isRefreshed(request) ? {} : refusal));
});

afterEach(async () => {
  world.reset();
  await expectHealthy(world);
});

/** Whether it has a token that came after the one of the login. */
function isRefreshed(request: RecordedRequest): boolean {
  const tokens = world.provider.accessTokens();
  const [sent = '', ...others] = request.values('authorization');
  return others.length === 0 && tokens.slice(tokens.indexOf(refused) + 1).some((token) => sent === `Bearer ${token}`);
}

const send = (path: string, request: Parameters<TestClient['send']>[1] = {}) =>
  client.send(`${world.origin}${path}`, request);

const checks = async () => {
  const [replica] = world.replicas;
  if (replica === undefined) throw new Error('no replica');
  return await metricOf(replica, 'sallyport_check_duration_seconds_count');
};

describe('a workload that refuses the access token of a session', () => {
  it('gets the request again with a new one, and the user gets the page', async () => {
    const answer = await send('/api/orders?x=1');
    expect(answer).toMatchObject({ status: 200, body: 'workload' });
    expect(world.provider.countRefreshes()).toBe(1);
    const [first, second] = world.upstream.requests;
    expect(second?.target).toBe('/api/orders?x=1');
    expect(second?.values('authorization')).toEqual([`Bearer ${world.provider.accessTokens().at(-1)}`]);
    expect(second?.values('x-auth-request-user')).toEqual(first?.values('x-auth-request-user'));
    // The session has the new token, and nothing is asked twice from now on.
    expect((await send('/api/orders')).status).toBe(200);
    expect((await send('/app')).status).toBe(200);
    expect([world.provider.countRefreshes(), world.upstream.requests.length]).toEqual([1, 4]);
  });

  it('gets a body of 900 kB again, byte for byte', async () => {
    const body = 'ä line of text\n'.repeat(56_000);
    expect((await send('/api/orders', { method: 'POST', body })).status).toBe(200);
    const sent = Buffer.from(body).toString('latin1');
    expect(world.upstream.requests.map((each) => each.body === sent)).toEqual([true, true]);
  });

  it('refuses 500 requests at one time: one refresh, and 500 answers', async () => {
    const answers = await Promise.all(Array.from({ length: 500 }, () => send('/api/orders')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(world.provider.countRefreshes()).toBe(1);
  });

  it('and refuses every other token too: one refresh, not one for each request; its 401 is the answer', async () => {
    world.upstream.answerWith(() => refusal);
    for (let round = 0; round < 5; round += 1) {
      const answer = await send('/api/orders');
      expect(answer).toMatchObject({ status: 401, body: 'refused' });
      expect(answer.values('www-authenticate')).toEqual([challenge]);
      expect(answer.values('x-sallyport-retry')).toEqual([]);
    }
    expect(world.provider.countRefreshes()).toBe(1);
  });

  it('on a plain route: its 401 is the answer, and no token is fetched', async () => {
    expect(await send('/app')).toMatchObject({ status: 401, body: 'refused' });
    expect([world.provider.countRefreshes(), world.upstream.requests.length]).toEqual([0, 1]);
  });

  it('with a body beyond the buffer: its 401 is the answer, and the next request is healed', async () => {
    const body = 'x'.repeat(1_200_000);
    expect(await send('/api/upload', { method: 'POST', body })).toMatchObject({ status: 401, body: 'refused' });
    expect((await send('/api/orders')).status).toBe(200);
    expect((await send('/api/upload', { method: 'POST', body })).status).toBe(200);
    expect(world.provider.countRefreshes()).toBe(1);
  });

  it('while the provider is down: its 401 is the answer, and the session lives', async () => {
    world.provider.answerRefresh((_request, response) => void response.writeHead(503).end());
    expect(await send('/api/orders')).toMatchObject({ status: 401, body: 'refused' });
    world.upstream.answerWith(() => ({}));
    expect((await send('/app')).status).toBe(200);
  });

  it('when the provider takes the refresh token no more: who asks is told to log in', async () => {
    world.provider.answerRefresh((_request, response) => {
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
    });
    const answer = await send('/api/orders');
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.body)).toMatchObject({ error: 'login_required' });
    expect((await send('/app')).status).toBe(401);
    expect(world.upstream.requests).toHaveLength(1);
  });
});

describe('requests that nobody can heal', () => {
  it('without a session: Sallyport’s own 401 comes after one check, and a person is sent to log in', async () => {
    client = createClient();
    const before = await checks();
    expect((await send('/api/orders')).status).toBe(401);
    expect((await client.open(`${world.origin}/api/orders`)).status).toBe(302);
    expect((await checks()) - before).toBe(2);
    expect(world.upstream.requests).toEqual([]);
  });

  it('below a public rule: there is no token that another could replace', async () => {
    expect(await send('/public/api/x')).toMatchObject({ status: 401, body: 'refused' });
    expect(world.provider.countRefreshes()).toBe(0);
    expect(world.upstream.requests.flatMap((each) => each.values('authorization'))).toEqual([]);
  });
});
