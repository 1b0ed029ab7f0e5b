import { Agent, request as httpRequest } from 'node:http';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import type { TestClient } from '../support/client.ts';
import { type Claims, logoutTokenOf, postLogoutToken } from '../support/logout-token.ts';
import { noteSecret } from '../support/seen-secrets.ts';
import { until } from '../support/until.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ replicas: 2 });
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

const logoutToken = (claims: Claims = {}, header: Claims = {}) => logoutTokenOf(world, claims, header);
const post = (token: string) => postLogoutToken(world, token);

async function isAlive(client: TestClient): Promise<boolean> {
  return (await client.send(`${world.origin}/app`)).status === 200;
}

describe('X5 back-channel logout', () => {
  it('ends the sessions of the user on every replica at once, and nobody else’s', async () => {
    const alices = [await world.logIn(), await world.logIn()];
    world.provider.logInAs('bob', { email: 'bob@example.com', email_verified: true });
    const bob = await world.logIn();
    expect(await post(await logoutToken())).toBe(200);
    for (const client of alices) {
      await until('the news is everywhere', async () => !(await isAlive(client)));
      for (let round = 0; round < 4; round += 1) expect(await isAlive(client)).toBe(false);
    }
    expect(await isAlive(bob)).toBe(true);
  });

  it.each<[string, Claims, Claims]>([
    ['alg none', {}, { alg: 'none' }],
    ['another issuer', { iss: 'https://evil.example' }, {}],
    ['another audience', { aud: 'another' }, {}],
    ['another event', { events: { 'http://schemas.openid.net/event/other': {} } }, {}],
    ['a nonce', { nonce: 'n' }, {}],
    ['neither sub nor sid', { sub: undefined }, {}],
    ['an old iat', { iat: Math.floor(Date.now() / 1000) - 3_600 }, {}],
    ['no jti', { jti: undefined }, {}],
    ['the type of another token', {}, { typ: 'at+jwt' }],
    ['a kid that nobody has', {}, { kid: 'made-up' }],
  ])('does nothing for a token with %s', async (_what, claims, header) => {
    const client = await world.logIn();
    const token =
      header['alg'] === 'none'
        ? (await logoutToken()).replace(/^[^.]+/, Buffer.from('{"alg":"none"}').toString('base64url'))
        : await logoutToken(claims, header);
    expect(await post(token)).toBe(400);
    expect(await isAlive(client)).toBe(true);
  });

  it('does nothing for an ID token in its place', async () => {
    let idToken = '';
    world.provider.edit('token', (body) => {
      idToken = String(body['id_token']);
      return body;
    });
    const client = await world.logIn();
    noteSecret(idToken);
    expect(await post(idToken)).toBe(400);
    expect(await isAlive(client)).toBe(true);
  });

  it('takes a token once, on whichever replica it comes', async () => {
    const token = await logoutToken();
    expect(await post(token)).toBe(200);
    const client = await world.logIn();
    for (let round = 0; round < 4; round += 1) expect(await post(token)).toBe(400);
    expect(await isAlive(client)).toBe(true);
  });

  it('lives through 10,000 posts with made-up kids, and asks the provider for its keys a few times', async () => {
    const token = await logoutToken({}, { kid: 'made-up' });
    const agent = new Agent({ keepAlive: true, maxSockets: 32 });
    let left = 10_000;
    const statuses = new Map<number, number>();
    await Promise.all(
      Array.from({ length: 32 }, async () => {
        while (left > 0) {
          left -= 1;
          const status = await postBy(agent, token.replace(/^[^.]+/, header(`made-up-${left}`)));
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
      }),
    );
    agent.destroy();
    expect([...statuses]).toEqual([[400, 10_000]]);
    expect(world.provider.count('jwks')).toBeLessThan(10);
  });
});

function header(kid: string): string {
  return Buffer.from(JSON.stringify({ alg: 'RS256', kid })).toString('base64url');
}

function postBy(agent: Agent, token: string): Promise<number> {
  const body = `logout_token=${token}`;
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      `${world.origin}/_auth/backchannel-logout`,
      {
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length },
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
