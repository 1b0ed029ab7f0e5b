import { expect } from 'vitest';
import { createClient, type TestClient } from './client.ts';
import { seenSecrets } from './seen-secrets.ts';
import { sessionCookie, type World } from './world.ts';

/** The client of each world that asks whether all is well; it logs in once. */
const clients = new WeakMap<World, TestClient>();

/**
 * What every case demands of its end: the processes live, the next valid request works, and no secret stands in a
 * log. Resets the world first. `path` needs a session and lets alice in.
 */
export async function expectHealthy(world: World, path = '/aftermath'): Promise<void> {
  world.reset();
  for (const { opsUrl } of world.replicas) expect((await fetch(`${opsUrl}/healthz`)).status).toBe(200);
  await expectNextRequestToWork(world, path);
  expectNoSecretInLogs(world);
}

async function expectNextRequestToWork(world: World, path: string): Promise<void> {
  const client = clients.get(world) ?? createClient();
  clients.set(world, client);
  // A session that the case ended (all sessions, a flushed store) costs a login; it must lead to the page.
  const answer = await client.follow(`${world.origin}${path}`);
  expect(`${answer.status} ${answer.url}`).toBe(`200 ${world.origin}${path}`);
  expect(client.cookies(world.origin).has(sessionCookie)).toBe(true);
  const [request, ...further] = world.upstream.requests;
  expect(further).toEqual([]);
  expect(request?.target).toBe(path);
  expect(request?.values('x-auth-request-user')).toEqual(['alice']);
  world.upstream.clear();
}

/** Looks for everything secret that this test file issued in what Sallyport and Envoy wrote so far. */
export function expectNoSecretInLogs(world: Pick<World, 'provider' | 'keyRing' | 'envoy' | 'replicas'>): void {
  const secrets = [world.provider.clientSecret, ...keyRingSecrets(world.keyRing), ...seenSecrets()];
  const spellings = new Set(secrets.flatMap((secret) => [secret, encodeURIComponent(secret)]));
  for (const [name, text] of [
    ['Envoy', world.envoy.output()],
    ...world.replicas.map((replica, index) => [`replica ${index}`, replica.output()] as const),
  ] as const) {
    const leaked = [...spellings].filter((secret) => text.includes(secret));
    expect(leaked, `secrets in the log of ${name}`).toEqual([]);
  }
}

/** Every text of the key ring that is long enough to be a key. */
function keyRingSecrets(keyRing: string): readonly string[] {
  const texts: string[] = [];
  JSON.parse(keyRing, (_key, value: unknown) => {
    if (typeof value === 'string' && value.length >= 32) texts.push(value);
    return value;
  });
  return texts;
}
