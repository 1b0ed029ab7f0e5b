import { type AgentClient, type AgentPlace, createAgentClient } from './agent-client.ts';
import { type ConfigDocument, startWorld, type World, type WorldOptions } from './world.ts';

/** The page's origin where it is another than that of its APIs. Nobody listens there. */
export const spaOrigin = 'http://127.0.0.1:5173';

export interface AgentWorldOptions extends Omit<WorldOptions, 'session'> {
  readonly state: 'store' | 'sealed';
  /** The page is at another origin than its APIs, {@link spaOrigin}, and CORS is on. Default: true. */
  readonly cors?: boolean;
  /** Further settings of the instance `spa`. Those of `cors` are added to those above. */
  readonly agent?: Readonly<Record<string, unknown>>;
}

/** A world whose instance `spa` is an OAuth agent, with APIs behind its check. */
export interface AgentWorld extends Omit<World, 'logIn'>, AgentPlace {
  /** A browser that is logged in nowhere. */
  newClient(): AgentClient;
  /** A new client that has logged in. */
  logIn(): Promise<AgentClient>;
}

/**
 * Starts a world with an OAuth agent: `/api` needs a session, `/own` takes a client's own Authorization as well,
 * `/public` is open, the rest is refused. With sealed sessions the store is none, unless `store` says otherwise.
 */
export async function startAgentWorld(options: AgentWorldOptions): Promise<AgentWorld> {
  const { state, cors = true, agent = {}, ...rest } = options;
  const world = await startWorld({
    store: state === 'sealed' ? 'sealed' : (options.replicas ?? 1) > 1 ? 'redis' : 'memory',
    rules: agentRules,
    ...rest,
    adjust: (config) => {
      config['modes'] = { spa: instanceOf(config, { state, cors, agent }) };
      options.adjust?.(config);
    },
  });
  const place = {
    apiOrigin: world.origin,
    spaOrigin: cors ? spaOrigin : world.origin,
    redirectUri: `${cors ? spaOrigin : world.origin}/callback`,
  };
  const newClient = () => createAgentClient(place);
  return {
    ...world,
    ...place,
    newClient,
    async logIn() {
      const client = newClient();
      await client.logIn();
      return client;
    },
  };
}

const agentRules = [
  { path: { prefix: '/public' }, use: 'public' },
  { path: { prefix: '/own' }, use: 'spa', require: { clientAuthorization: true } },
  { path: { prefix: '/api' }, use: 'spa' },
  { path: { prefix: '/' }, use: 'deny' },
];

function instanceOf(
  config: ConfigDocument,
  { state, cors, agent }: Required<Pick<AgentWorldOptions, 'state' | 'cors' | 'agent'>>,
): ConfigDocument {
  const origin = cors ? spaOrigin : config['origins'][0];
  return {
    mode: 'oauth-agent',
    provider: 'test',
    state,
    redirectUri: `${origin}/callback`,
    postLogoutRedirectUri: `${origin}/goodbye`,
    // One user logs in again and again in some tests, and all his sessions are to live.
    ...(state === 'store' ? { maxSessionsPerUser: 100_000 } : {}),
    // The same names in both states; a store alone would have the prefix `__Host-`.
    cookie: { hostOnly: false },
    ...(cors ? { trustedOrigins: [origin] } : {}),
    ...agent,
    ...(cors ? { cors: { enabled: true, ...Object(agent['cors']) } } : {}),
  };
}
