import { request } from 'node:http';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startAdminReplicas } from '../support/admin-replicas.ts';
import { adminToken } from '../support/admin-world.ts';
import { expectHealthy } from '../support/aftermath.ts';
import { createClient, type TestClient } from '../support/client.ts';
import { logoutTokenOf, postLogoutToken } from '../support/logout-token.ts';
import { type ReplicaCheck, replicaChecks } from '../support/replica-checks.ts';
import { runCommand } from '../support/terminal.ts';
import { until } from '../support/until.ts';
import { sessionCookie, type World } from '../support/world.ts';

// Four processes that share a store. How soon is measured by bench/revocation.ts; here it is that, and that it lasts.

let world: World;
let checks: readonly ReplicaCheck[];
let socket: string;
let tokenFile: string;

beforeAll(async () => {
  ({ world, socket, tokenFile } = await startAdminReplicas(4));
  checks = replicaChecks(world);
});
beforeEach(() => world.reset());
afterEach(() => expectHealthy(world));

/** What every replica says to the cookie of a session. */
async function statuses(id: string): Promise<ReadonlySet<number>> {
  return new Set(await Promise.all(checks.map((check) => check.ask(id))));
}

function idOf(client: TestClient): string {
  return client.cookies(world.origin).get(sessionCookie) ?? '';
}

const commandLine = (...words: readonly string[]) =>
  runCommand(['session', ...words, '--admin', `unix:${socket}`, '--token-file', tokenFile]);

/** The status of an answer of the admin API of the first replica. */
async function admin(method: string, path: string): Promise<number> {
  const headers = { authorization: `Bearer ${adminToken}` };
  return await new Promise((resolve, reject) => {
    request({ socketPath: socket, method, path, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe('S2 a session that all replicas keep open is refused by all of them, and for good', () => {
  it.each<[how: string, end: (client: TestClient) => Promise<unknown>, outcome: unknown]>([
    [
      'after a logout at one of them',
      async (client) => {
        const url = `http://${world.configs[2]?.['listen'].http}/_auth/logout`;
        const headers = { host: world.host, origin: world.origin, cookie: client.cookieHeader(world.origin) };
        return (await createClient().send(url, { method: 'POST', headers })).status;
      },
      303,
    ],
    ['after `sallyport session end`', async () => (await commandLine('end', '--user', 'alice')).code, 0],
    ['after a request to the admin API', () => admin('DELETE', '/v1/sessions?user=alice@example.com'), 200],
    ['after the end of all sessions', async () => (await commandLine('end', '--all', '--yes')).code, 0],
    ['after a back-channel logout', async () => postLogoutToken(world, await logoutTokenOf(world)), 200],
    [
      'after another login in this browser',
      async (client) => (await client.follow(`${world.origin}/_auth/login`)).status,
      200,
    ],
  ])('%s', async (_, end, outcome) => {
    const client = await world.logIn('/app');
    const id = idOf(client);
    for (let rounds = 0; rounds < 2; rounds += 1) expect(await statuses(id)).toEqual(new Set([200]));
    expect(await end(client)).toBe(outcome);
    await until('the news is everywhere', async () => !(await statuses(id)).has(200));
    for (let rounds = 0; rounds < 5; rounds += 1) expect(await statuses(id)).toEqual(new Set([401]));
  });
});
