import { expect } from 'vitest';
import { expectNoSecretInLogs } from './aftermath.ts';
import type { AgentClient } from './agent-client.ts';
import type { AgentWorld } from './agent-world.ts';

/** The client of each world that asks whether all is well; it logs in once. */
const clients = new WeakMap<AgentWorld, AgentClient>();

/**
 * What every case demands of its end, for a world with an OAuth agent: the processes live, the next valid request
 * works, and no secret stands in a log. Resets the world first.
 */
export async function expectHealthyAgent(world: AgentWorld): Promise<void> {
  world.reset();
  for (const { opsUrl } of world.replicas) expect((await fetch(`${opsUrl}/healthz`)).status).toBe(200);
  const client = clients.get(world) ?? world.newClient();
  clients.set(world, client);
  if ((await client.session()).json()['isLoggedIn'] !== true) await client.logIn();
  const answer = await client.api('/api/aftermath', { method: 'POST' });
  expect([answer.status, answer.body]).toEqual([200, 'workload']);
  const [request, ...further] = world.upstream.requests;
  expect(further).toEqual([]);
  expect(request?.values('authorization')).toEqual([expect.stringMatching(/^Bearer \S+$/)]);
  expect(request?.values('cookie')).toEqual([]);
  world.upstream.clear();
  expectNoSecretInLogs(world);
}
