// More than 300 lines: one world, in which many visitors wait for the end of their tokens at the same time.
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { drip, flood, gzipBomb, hang, json, status } from '../support/bad-answers.ts';
import { type JwtParts, jwtPartsOf, signJwt } from '../support/jws.ts';
import { passOn } from '../support/refresh-gates.ts';
import { type RefreshWorld, startRefreshWorld, type Visitor } from '../support/refresh-world.ts';
import { percentileOf, statusesOf, storm } from '../support/storm.ts';
import type { TinyHandler } from '../support/tiny-provider.ts';
import { until } from '../support/until.ts';
import type { ConfigDocument } from '../support/world.ts';

// One process: what the provider says to a refresh, and what becomes of the session. Processes that share a store are in
// refresh-replicas.test.ts, those that die in refresh-crashes.test.ts.

const foreignKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

let all: RefreshWorld;
/** Somebody else, whose token is good: nothing that happens to others may matter. */
let witness: Visitor;

beforeAll(async () => {
  const adjust = (config: ConfigDocument) => {
    config['providers'].test.requestTimeout = '1s';
    config['rules'].unshift({ path: { prefix: '/open' }, use: 'web', require: { optional: true } });
  };
  all = await startRefreshWorld({ store: 'memory', adjust }, 66);
  witness = await all.logIn(3600);
});
afterEach(async () => {
  all.reset();
  await expectHealthy(all.world);
});

/** Asks twenty times, as somebody who tries again and again; every distinct answer, in order. */
async function insist(visitor: Visitor): Promise<readonly string[]> {
  const answers: string[] = [];
  for (let count = 0; count < 20; count += 1) {
    const answer = await all.fetch(visitor);
    if (answers.at(-1) !== answer) answers.push(answer);
  }
  return answers;
}

/** The session is over, and everything that comes now is told so without asking the provider. */
async function expectEnded(visitor: Visitor): Promise<void> {
  const asked = all.gates.refreshes.length;
  expect(await all.open(visitor)).toBe('302 to login');
  expect(await all.fetch(visitor)).toBe('401');
  expect(await all.fetch(visitor, '/_auth/userinfo')).toBe('401');
  expect(all.gates.refreshes).toHaveLength(asked);
  expect(all.world.upstream.requests).toEqual([]);
  // A new login is all that it takes.
  const page = await visitor.client.follow(`${all.world.origin}/orders`);
  expect([page.status, page.url]).toEqual([200, `${all.world.origin}/orders`]);
}

/** Nothing is wrong any more, and what still hangs is `cut`: it goes on without a login, with new tokens. */
async function expectRecovery(visitor: Visitor, cut = () => {}): Promise<void> {
  all.reset();
  cut();
  await until('the session goes on', async () => (await all.open(visitor)) === '200');
  expect(all.gates.refreshes).toHaveLength(1);
  expect(all.world.provider.count('authorize')).toBe(0);
  expect([...all.authorizations()]).toEqual([all.newest()]);
}

type Tokens = Readonly<Record<string, unknown>>;

/** Changes what refreshes bring; a member that is undefined is left out. */
function editTokens(change: (tokens: Tokens) => Tokens): void {
  all.gates.onRefresh(async (passage) => {
    const answer = await passage.forward();
    const tokens = JSON.parse(answer.body) as Tokens; // our own provider's
    passage.send({ ...answer, body: JSON.stringify(change(tokens)) });
  });
}

/** Answers refreshes in the provider's place. */
function answerRefreshes(handler: TinyHandler): void {
  all.gates.onRefresh(({ answerWith }) => answerWith(handler));
}

describe('F1 a thousand requests at once with one expired token', () => {
  it('lead to one refresh, and all are served, with the new token', async () => {
    const { cookie } = await all.expired();
    // So that what is measured is the refresh, and not a process that has just begun.
    await storm(all.world.port, 1000, { cookie: witness.cookie });
    all.reset();
    const answers = await storm(all.world.port, 1000, { cookie });
    expect(statusesOf(answers)).toEqual({ 200: 1000 });
    expect(all.gates.refreshes).toHaveLength(1);
    expect(all.world.upstream.requests).toHaveLength(1000);
    expect([...all.authorizations()]).toEqual([all.newest()]);
    const fresh = await storm(all.world.port, 1000, { cookie });
    expect(statusesOf(fresh)).toEqual({ 200: 1000 });
    expect(all.gates.refreshes).toHaveLength(1);
    const times = [0.5, 0.99].map((part) => [fresh, answers].map((each) => Math.round(percentileOf(each, part))));
    process.stderr.write(
      `F1: 1,000 requests, fresh→expired, p50 p99 ms: ${times.map((pair) => pair.join('→')).join(' ')}\n`,
    );
  });
});

