import { createServer } from 'node:http';
import { received } from '../../examples/demo/received.ts';
import { type SpaPlaces, spaFile } from '../../examples/spa/files.ts';
import { atEnd } from './ends.ts';
import { listenOnLoopback } from './listen.ts';
import { ownIssuer } from './own-issuer.ts';
import type { RecordedRequest, UpstreamAnswer } from './recording-upstream.ts';
import { startWorld, type World } from './world.ts';

/** An instance of oauth-agent mode at `/agent/<name>`, whose API is at `/api/<name>/`. */
export interface SpaAgent {
  /** Of the instance, and prefix of its cookies. */
  readonly name: string;
  readonly state: 'store' | 'sealed';
  /** Names with `__Host-`, which with a store are the default. */
  readonly hostOnly?: true;
  /** The application's files come from another origin than agent and API, of the same site. */
  readonly isElsewhere?: true;
  /** Sallyport itself, with its pages for login and consent. Default: the provider of the world. */
  readonly provider?: 'own';
}

/** A world whose workload is the application of examples/spa, and an API that says what it received. */
export interface SpaWorld extends World {
  /** `http://127.0.0.1:<port>`: the other origin that serves the application. */
  readonly elsewhere: string;
  /** Has the application talk to this agent from now on. */
  workFor(agent: SpaAgent): void;
  originOf(agent: SpaAgent): string;
}

/** Starts a world with these agents. The end of the test file ends it. */
export async function startSpaWorld(agents: readonly SpaAgent[]): Promise<SpaWorld> {
  let places: SpaPlaces | undefined;
  const elsewhere = await startFileServer(() => places);
  const issuer = await ownIssuer();
  const world = await startWorld({
    adjust: (config) => {
      const external = config['providers'].test;
      issuer(config);
      config['providers'].external = external;
      const [origin] = config['origins'];
      const [client] = config['modes'].idp.clients;
      client.redirectUris.push(`${origin}/spa/`);
      client.postLogoutRedirectUris.push(`${origin}/spa/`);
      config['rules'].unshift({ path: { prefix: '/spa' }, use: 'public' });
      for (const agent of agents) {
        config['modes'][agent.name] = settingsOf(agent, origin, elsewhere);
        config['rules'].unshift({ path: { prefix: `/api/${agent.name}` }, use: agent.name });
      }
    },
  });
  const answer = () => world.upstream.answerWith((request) => workload(request, places));
  answer();
  return {
    ...world,
    elsewhere,
    originOf: ({ isElsewhere }) => (isElsewhere === true ? elsewhere : world.origin),
    workFor({ name, isElsewhere }) {
      const host = isElsewhere === true ? world.origin : '';
      places = { agent: `${host}/agent/${name}`, api: `${host}/api/${name}/`, cookiePrefix: name };
    },
    reset() {
      world.reset();
      answer();
    },
  };
}

function settingsOf(agent: SpaAgent, origin: string, elsewhere: string): unknown {
  const { name, state, hostOnly, isElsewhere, provider } = agent;
  return {
    mode: 'oauth-agent',
    provider: provider === 'own' ? 'test' : 'external',
    state,
    basePath: `/agent/${name}`,
    redirectUri: `${isElsewhere === true ? elsewhere : origin}/spa/`,
    cookie: { prefix: name, ...(state === 'store' && hostOnly === true ? {} : { hostOnly: hostOnly === true }) },
    ...(isElsewhere === true ? { trustedOrigins: [elsewhere], cors: { enabled: true } } : {}),
  };
}

async function startFileServer(places: () => SpaPlaces | undefined): Promise<string> {
  const server = createServer((request, response) => {
    const file = spaFile(new URL(request.url ?? '/', 'http://spa').pathname, places());
    if (file === undefined) response.writeHead(404).end();
    else response.writeHead(200, Object.fromEntries(file.headers)).end(file.body);
  });
  const origin = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  atEnd(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return origin;
}

function workload({ target, headers, body }: RecordedRequest, places: SpaPlaces | undefined): UpstreamAnswer {
  const file = spaFile(target.split('?')[0] ?? '', places);
  if (file !== undefined) return { headers: file.headers, body: asBytes(file.body) };
  const lines = received({ headers: {}, rawHeaders: headers.flat() }).headers;
  const answer = JSON.stringify({ headers: Object.fromEntries(lines), body });
  return { headers: [['content-type', 'application/json']], body: asBytes(answer) };
}

function asBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}
