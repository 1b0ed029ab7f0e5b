import { navigation, scriptFetch } from './browser-headers.ts';
import { createClient, type TestClient } from './client.ts';
import { callbackUrlOf } from './login-steps.ts';
import { metricOf } from './metrics.ts';
import { type Passage, type RefreshGates, startRefreshGates } from './refresh-gates.ts';
import { until } from './until.ts';
import { sessionCookie, startWorld, type World, type WorldOptions } from './world.ts';

/** A browser with a session that nothing was asked with yet, so that no process can have replaced its token. */
export interface Visitor {
  readonly client: TestClient;
  /** What it sends as Cookie. */
  readonly cookie: string;
  /** Its access token has certainly ended then, in milliseconds since the epoch. */
  readonly endsAt: number;
}

/** A world whose processes reach the provider through gates. */
export interface RefreshWorld {
  readonly world: World;
  readonly gates: RefreshGates;
  /** Somebody who has just logged in and whose access token lives so many seconds. */
  logIn(seconds: number): Promise<Visitor>;
  /** Somebody whose access token has ended; the ones that are made of it live long. */
  expired(): Promise<Visitor>;
  /** What a page answers: `200`, `302 to login`, `503 2`. */
  open(visitor: Visitor, path?: string): Promise<string>;
  /** What a script's request gets. */
  fetch(visitor: Visitor, path?: string): Promise<string>;
  /** Every Authorization that the workload saw. */
  authorizations(): ReadonlySet<string>;
  /** The one that goes with the tokens that were issued last. */
  newest(): string;
  /** Forgets what gates, workload and provider saw or were told. */
  reset(): void;
}

/** How long an access token lives that is to end soon. Long enough for a login on a busy machine. */
const shortLife = 2;

/** Starts it with `visitors` logged in whose tokens have ended; more of them cost time. */
export async function startRefreshWorld(options: WorldOptions = {}, visitors = 0): Promise<RefreshWorld> {
  const gates = await startRefreshGates(options.replicas ?? 1);
  let index = 0;
  const world = await startWorld({
    ...options,
    adjust: (config) => {
      gates.leadTo(config['providers'].test.issuer);
      config['providers'].test.backChannelUrl = gates.origins[index];
      index += 1;
      options.adjust?.(config);
    },
  });
  await allAreAsked(world);

  async function logIn(seconds: number): Promise<Visitor> {
    world.provider.accessTokensLive(seconds);
    const client = createClient();
    const answer = await client.open(await callbackUrlOf(client, world.origin, '/app'));
    const cookie = client.cookieHeader(world.origin);
    if (!cookie.includes(sessionCookie)) throw new Error(`no session: ${answer.status} ${answer.body.slice(0, 300)}`);
    world.provider.accessTokensLive(3600);
    return { client, cookie, endsAt: Date.now() + seconds * 1000 };
  }

  const pool: Visitor[] = [];
  for (let count = 0; count < visitors; count += 1) pool.push(await logIn(shortLife));

  async function ask(visitor: Visitor, path: string, headers: Readonly<Record<string, string>>): Promise<string> {
    const answer = await visitor.client.send(`${world.origin}${path}`, { headers });
    const isLogin = answer.header('location')?.startsWith(world.provider.issuer) === true;
    return `${answer.status} ${isLogin ? 'to login' : (answer.header('retry-after') ?? '')}`.trim();
  }

  return {
    world,
    gates,
    logIn,
    async expired() {
      const visitor = pool.shift() ?? (await logIn(shortLife));
      await ended(visitor);
      return visitor;
    },
    open: (visitor, path = '/orders') => ask(visitor, path, navigation),
    fetch: (visitor, path = '/orders') => ask(visitor, path, scriptFetch),
    authorizations: () => new Set(world.upstream.requests.map((request) => request.values('authorization').join())),
    newest: () => `Bearer ${gates.lastTokens()['access_token']}`,
    reset: () => {
      gates.reset();
      world.reset();
    },
  };
}

/** Its access token has ended. */
export async function ended({ endsAt }: Visitor): Promise<void> {
  await until('the access token has ended', () => Date.now() > endsAt);
}

/** Envoy knows every process: its connections are there. What the workload saw of that is forgotten. */
export async function allAreAsked({ origin, replicas, upstream }: World): Promise<void> {
  const forwards = () =>
    Promise.all(replicas.map((replica) => metricOf(replica, 'sallyport_checks_total', 'decision="forward"')));
  const before = await forwards();
  await until('Envoy asks every process', async () => {
    await createClient().send(`${origin}/public/probe`);
    return (await forwards()).every((count, index) => count > (before[index] ?? 0));
  });
  upstream.clear();
}

/** Refreshes that are held at the gates. */
export interface Held {
  /** The first that came. */
  readonly first: Promise<Passage>;
  /** Lets them go, and all that come later. */
  release(): void;
}

/**
 * Holds every refresh from now on: before the provider sees it (`request`), or when it has answered, and rotated the
 * token, and nobody knows yet (`answer`).
 */
export function hold(gates: RefreshGates, what: 'request' | 'answer'): Held {
  const first = Promise.withResolvers<Passage>();
  const released = Promise.withResolvers<void>();
  gates.onRefresh(async (passage) => {
    const early = what === 'answer' ? await passage.forward() : undefined;
    first.resolve(passage);
    await released.promise;
    // Who has died takes his request with him.
    if (passage.isAbandoned()) return;
    passage.send(early ?? (await passage.forward()));
  });
  return { first: first.promise, release: released.resolve };
}