describe('F6 an answer that is lost on its way', () => {
  it('is asked for once more; where the token was rotated a login follows at once, and no loop of 503', async () => {
    const visitor = await all.expired();
    all.gates.onRefresh(async (passage) => {
      // The second time the provider says that it knows the token no more.
      const answer = await passage.forward();
      if (answer.status === 200) passage.drop();
      else passage.send(answer);
    });
    expect(await insist(visitor)).toEqual(['401']);
    const [first, second, ...more] = all.gates.refreshes;
    expect(more).toEqual([]);
    expect(second?.refreshToken).toBe(first?.refreshToken);
    all.gates.reset();
    await expectEnded(visitor);
  });

  it('leads to a login as well where it breaks off in the middle', async () => {
    const visitor = await all.expired();
    all.gates.onRefresh(async (passage) => {
      const answer = await passage.forward();
      if (answer.status === 200) passage.drop(answer.body.slice(0, 40));
      else passage.send(answer);
    });
    const ended = await until('an answer that is not 503', async () => {
      const answer = await all.fetch(visitor);
      return answer.startsWith('503') ? undefined : answer;
    });
    expect(ended).toBe('401');
    expect(all.gates.refreshes.length).toBeLessThanOrEqual(2);
    all.gates.reset();
    await expectEnded(visitor);
  });

  it('costs nothing where only the question was lost', async () => {
    const visitor = await all.expired();
    let asked = 0;
    all.gates.onRefresh(async (passage) => {
      asked += 1;
      if (asked === 1) passage.drop();
      else await passOn(passage);
    });
    expect(await insist(visitor)).toEqual(['200']);
    expect(all.gates.refreshes).toHaveLength(2);
    expect([...all.authorizations()]).toEqual([all.newest()]);
  });

  it('is asked for twice and no more while the connection keeps breaking, and later goes on', async () => {
    const visitor = await all.expired();
    all.gates.onRefresh((passage) => passage.drop());
    expect(await insist(visitor)).toEqual(['503 1']);
    expect(all.gates.refreshes.length).toBeLessThanOrEqual(4);
    await expectRecovery(visitor);
  });
});

describe('F8 a token response that lacks something', () => {
  it('without a refresh token: the one that is there stays in use', async () => {
    const visitor = await all.expired();
    editTokens((tokens) => ({ ...tokens, refresh_token: undefined, expires_in: 1 }));
    expect(await all.open(visitor)).toBe('200');
    expect([...all.authorizations()]).toEqual([all.newest()]);
    answerRefreshes(
      json(JSON.stringify({ ...all.gates.lastTokens(), access_token: 'canary-second', expires_in: 3600 })),
    );
    await until('it is used again', async () => {
      expect(await all.open(visitor)).toBe('200');
      return all.gates.refreshes.length > 1;
    });
    const [first, second] = all.gates.refreshes;
    expect(second?.refreshToken).toBe(first?.refreshToken);
    await until('what it brought is used', async () => {
      all.world.upstream.clear();
      expect(await all.open(visitor)).toBe('200');
      return all.authorizations().has('Bearer canary-second');
    });
  });

  it.each<[string, Tokens]>([
    ['without an access token', { access_token: undefined }],
    ['with an empty access token', { access_token: '' }],
    ['with a number for an access token', { access_token: 17 }],
    ['with an access token that splits a header (H16)', { access_token: 'canary\r\nx-auth-request-user: root' }],
    ['without a token type', { token_type: undefined }],
    ['with the token type mac', { token_type: 'mac' }],
    ['with the token type DPoP, which nobody asked for', { token_type: 'DPoP' }],
    ['with a number for a refresh token', { refresh_token: 17 }],
  ])('%s: the session is over, and the provider is asked once', async (_, change) => {
    const visitor = await all.expired();
    editTokens((tokens) => ({ ...tokens, ...change }));
    expect(await insist(visitor)).toEqual(['401']);
    expect(all.gates.refreshes).toHaveLength(1);
    await expectEnded(visitor);
  });
});

