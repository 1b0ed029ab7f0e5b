import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { createClient } from '../support/client.ts';
import { freshProcess } from '../support/fresh-process.ts';
import { signJwt } from '../support/jws.ts';
import { failureOf } from '../support/login-failures.ts';
import { followUpTo } from '../support/login-steps.ts';
import { until } from '../support/until.ts';
import { sessionCookie, startWorld, type World } from '../support/world.ts';

// Names in brackets are modules of the OpenID Connect RP conformance suite.

// Sessions in Redis: each test begins with a process that has no keys yet, and nobody is logged out by that.
const world: World = await startWorld({ store: 'redis' });

beforeEach(async () => {
  world.reset();
  await freshProcess(world);
});
afterEach(async () => {
  await expectHealthy(world);
});

const secondKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;

function publicJwk(key: KeyObject, kid?: string) {
  return {
    ...createPublicKey(key).export({ format: 'jwk' }),
    use: 'sig',
    alg: 'RS256',
    ...(kid === undefined ? {} : { kid }),
  };
}

/** What the provider publishes from now on in place of its keys. */
function publish(...keys: readonly object[]): void {
  world.provider.edit('jwks', () => ({ keys }));
}

/** ID tokens are signed with this key from now on, and name this kid. */
function signWith(key: KeyObject, kid: string | undefined): void {
  world.provider.editIdToken(({ header, claims }) => signJwt({ header: { ...header, kid }, claims }, key));
}

/** Whether a new browser gets a session. A refusal has left the workload alone. */
async function logsIn(): Promise<boolean> {
  world.upstream.clear();
  const client = createClient();
  const answer = await client.follow(`${world.origin}/orders`);
  const hasSession = client.cookies(world.origin).has(sessionCookie);
  expect(answer.status).toBe(hasSession ? 200 : 400);
  expect(world.upstream.requests).toHaveLength(hasSession ? 1 : 0);
  return hasSession;
}

/** A login that is refused for this reason. */
async function expectRefused(reason: RegExp): Promise<void> {
  const failure = await failureOf(world, async () => {
    expect(await logsIn()).toBe(false);
  });
  expect(failure).toMatchObject({ outcome: 'refused', reason: expect.stringMatching(reason) });
}

describe('T4 a kid that says nothing or too much', () => {
  it('may be absent where one key fits [oidcc-client-test-kid-absent-single-jwks]', async () => {
    publish(publicJwk(world.provider.signingKey));
    signWith(world.provider.signingKey, undefined);
    expect(await logsIn()).toBe(true);
  });

  it('must be there where several keys fit [oidcc-client-test-kid-absent-multiple-jwks]', async () => {
    publish(publicJwk(secondKey, 'second'), publicJwk(world.provider.signingKey, 'rs256'));
    signWith(world.provider.signingKey, undefined);
    await expectRefused(/multiple applicable keys/);
    signWith(world.provider.signingKey, 'rs256');
    expect(await logsIn()).toBe(true);
  });

  it('is refused when it is of no key, and when it is of another key', async () => {
    publish(publicJwk(secondKey, 'second'), publicJwk(world.provider.signingKey, 'rs256'));
    signWith(world.provider.signingKey, 'third');
    await expectRefused(/no applicable keys/);
    signWith(world.provider.signingKey, 'second');
    await expectRefused(/signature/);
  });

  it('finds no key among those that are none, or not for this', async () => {
    for (const keys of [
      [],
      [{ ...publicJwk(world.provider.signingKey, 'rs256'), use: 'enc' }],
      [{ kty: 'oct', kid: 'rs256', alg: 'RS256', k: 'AAAA' }],
      [{ kty: 'EC', crv: 'P-256', kid: 'rs256', x: 'AAAA', y: 'AAAA' }],
      ['rs256', null],
    ]) {
      world.provider.edit('jwks', () => ({ keys }));
      await expectRefused(/keys?/);
    }
  });

  it('in a thousand random ones costs a handful of requests, and no login of anybody else', async () => {
    expect(await logsIn()).toBe(true);
    const fetched = world.provider.count('jwks');
    const begun = performance.now();
    answerTokensWithRandomKids();
    for (let round = 0; round < 50; round += 1) {
      await Promise.all(Array.from({ length: 20 }, (_, index) => loginWithCode(`code-${round}-${index}`)));
    }
    expect(world.provider.count('token')).toBe(1 + 1000);
    // Five at once, and one more in ten seconds.
    const bound = 5 + Math.ceil((performance.now() - begun) / 10_000);
    expect(world.provider.count('jwks') - fetched).toBeLessThanOrEqual(bound);
    world.provider.editIdToken((token) => signJwt(token, world.provider.signingKey));
    world.reset();
    expect(await logsIn()).toBe(true);
  });

  const nonces = new Map<string, string>();

  /** Takes the token endpoint's place: any code yields a token that is right but for its kid. */
  function answerTokensWithRandomKids(): void {
    world.provider.answer('token', (request, response) => {
      let form = '';
      request.on('data', (chunk: Buffer) => {
        form += chunk.toString();
      });
      request.on('end', () => {
        const iat = Math.floor(Date.now() / 1000);
        const nonce = nonces.get(new URLSearchParams(form).get('code') ?? '');
        const { issuer: iss, clientId: aud } = world.provider;
        const claims = { iss, aud, sub: 'alice', nonce, iat, exp: iat + 60 };
        const header = { alg: 'RS256', kid: `kid-${nonce}` };
        response.writeHead(200, { 'content-type': 'application/json' }).end(
          JSON.stringify({
            access_token: 'an-access-token',
            token_type: 'Bearer',
            expires_in: 60,
            id_token: signJwt({ header, claims }, world.provider.signingKey),
          }),
        );
      });
    });
  }

  /** A whole login with a code that the token endpoint need not have issued. */
  async function loginWithCode(code: string): Promise<void> {
    const client = createClient();
    const login = new URL(await followUpTo(client, `${world.provider.issuer}/auth`, `${world.origin}/orders`));
    nonces.set(code, login.searchParams.get('nonce') ?? '');
    const query = new URLSearchParams({
      code,
      state: login.searchParams.get('state') ?? '',
      iss: world.provider.issuer,
    });
    const answer = await client.open(`${world.origin}/_auth/callback?${query}`);
    expect([answer.status, client.cookies(world.origin).has(sessionCookie)]).toEqual([400, false]);
  }
});

