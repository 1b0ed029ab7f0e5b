import { expect } from 'vitest';
import { scriptFetch } from '../support/browser-headers.ts';
import { createClient, type TestClient } from '../support/client.ts';
import { metricOf } from '../support/metrics.ts';
import { rawGet, sendRaw } from '../support/raw-http.ts';
import { until } from '../support/until.ts';
import { sessionCookie, type World } from '../support/world.ts';

/** The session id that a client's cookie holds. */
export function sessionIdOf(client: TestClient, world: World): string {
  return client.cookies(world.origin).get(sessionCookie) ?? '';
}

/** The random part of a session id: what is left without the name of its key. */
export function randomPartOf(id: string): string {
  return id.split('.').at(-1) ?? '';
}

/** The cookie of this id opens nothing on any replica, in the check or in the side service, once that was heard. */
export async function expectDead(world: World, id: string): Promise<void> {
  await until('the news is everywhere', async () => !(await userinfoOf(world, id)).includes(200));
  const headers = { cookie: `${sessionCookie}=${id}` };
  const asked = world.upstream.requests.length;
  const before = await Promise.all(world.replicas.map((replica) => metricOf(replica, 'sallyport_checks_total')));
  for (let tries = 0; tries < 2 * world.replicas.length; tries += 1) {
    const page = await createClient().open(`${world.origin}/orders`, { headers });
    expect([page.status, page.header('location')?.startsWith(world.provider.issuer)]).toEqual([302, true]);
    const script = await createClient().send(`${world.origin}/orders`, { headers: { ...scriptFetch, ...headers } });
    expect([script.status, script.values('set-cookie')]).toEqual([401, []]);
  }
  const after = await Promise.all(world.replicas.map((replica) => metricOf(replica, 'sallyport_checks_total')));
  for (const [index, count] of after.entries()) expect(count).toBeGreaterThan(before[index] ?? 0);
  expect(new Set(await userinfoOf(world, id))).toEqual(new Set([401]));
  expect(world.upstream.requests.length).toBe(asked);
}

/** The cookie of this id opens the workload for `user`, and every replica knows it. */
export async function expectAlive(world: World, id: string, user = 'alice'): Promise<void> {
  world.upstream.clear();
  const headers = { cookie: `${sessionCookie}=${id}` };
  expect((await createClient().open(`${world.origin}/orders`, { headers })).status).toBe(200);
  expect(world.upstream.requests.map((request) => request.values('x-auth-request-user'))).toEqual([[user]]);
  expect(new Set(await userinfoOf(world, id))).toEqual(new Set([200]));
}

/** What each replica's side service says to the cookie, past Envoy's choice between them. */
function userinfoOf(world: World, id: string): Promise<readonly number[]> {
  return Promise.all(
    world.configs.map(async (config) => {
      const port = Number(config['listen'].http.split(':')[1]);
      const request = rawGet('/_auth/userinfo', world.host, [`cookie: ${sessionCookie}=${id}`]);
      return (await sendRaw(port, request)).status;
    }),
  );
}
