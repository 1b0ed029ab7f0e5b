import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectHealthy } from '../support/aftermath.ts';
import { drip, flood, gzipBomb, hang, json, reset, status } from '../support/bad-answers.ts';
import { createAuthority } from '../support/certificates.ts';
import { type Answer, createClient, type TestClient } from '../support/client.ts';
import { freshProcess } from '../support/fresh-process.ts';
import { callbackUrlOf } from '../support/login-steps.ts';
import type { Endpoint, Handler } from '../support/provider.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { startTinyProvider, type TinyProvider } from '../support/tiny-provider.ts';
import { until } from '../support/until.ts';
import { type ConfigDocument, sessionCookie, startWorld, type World } from '../support/world.ts';

// Sessions in Redis, so that a process that begins anew, without metadata and keys, logs nobody out.

let world: World;
let loggedIn: TestClient;
/** Another provider, which speaks https with a certificate of an authority of its own. */
let secure: TinyProvider;

beforeAll(async () => {
  const authority = await createAuthority('provider');
  const { certificate: cert, privateKey: key } = await authority.issue('localhost');
  secure = await startTinyProvider(undefined, { cert, key });
  const ca = join(await tempFolder(), 'ca.pem');
  await writeFile(ca, authority.certificate);
  await authority.remove();
  world = await startWorld({
    store: 'redis',
    adjust: (config) => {
      config['providers'].test.requestTimeout = '1s';
      const { issuer, allowHttp: _, ...registration } = config['providers'].test;
      const endpointOrigins = [secure.origin, issuer.replace('http:', 'https:')];
      config['providers'].secure = { ...registration, issuer: secure.origin, ca, endpointOrigins };
      config['modes'].secure = {
        mode: 'session',
        provider: 'secure',
        basePath: '/_secure',
        cookie: { name: 'secure' },
      };
      config['rules'].unshift({ path: { prefix: '/secure' }, use: 'secure' });
    },
  });
  loggedIn = await world.logIn('/orders');
});
afterAll(() => secure.stop());
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

/** A process that knows nothing of the provider yet. */
const restart = (change?: (config: ConfigDocument) => void) => freshProcess(world, change);

/** The redirect to the provider, as soon as there is one. */
async function loginRedirect(): Promise<Answer> {
  return await until('the provider is known', async () => {
    const answer = await createClient().open(`${world.origin}/orders`);
    return answer.status === 302 ? answer : undefined;
  });
}

/** A page of somebody who is logged in: nothing that the provider does may matter to it. */
async function expectSessionUnaffected(): Promise<void> {
  const begun = performance.now();
  const answer = await loggedIn.open(`${world.origin}/orders`);
  expect([answer.status, answer.header('location')]).toEqual([200, undefined]);
  expect(performance.now() - begun).toBeLessThan(3000);
}

/** A login up to what the callback answers, which comes in time, beside a session that goes on. */
async function callbackInTime(): Promise<Answer> {
  const client = createClient();
  const callback = await callbackUrlOf(client, world.origin, '/orders');
  world.upstream.clear();
  const begun = performance.now();
  const [answer] = await Promise.all([client.open(callback), expectSessionUnaffected()]);
  expect(performance.now() - begun).toBeLessThan(8000);
  expect(client.cookies(world.origin).has(sessionCookie)).toBe(false);
  expect(world.upstream.requests).toHaveLength(1);
  return answer;
}

/** Opens a page as somebody without a session until the provider was asked for its metadata once more. */
async function afterNextDiscovery(): Promise<Answer> {
  const asked = world.provider.count('discovery');
  return await until('the provider was asked again', async () => {
    const answer = await createClient().open(`${world.origin}/orders`);
    return world.provider.count('discovery') > asked ? answer : undefined;
  });
}

function expectUnavailable(answer: Answer): void {
  expect([answer.status, answer.header('location')]).toEqual([503, undefined]);
  expect(answer.header('retry-after')).toMatch(/^\d+$/);
  expect(answer.values('set-cookie').join()).not.toContain(`${sessionCookie}=`);
}

/** What the provider may do wrong, and whether that leaves it possible that the request was good. */
const faults: readonly (readonly [string, Handler, 'unavailable' | 'refused'])[] = [
  ['a hang', hang, 'unavailable'],
  ['a drip', drip, 'unavailable'],
  ['a reset', reset, 'unavailable'],
  ['500', status(500), 'unavailable'],
  ['429', status(429, { 'retry-after': '1' }), 'unavailable'],
  ['100 MB', flood, 'unavailable'],
  ['a gzip bomb', gzipBomb, 'unavailable'],
  ['HTML', status(200, { 'content-type': 'text/html' }), 'refused'],
  ['null', json('null'), 'refused'],
  ['half a JSON text', json('{"access_token":"canary'), 'refused'],
];

const redirects = [301, 302, 307, 308] as const;

