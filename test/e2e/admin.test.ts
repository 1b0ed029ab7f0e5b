import { sign } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startAdminReplicas } from '../support/admin-replicas.ts';
import { adminToken } from '../support/admin-world.ts';
import { expectHealthy } from '../support/aftermath.ts';
import { navigation, scriptFetch } from '../support/browser-headers.ts';
import type { TestClient } from '../support/client.ts';
import { runCommand } from '../support/terminal.ts';
import { until } from '../support/until.ts';
import { sessionCookie, type World } from '../support/world.ts';

// Two replicas that share a store; sessions are ended through the admin API of the first, on a Unix socket.

let world: World;
let socket: string;
let tokenFile: string;

beforeAll(async () => {
  ({ world, socket, tokenFile } = await startAdminReplicas(2));
});

const session = (...words: readonly string[]) =>
  runCommand(['session', ...words, '--admin', `unix:${socket}`, '--token-file', tokenFile]);

async function statuses(client: TestClient): Promise<ReadonlySet<number>> {
  const seen = new Set<number>();
  // More than enough for Envoy to ask both.
  for (let visits = 0; visits < 8; visits += 1) {
    seen.add((await client.send(`${world.origin}/app`, { headers: scriptFetch })).status);
  }
  return seen;
}

async function onlySession(): Promise<{ readonly name: string; readonly sid: string }> {
  return JSON.parse((await session('list', '--format', 'json')).out.trim());
}

/** The provider of the tests sends no sid by itself. */
function withSid(idToken: string): string {
  const [header = '', payload = ''] = idToken.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const signed = `${header}.${Buffer.from(JSON.stringify({ ...claims, sid: 'its-session' })).toString('base64url')}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), world.provider.signingKey).toString('base64url')}`;
}

afterEach(() => world.reset());

describe('sessions that an operator ends are dead on every replica at once (S2)', () => {
  it.each<[how: string, words: () => Promise<readonly string[]>]>([
    ['by user', async () => ['--user', 'alice']],
    ['by e-mail address', async () => ['--user', 'Alice@Example.com']],
    ['by name', async () => [(await onlySession()).name]],
    ['by sid of the provider', async () => ['--sid', (await onlySession()).sid]],
    ['all', async () => ['--all', '--yes']],
  ])('%s', async (_, words) => {
    await session('end', '--all', '--yes');
    world.provider.edit('token', (body) => ({ ...body, id_token: withSid(String(body['id_token'])) }));
    const client = await world.logIn('/app');
    expect(await statuses(client)).toEqual(new Set([200]));
    expect(await session('end', ...(await words()))).toEqual({ code: 0, out: '1 session ended\n', err: '' });
    await until('the news is everywhere', async () => !(await statuses(client)).has(200));
    expect(await statuses(client)).toEqual(new Set([401]));
    await expectHealthy(world);
  });

  it('others live on', async () => {
    const alice = await world.logIn('/app');
    world.provider.logInAs('bob', { email: 'bob@example.com', email_verified: true });
    const bob = await world.logIn('/app');
    expect((await session('end', '--user', 'bob')).out).toBe('1 session ended\n');
    await until('the news is everywhere', async () => !(await statuses(bob)).has(200));
    expect(await statuses(bob)).toEqual(new Set([401]));
    expect(await statuses(alice)).toEqual(new Set([200]));
  });
});

describe('explain, of the running instance', () => {
  it('sees the session of a cookie', async () => {
    const client = await world.logIn('/app');
    const cookie = `${sessionCookie}=${client.cookies(world.origin).get(sessionCookie)}`;
    const url = `${world.origin}/admins`;
    const { code, out } = await runCommand([
      ...['explain', 'GET', url, '--cookie', cookie, '--format', 'json'],
      ...['--admin', `unix:${socket}`, '--token-file', tokenFile],
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ decision: 'forward', session: { user: { sub: 'alice' } } });
  });
});

describe('the admin API is on no public listener (G6)', () => {
  it.each(['/v1/sessions', '/v1/config', '/_auth/v1/sessions', '/_auth/../v1/sessions', '/v1/reload'])(
    '%s reaches it neither through Envoy nor at the other listeners',
    async (path) => {
      world.upstream.clear();
      const authorization = `Bearer ${adminToken}`;
      const client = await world.logIn('/app');
      const answer = await client.send(`${world.origin}${path}`, { headers: { ...navigation, authorization } });
      expect(answer.body).not.toMatch(/sealed_instances|loaded_at/);
      const { http, ops } = world.configs[0]?.['listen'] ?? {};
      for (const address of [http, ops]) {
        const direct = await fetch(`http://${address}${path}`, { headers: { authorization, host: world.host } });
        expect(direct.status).toBeGreaterThanOrEqual(400);
        expect(await direct.text()).not.toMatch(/sealed_instances|loaded_at/);
      }
    },
  );
});
