import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, type TestClient } from './client.ts';
import { type EnvoyHandle, type RedisHandle, startEnvoy, startRedis } from './environment.ts';
import { withFreePorts } from './ports.ts';
import { startProvider, type TestProvider } from './provider.ts';
import { type RecordingUpstream, startRecordingUpstream } from './recording-upstream.ts';
import { startRedisCluster } from './redis-cluster.ts';
import { type RedisDeployment, standalone } from './redis-deployment.ts';
import { startRedisSentinel } from './redis-sentinel.ts';
import { freshKeyRing, runSallyport, type SallyportProcess, startSallyport } from './sallyport.ts';
import { tempFolder } from './temp-folder.ts';

/** The cookies of the session instance of a world. */
export const sessionCookie = '__Host-sallyport';
export const bindingCookie = '__Host-sallyport-login';

/** A configuration as YAML would hold it; `adjust` may change anything. */
// biome-ignore lint/suspicious/noExplicitAny: the tests write wrong configurations too
export type ConfigDocument = Record<string, any>;

const stores = ['memory', 'redis', 'sentinel', 'cluster', 'sealed'] as const;

type WorldStore = (typeof stores)[number];

export interface WorldOptions {
  /** `sealed`: none, and sessions in cookies. Default: as TEST_STORE says; without it `memory`, with more than one replica `redis`. */
  readonly store?: WorldStore;
  readonly replicas?: number;
  /** Takes the place of the rules: `/public` open, `/denied` refused, everything else needs a session. */
  readonly rules?: readonly unknown[];
  /** Further settings of the session instance `web`. */
  readonly session?: Readonly<Record<string, unknown>>;
  readonly adjust?: (config: ConfigDocument) => void;
  /** Port of a workload that takes the place of the recording one; for measurements. */
  readonly workload?: number;
}

/** Envoy with the generated configuration, Sallyport processes, a store, a provider and a recording workload. */
export interface World {
  /** `http://127.0.0.1:<port of Envoy>` */
  readonly origin: string;
  /** `127.0.0.1:<port of Envoy>` */
  readonly host: string;
  readonly port: number;
  readonly folder: string;
  readonly upstream: RecordingUpstream;
  readonly provider: TestProvider;
  readonly envoy: EnvoyHandle;
  /** The store's processes; undefined where it has none. */
  readonly store: RedisDeployment | undefined;
  /** The one process of the store `redis`; undefined with any other. */
  readonly redis: RedisHandle | undefined;
  readonly replicas: readonly SallyportProcess[];
  /** One configuration for each replica, as it was written. */
  readonly configs: readonly ConfigDocument[];
  /** The key ring that all replicas share. */
  readonly keyRing: string;
  /** A new client that has logged in and stands on `path`. */
  logIn(path?: string): Promise<TestClient>;
  /** Ends a replica and starts it again on the same ports, with a changed configuration if `adjust` says so. */
  restart(
    index: number,
    adjust?: (config: ConfigDocument) => void,
    env?: Readonly<Record<string, string>>,
  ): Promise<SallyportProcess>;
  /** Forgets what upstream and provider recorded or were told. */
  reset(): void;
}