describe('I1 a provider that hangs, floods or talks nonsense', () => {
  it.each(faults)(
    'fails the login at the token endpoint in bounded time and bytes: %s',
    async (_fault, handler, kind) => {
      const sent = watched(handler);
      world.provider.answer('token', sent.handler);
      const answer = await callbackInTime();
      expect(answer.status).toBe(kind === 'unavailable' ? 503 : 400);
      expect(world.provider.count('token')).toBe(1);
      expect(sent.bytes()).toBeLessThan(20_000_000);
    },
  );

  it.each(faults)('fails the login at userinfo: %s', async (_fault, handler, kind) => {
    world.provider.answer('userinfo', handler);
    expect((await callbackInTime()).status).toBe(kind === 'unavailable' ? 503 : 400);
  });

  it('fails logins while no keys can be had, whatever is wrong with them', async () => {
    await restart();
    await loginRedirect();
    for (const [fault, handler, kind] of faults) {
      world.provider.answer('jwks', handler);
      expect([fault, (await callbackInTime()).status]).toEqual([fault, kind === 'unavailable' ? 503 : 400]);
    }
    world.provider.reset();
    await world.logIn('/orders');
  });

  it('answers 503 to logins while no metadata can be had, and recovers by itself', async () => {
    world.provider.answer('discovery', reset);
    await restart();
    for (const [fault, handler] of faults) {
      world.provider.answer('discovery', handler);
      expectUnavailable(await afterNextDiscovery());
      await expectSessionUnaffected();
      expect([fault, (await fetch(`${world.replicas[0]?.opsUrl}/readyz`)).status]).toEqual([fault, 200]);
    }
    world.provider.reset();
    expect((await afterNextDiscovery()).status).toBe(302);
    await world.logIn('/orders');
  });

  /** The handler, and how many bytes it got rid of. */
  function watched(handler: Handler): { readonly handler: Handler; readonly bytes: () => number } {
    let bytes = () => 0;
    return {
      handler: (request, response) => {
        const { socket } = request;
        bytes = () => socket.bytesWritten;
        handler(request, response);
      },
      bytes: () => bytes(),
    };
  }
});

describe('I2 a provider that redirects what we ask', () => {
  // Where every request would be seen: the recording workload.
  const elsewhere = () => `http://127.0.0.1:${world.upstream.port}/elsewhere`;
  const redirectTo = (code: number): Handler => status(code, { location: elsewhere() });

  it.each(['token', 'userinfo'] as const)('is never followed at %s', async (endpoint) => {
    for (const code of redirects) {
      world.provider.answer(endpoint, redirectTo(code));
      expect((await callbackInTime()).status).toBe(400);
    }
  });

  it('is never followed for its keys', async () => {
    await restart();
    await loginRedirect();
    for (const code of redirects) {
      world.provider.answer('jwks', redirectTo(code));
      expect((await callbackInTime()).status).toBe(400);
    }
  });

  it('is never followed for its metadata', async () => {
    world.provider.answer('discovery', redirectTo(302));
    await restart();
    for (const code of redirects) {
      world.provider.answer('discovery', redirectTo(code));
      expectUnavailable(await afterNextDiscovery());
    }
    expect(world.upstream.requests).toEqual([]);
  });
});

describe('I3 metadata whose endpoints are elsewhere', () => {
  const endpoints: readonly Endpoint[] = ['authorize', 'token', 'jwks', 'userinfo', 'end_session'];
  const names = ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'userinfo_endpoint', 'end_session_endpoint'];
  // The same server under another name: whoever is sent there arrives.
  const foreignOrigin = () => world.provider.issuer.replace('127.0.0.1', 'localhost');

  function move(name: string, change: (url: string) => string): void {
    world.provider.edit('discovery', (metadata) => ({ ...metadata, [name]: change(String(metadata[name])) }));
  }

  it('is refused until the operator lists their origin, and the log names endpoint, origin and setting', async () => {
    world.provider.answer('discovery', reset);
    await restart();
    for (const name of names) {
      world.provider.reset();
      move(name, (url) => url.replace(world.provider.issuer, foreignOrigin()));
      expectUnavailable(await afterNextDiscovery());
      const line = await until('the log tells of it', () =>
        world.replicas[0]
          ?.output()
          .split('\n')
          .find((each) => each.includes(`${name} is on ${foreignOrigin()}`)),
      );
      expect(line).toContain('list it in endpointOrigins');
      expect(endpoints.map((each) => world.provider.count(each))).toEqual(endpoints.map(() => 0));
    }
    await expectSessionUnaffected();
  });

  it('is refused when they are no URLs of the web, whatever is listed', async () => {
    world.provider.answer('discovery', reset);
    await restart();
    for (const url of ['javascript:alert(1)', 'file:///etc/passwd', '//evil.example/x']) {
      world.provider.reset();
      move('authorization_endpoint', () => url);
      expectUnavailable(await afterNextDiscovery());
    }
  });

  it('is used when the operator listed their origin', async () => {
    move('authorization_endpoint', (url) => url.replace(world.provider.issuer, foreignOrigin()));
    await restart((config) => {
      config['providers'].test.endpointOrigins = [foreignOrigin()];
    });
    const answer = await loginRedirect();
    expect([answer.status, new URL(answer.header('location') ?? '').origin]).toEqual([302, foreignOrigin()]);
    await restart((config) => {
      delete config['providers'].test.endpointOrigins;
    });
  });

  it('is refused over plain HTTP where that is not allowed, whatever is listed', async () => {
    const plain = secure.origin.replace('https:', 'http:');
    const open = () => createClient().open(`${world.origin}/secure`);
    secure.metadata({ token_endpoint: `${plain}/x` });
    await restart();
    for (const name of ['token_endpoint', 'authorization_endpoint']) {
      secure.metadata({ [name]: `${plain}/x` });
      const asked = secure.count('discovery');
      const answer = await until('the provider was asked again', async () => {
        const refusal = await open();
        return secure.count('discovery') > asked ? refusal : undefined;
      });
      expectUnavailable(answer);
      const reason = `${name} is not an https URL (it is on ${plain}), and allowHttp is not set`;
      await until(`the log says: ${reason}`, () => world.replicas[0]?.output().includes(reason));
    }
    secure.metadata({});
    const answer = await until('the provider is itself again', async () => {
      const redirect = await open();
      return redirect.status === 302 ? redirect : undefined;
    });
    expect(new URL(answer.header('location') ?? '').origin).toBe(secure.origin);
    expect(secure.count('token')).toBe(0);
  });
});
