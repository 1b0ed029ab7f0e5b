import { createClient, type TestClient } from '../support/client.ts';
import { until } from '../support/until.ts';
import { type ConfigDocument, startWorld, type World } from '../support/world.ts';
import { alice, type Person } from './people.ts';
import type { Subject } from './subject.ts';
import { type Visit, visit } from './visit.ts';

const rules = [
  { path: { prefix: '/company' }, use: 'web', require: { domains: ['example.com'] } },
  { path: { prefix: '/admins' }, use: 'web', require: { groups: ['admins'] } },
  { path: { prefix: '/' }, use: 'web' },
];

const headers = {
  'X-Auth-Request-User': 'sub',
  'X-Auth-Request-Email': 'email',
  'X-Auth-Request-Name': 'name',
  'X-Auth-Request-Groups': 'groups',
};

export interface JourneyWorld extends World {
  /** Logs in at the provider, from a path without a session. */
  arrive(client: TestClient, path?: string, person?: Person): Promise<Visit>;
  /** Both replicas anew, with settings of the provider that differ; `{}`: as at the start. */
  reconfigure(changes: Readonly<Record<string, unknown>>): Promise<void>;
}

/** A line of one of the replicas' logs. */
export async function logged(
  world: World,
  matches: (line: Readonly<Record<string, unknown>>) => boolean,
): Promise<Readonly<Record<string, unknown>>> {
  return await until('a line in the log', () => world.replicas.flatMap((replica) => replica.logs()).find(matches));
}

/** How long Envoy may go on believing what its last health check said: the interval is a second. */
const settledMs = 1500;

/** Envoy takes a moment to find replicas again that were away, and may lose them once more at its next health check. */
async function reached(world: World): Promise<void> {
  const client = createClient();
  const ten = Array.from({ length: 10 }, (_, index) => `${world.origin}${index % 2 === 0 ? '/' : '/_auth/userinfo'}`);
  let goodSince: number | undefined;
  await until('Envoy reaches both replicas', async () => {
    const begun = performance.now();
    const answers = await Promise.all(ten.map((url) => client.send(url)));
    goodSince = answers.every(({ status }) => status === 401) ? (goodSince ?? begun) : undefined;
    return goodSince !== undefined && performance.now() - goodSince > settledMs;
  });
}

/** Envoy, two Sallyport processes and Redis, with the provider as their only one. */
export async function startJourneyWorld(subject: Subject): Promise<JourneyWorld> {
  // So often that it happens in every test.
  const refresh = subject.discoveryPath === undefined ? {} : { metadataRefresh: '1s' };
  const world = await startWorld({
    store: 'redis',
    replicas: 2,
    rules,
    session: { headers },
    adjust: (config) => {
      config['providers'].test = { ...refresh, ...subject.settings };
    },
  });
  await subject.register(world.origin);
  return {
    ...world,
    async arrive(client, path = '/', person = alice) {
      const page = await visit(client, `${world.origin}${path}`);
      return await subject.logIn(client, page, person);
    },
    async reconfigure(changes) {
      const adjust = (config: ConfigDocument) => {
        config['providers'].test = { ...refresh, ...subject.settings, ...changes };
      };
      await Promise.all(world.replicas.map((_, index) => world.restart(index, adjust)));
      await reached(world);
    },
  };
}