/** Starts a world. The end of the test file ends it. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const { replicas: count = 1 } = options;
  const kind = storeOf(options);
  const [folder, upstream, provider, { store, redis }] = await Promise.all([
    tempFolder(),
    startRecordingUpstream(),
    startProvider(),
    startStore(kind),
  ]);
  const keyRing = freshKeyRing();
  await writeFile(join(folder, 'keys.json'), keyRing);
  await writeFile(join(folder, 'client-secret'), provider.clientSecret);

  return await withFreePorts(1 + 3 * count, async ([port = 0, ...ports]) => {
    const addresses = Array.from({ length: count }, (_, index) => {
      const [authz, http, ops] = ports.slice(3 * index, 3 * index + 3).map((each) => `127.0.0.1:${each}`);
      return { authz, http, ops };
    });
    const configs = addresses.map((listen) => {
      const config = configOf(options, {
        port,
        listen,
        provider,
        store: { type: store === undefined ? 'memory' : 'redis', ...store?.settings },
        // One user logs in again and again in some tests, and all his sessions are to live.
        session: kind === 'sealed' ? { state: 'sealed' } : { maxSessionsPerUser: 100_000 },
        workload: options.workload ?? upstream.port,
        replicas: addresses,
      });
      options.adjust?.(config);
      return config;
    });
    const fileOf = (index: number) => join(folder, `sallyport-${index}.yaml`);
    const processes = await Promise.all(configs.map((config, index) => startSallyport(fileOf(index), config)));
    const generated = await runSallyport('envoy', '--config', fileOf(0));
    if (generated.code !== 0) throw new Error(`sallyport envoy: ${generated.output}`);
    const envoy = await startEnvoy(generated.stdout);
    const origin = `http://127.0.0.1:${port}`;

    return {
      origin,
      host: `127.0.0.1:${port}`,
      port,
      folder,
      upstream,
      provider,
      envoy,
      store,
      redis,
      replicas: processes,
      configs,
      keyRing,
      async logIn(path = '/') {
        const client = createClient();
        const answer = await client.follow(`${origin}${path}`);
        if (answer.status !== 200 || !client.cookies(origin).has(sessionCookie)) {
          throw new Error(`log-in ended at ${answer.url} with ${answer.status}: ${answer.body.slice(0, 500)}`);
        }
        return client;
      },
      async restart(index, adjust, env) {
        const config = configs[index];
        if (config === undefined) throw new Error(`there is no replica ${index}`);
        adjust?.(config);
        await processes[index]?.stop();
        const started = await startSallyport(fileOf(index), config, env);
        processes[index] = started;
        return started;
      },
      reset() {
        upstream.clear();
        upstream.answerWith(() => ({}));
        provider.reset();
      },
    };
  });
}

/** Throws for replicas on a store that they could not share: such a test belongs into other projects. */
function storeOf({ store, replicas = 1 }: WorldOptions): WorldStore {
  const named = process.env['TEST_STORE'];
  const known = stores.find((each) => each === named);
  if (named !== undefined && known === undefined) throw new Error(`TEST_STORE is one of ${stores}, not ${named}`);
  const chosen = store ?? known ?? (replicas > 1 ? 'redis' : 'memory');
  if (replicas > 1 && chosen === 'memory') throw new Error('replicas cannot share sessions in memory');
  return chosen;
}

async function startStore(
  kind: WorldStore,
): Promise<{ readonly store: RedisDeployment | undefined; readonly redis: RedisHandle | undefined }> {
  switch (kind) {
    case 'memory':
    case 'sealed':
      return { store: undefined, redis: undefined };
    case 'redis': {
      const redis = await startRedis();
      return { store: standalone(redis), redis };
    }
    case 'sentinel':
      return { store: await startRedisSentinel(), redis: undefined };
    case 'cluster':
      return { store: await startRedisCluster(), redis: undefined };
  }
}

interface Parts {
  readonly port: number;
  readonly listen: unknown;
  readonly provider: TestProvider;
  readonly store: unknown;
  readonly session: Readonly<Record<string, unknown>>;
  readonly workload: number;
  readonly replicas: readonly { readonly authz: unknown; readonly http: unknown }[];
}

function configOf(options: WorldOptions, parts: Parts): ConfigDocument {
  const { provider } = parts;
  return {
    origins: [`http://127.0.0.1:${parts.port}`],
    listen: parts.listen,
    keys: { file: 'keys.json' },
    store: parts.store,
    providers: {
      test: {
        issuer: provider.issuer,
        allowHttp: true,
        clientId: provider.clientId,
        clientSecret: { file: 'client-secret' },
        scopes: ['openid', 'profile', 'email', 'groups'],
      },
    },
    modes: { web: { mode: 'session', provider: 'test', ...parts.session, ...options.session } },
    rules: options.rules ?? [
      { path: { prefix: '/public' }, use: 'public' },
      { path: { prefix: '/denied' }, use: 'deny' },
      { path: { prefix: '/admins' }, use: 'web', require: { groups: ['admins'] } },
      { path: { prefix: '/' }, use: 'web' },
    ],
    envoy: {
      listen: `127.0.0.1:${parts.port}`,
      workload: `127.0.0.1:${parts.workload}`,
      replicas: parts.replicas.map(({ authz, http }) => ({ authz, http })),
    },
    log: { level: 'debug' },
    // Tests of the delay itself set it.
    shutdown: { delay: '0s' },
  };
}