describe('F9 an odd expires_in', () => {
  /** As they stand in the JSON text; undefined: left out. */
  const odd = ['-1', '0', '1e-9', '1e99', '"60"', '"soon"', 'null', 'true', '[]', undefined];

  it('leads neither to one refresh after the other nor to a token without an end', async () => {
    const kept = new Map<string | undefined, Visitor>();
    for (const lifetime of odd) {
      const visitor = await all.expired();
      all.gates.reset();
      bring(lifetime);
      const answers = await insist(visitor);
      if (answers.join() === '200') kept.set(lifetime, visitor);
      else expect([lifetime, answers]).toEqual([lifetime, ['401']]);
      expect([lifetime, all.gates.refreshes.length]).toEqual([lifetime, 1]);
    }
    // A lifetime that is too long is cut (see refresh-replicas.test.ts); one that is not there, or null, is as it was: two seconds.
    expect([...kept.keys()]).toEqual(['1e99', '"60"', 'null', undefined]);
    const visitor = kept.get(undefined) ?? expect.fail('a missing expires_in ends no session');
    await until('the token is replaced', async () => {
      expect(await all.open(visitor)).toBe('200');
      return all.gates.refreshes.length > 1;
    });
  });

  it('that makes the answer no JSON costs a login: nobody can know what it brought', async () => {
    const visitor = await all.expired();
    bring('NaN');
    const ended = await until('an answer that is not 503', async () => {
      const answer = await all.fetch(visitor);
      return answer.startsWith('503') ? undefined : answer;
    });
    expect(ended).toBe('401');
    expect(all.gates.refreshes).toHaveLength(2);
    await expectEnded(visitor);
  });

  /** Refreshes bring this as their lifetime. */
  function bring(lifetime: string | undefined): void {
    all.gates.onRefresh(async (passage) => {
      const answer = await passage.forward();
      const member = lifetime === undefined ? '' : `"expires_in":${lifetime},`;
      passage.send({ ...answer, body: answer.body.replace('"expires_in":3600,', member) });
    });
  }
});

describe('F10 what the provider says against a refresh', () => {
  it.each([
    ['invalid_grant', 400, '{"error":"invalid_grant","error_description":"<script>canary</script>"}'],
    ['invalid_request, as dex does', 400, '{"error":"invalid_request"}'],
    ['invalid_client', 401, '{"error":"invalid_client"}'],
    ['invalid_grant with 403, as Auth0 does', 403, '{"error":"invalid_grant"}'],
    ['an error of its own', 400, '{"error":"account_disabled"}'],
  ])('ends the session: %s', async (_, code, body) => {
    const visitor = await all.expired();
    answerRefreshes(json(body, code));
    expect(await insist(visitor)).toEqual(['401']);
    expect(all.gates.refreshes).toHaveLength(1);
    await expectEnded(visitor);
  });

  it.each<[string, TinyHandler, string]>([
    ['500 with an error code', json('{"error":"server_error"}', 500), '503 1'],
    ['502 with a page', status(502), '503 1'],
    ['429', status(429), '503 1'],
    ['429 until then', json('{"error":"slow_down"}', 429, { 'retry-after': '2' }), '503 2'],
    ['a page of some proxy with 403', status(403, { 'content-type': 'text/html' }), '503 1'],
    ['a page of some proxy with 404', status(404, { 'content-type': 'text/html' }), '503 1'],
    ['JSON of some gateway with 403', json('{"error":"forbidden"}', 403), '503 1'],
    ['JSON of some gateway with 404', json('{"error":"Not Found"}', 404), '503 1'],
    ['a passing error with 400', json('{"error":"temporarily_unavailable"}', 400), '503 1'],
    ['503 until some time that cannot be read', status(503, { 'retry-after': 'tomorrow' }), '503 1'],
    ['503 until yesterday', status(503, { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }), '503 1'],
  ])('keeps the session and does not ask again soon: %s', async (_, handler, refusal) => {
    const visitor = await all.expired();
    answerRefreshes(handler);
    expect((await insist(visitor))[0]).toBe(refusal);
    expect(all.gates.refreshes.length).toBeLessThanOrEqual(2);
    expect(all.world.upstream.requests).toEqual([]);
    await expectRecovery(visitor);
  });

  it('lets a page that needs no login go on without one, and never with the old token', async () => {
    const visitor = await all.expired();
    answerRefreshes(status(500));
    expect(await all.open(visitor, '/open')).toBe('503 1');
    expect(all.world.upstream.requests).toEqual([]);
    answerRefreshes(json('{"error":"invalid_grant"}', 400));
    await until('the session is over', async () => (await all.open(visitor, '/open')) === '200');
    const [request, ...more] = all.world.upstream.requests;
    expect(more).toEqual([]);
    expect(request?.values('authorization')).toEqual([]);
    expect(request?.values('x-auth-request-user')).toEqual([]);
  });

  it('waits no longer than five minutes, whatever it says', async () => {
    const visitor = await all.expired();
    answerRefreshes(status(429, { 'retry-after': '86400' }));
    expect((await insist(visitor))[0]).toBe('503 300');
    expect(all.gates.refreshes).toHaveLength(1);
  });
});