describe('T6 a key that was rotated just before it signed', () => {
  it('logs in at once [oidcc-client-test-signing-key-rotation-just-before-signing]', async () => {
    expect(await logsIn()).toBe(true);
    expect(await logsIn()).toBe(true);
    expect(world.provider.count('jwks')).toBe(1);
    publish(publicJwk(world.provider.signingKey, 'rs256'), publicJwk(secondKey, 'second'));
    signWith(secondKey, 'second');
    expect(await logsIn()).toBe(true);
    expect(await logsIn()).toBe(true);
    expect(world.provider.count('jwks')).toBe(2);
  });

  it('logs in when the provider keeps only the new one [oidcc-client-test-signing-key-rotation]', async () => {
    expect(await logsIn()).toBe(true);
    publish(publicJwk(secondKey, 'second'));
    signWith(secondKey, 'second');
    expect(await logsIn()).toBe(true);
    // What was signed before is not believed any more.
    signWith(world.provider.signingKey, 'rs256');
    await expectRefused(/no applicable keys/);
  });
});

describe('T7 metadata of another issuer', () => {
  it('is told by readiness and log, and logs nobody in [oidcc-client-test-discovery-issuer-mismatch]', async () => {
    const { issuer } = world.provider;
    const loggedIn = await world.logIn('/orders');
    const others = ['https://evil.example', `${issuer}/tenant`, issuer.replace('127.0.0.1', 'localhost'), undefined];
    world.provider.edit('discovery', (metadata) => ({ ...metadata, issuer: others[0] }));
    await freshProcess(world);
    for (const other of others) {
      world.provider.edit('discovery', (metadata) => ({ ...metadata, issuer: other }));
      const asked = world.provider.count('discovery');
      world.upstream.clear();
      const answer = await until('the provider was asked again', async () => {
        const refusal = await createClient().open(`${world.origin}/orders`);
        return world.provider.count('discovery') > asked ? refusal : undefined;
      });
      expect([answer.status, answer.header('location'), answer.header('retry-after')]).toEqual([503, undefined, '5']);
      expect(world.upstream.requests).toEqual([]);
      const reason = other === undefined ? 'names no issuer' : `of another issuer: "${other}", not ${issuer}`;
      await until(`the log says ${reason}`, () => world.replicas[0]?.output().replaceAll('\\', '').includes(reason));
      expect(await readiness()).toMatchObject([200, { store: 'reachable', providers: { test: 'unavailable' } }]);
    }
    // Who is logged in stays so, and when the provider is itself again nobody has to restart anything.
    expect((await loggedIn.open(`${world.origin}/orders`)).status).toBe(200);
    world.provider.reset();
    await until('people can log in again', async () => {
      return (await createClient().open(`${world.origin}/orders`)).status === 302;
    });
    expect(await readiness()).toMatchObject([200, { providers: { test: 'ready' } }]);
  });

  async function readiness(): Promise<readonly [status: number, body: unknown]> {
    const response = await fetch(`${world.replicas[0]?.opsUrl}/readyz`);
    return [response.status, await response.json()];
  }
});
