import { createClient } from '../support/client.ts';
import { navigationLines } from '../support/login-steps.ts';
import { sessionCookie, startWorld, type World } from '../support/world.ts';

/** Claims that fill every configured header; the subject is alice. */
export const fullClaims = {
  email: 'alice@example.com',
  email_verified: true,
  name: 'Alice Adams',
  groups: ['staff', 'admins'],
  department: 'research',
} as const;

/** What the workload must see of a session with {@link fullClaims}. */
export const identity: readonly (readonly [name: string, value: string])[] = [
  ['x-auth-request-user', 'alice'],
  ['x-auth-request-email', 'alice@example.com'],
  ['x-auth-request-name', 'Alice Adams'],
  ['x-auth-request-groups', 'staff,admins'],
  // Names without our prefix: managed because the configuration names them.
  ['x-user-department', 'research'],
  ['remote-user', 'alice'],
];

/** Headers for claims that nobody has, named as what every JavaScript object has. */
const inherited = { 'X-Claim-Constructor': 'constructor', 'X-Claim-Prototype': '__proto__' };

/**
 * 127.0.0.1 is protected with a few exceptions; on localhost all is public. `/quiet` has an instance of its own that
 * sends no token.
 */
export async function startHeadersWorld(): Promise<World> {
  return await startWorld({
    session: {
      headers: {
        'X-Auth-Request-User': 'sub',
        'X-Auth-Request-Email': 'email',
        'X-Auth-Request-Name': 'name',
        'X-Auth-Request-Groups': 'groups',
        'X-User-Department': 'department',
        'Remote-User': 'sub',
        ...inherited,
      },
    },
    adjust: (config) => {
      const other = config['origins'][0].replace('127.0.0.1', 'localhost');
      config['origins'].push(other);
      config['modes'].quiet = {
        mode: 'session',
        provider: 'test',
        basePath: '/_quiet',
        cookie: { name: 'quiet' },
        forwardAccessToken: false,
        headers: { 'X-Quiet-User': 'sub' },
      };
      config['rules'] = [
        { hosts: [new URL(other).host], use: 'public' },
        { path: { prefix: '/public' }, use: 'public' },
        { path: { prefix: '/open' }, use: 'public', keepAuthorization: true },
        { path: { prefix: '/form' }, methods: ['GET', 'HEAD'], use: 'public' },
        { path: { prefix: '/quiet' }, use: 'quiet' },
        { path: { prefix: '/' }, use: 'web' },
      ];
    },
  });
}

/** `name=value` of a new session of alice with {@link fullClaims}; `path` begins the login, `cookie` is its instance's. */
export async function fullSession(world: World, path = '/', cookie = sessionCookie): Promise<string> {
  world.provider.logInAs('alice', fullClaims);
  const client = createClient();
  const answer = await client.follow(`${world.origin}${path}`);
  const value = client.cookies(world.origin).get(cookie);
  if (answer.status !== 200 || value === undefined) throw new Error(`the login ended with ${answer.status}`);
  return `${cookie}=${value}`;
}

/** A person opens a page; a program asks for one. */
export const senders: readonly (readonly [sender: string, lines: readonly string[]])[] = [
  ['a navigation', navigationLines],
  ['a program', []],
];