describe('T9 a refreshed ID token', () => {
  /** The claims of the new ID token, changed. */
  function editIdToken(change: (token: JwtParts) => string): void {
    editTokens((tokens) => ({ ...tokens, id_token: change(jwtPartsOf(String(tokens['id_token']))) }));
  }
  const signed = (token: JwtParts) => signJwt(token, all.world.provider.signingKey);

  it('brings the claims that are new', async () => {
    const visitor = await all.expired();
    editIdToken(({ header, claims }) => signed({ header, claims: { ...claims, name: 'Alice Brown' } }));
    expect(await all.open(visitor)).toBe('200');
    const [request] = all.world.upstream.requests;
    expect(request?.values('x-auth-request-name')).toEqual(['Alice Brown']);
    expect(request?.values('x-auth-request-user')).toEqual(['alice']);
  });

  it('may be missing', async () => {
    const visitor = await all.expired();
    editTokens((tokens) => ({ ...tokens, id_token: undefined }));
    expect(await all.open(visitor)).toBe('200');
    expect(all.world.upstream.requests[0]?.values('x-auth-request-user')).toEqual(['alice']);
  });

  it.each<[string, (token: JwtParts) => string]>([
    ['another sub', ({ header, claims }) => signed({ header, claims: { ...claims, sub: 'mallory' } })],
    ['no sub', ({ header, claims }) => signed({ header, claims: { ...claims, sub: undefined } })],
    ['another iss', ({ header, claims }) => signed({ header, claims: { ...claims, iss: 'https://evil.example' } })],
    ['another aud', ({ header, claims }) => signed({ header, claims: { ...claims, aud: 'another' } })],
    ['an end that has passed', ({ header, claims }) => signed({ header, claims: { ...claims, exp: 1 } })],
    ['alg none', ({ claims }) => signJwt({ header: { alg: 'none' }, claims }, undefined)],
    ['a foreign signature', ({ header, claims }) => signJwt({ header, claims }, foreignKey)],
    ['no JWT in its place', () => 'canary-no-jwt'],
  ])('with %s ends the session', async (_, change) => {
    const visitor = await all.expired();
    editIdToken(change);
    expect(await insist(visitor)).toEqual(['401']);
    expect(all.gates.refreshes).toHaveLength(1);
    await expectEnded(visitor);
  });
});

describe('I1 a token endpoint that hangs, floods or talks nonsense when it is asked for a refresh', () => {
  it.each<[string, TinyHandler]>([
    ['a hang', hang],
    ['a drip', drip],
    ['100 MB', flood],
    ['a gzip bomb', gzipBomb],
    ['HTML', status(200, { 'content-type': 'text/html' })],
    ['null', json('null')],
    ['half a JSON text', json('{"access_token":"canary')],
  ])('takes bounded time and bytes, and nobody else notices: %s', async (_, handler) => {
    const visitor = await all.expired();
    let bytes = () => 0;
    let cut = () => {};
    answerRefreshes((request, response) => {
      const { socket } = request;
      bytes = () => socket.bytesWritten;
      // Nobody waits as long as we let a provider take for it.
      cut = () => socket.destroy();
      handler(request, response);
    });
    const begun = performance.now();
    const answer = all.fetch(visitor);
    expect(await all.open(witness)).toBe('200');
    expect(await answer).toBe('503 1');
    // envoy.checkTimeout is 5 s.
    expect(performance.now() - begun).toBeLessThan(6500);
    expect(bytes()).toBeLessThan(20_000_000);
    expect(all.world.upstream.requests).toHaveLength(1);
    await expectRecovery(visitor, () => cut());
  });
});
