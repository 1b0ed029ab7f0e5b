// oidc-provider with its own pages, as an independent process on a port of 127.0.0.1 that the kernel chose and that
// the first line of the output names. What it needs comes through the environment: INTEROP_ISSUER (where browsers and
// clients reach it), INTEROP_PEOPLE, INTEROP_KEYS (a JWKS with private keys), INTEROP_LIFETIME (seconds that an access
// token lives), INTEROP_CONTROL (the secret of whoever started it; proves that this server is theirs).
import { createServer, type IncomingMessage } from 'node:http';
import { type ClientMetadata, interactionPolicy, type JWKS, Provider } from 'oidc-provider';
import { listenOnLoopback } from '../../support/listen.ts';
import type { Person } from '../people.ts';

const people = new Map(
  (JSON.parse(variable('INTEROP_PEOPLE')) as readonly Person[]).map((person) => [person.username, person]), // the starter writes it
);

/** Clients that came after the start. */
const clients: ClientMetadata[] = [];

/** What users allowed. */
const grants: { readonly accountId: string; readonly grantId: string }[] = [];

/** Its clients cannot change, so each new one makes a new provider; nobody is logged in by then. */
function newProvider(): Provider {
  const provider = new Provider(variable('INTEROP_ISSUER'), {
    clients,
    jwks: JSON.parse(variable('INTEROP_KEYS')) as JWKS, // the starter writes it
    cookies: { keys: [variable('INTEROP_CONTROL')] },
    ttl: { AccessToken: Number(variable('INTEROP_LIFETIME')) },
    // Each is used once. By itself it gives one for `offline_access` alone, and keeps those of confidential clients.
    issueRefreshToken: async (_context, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    scopes: ['openid', 'profile', 'email', 'groups'],
    claims: { profile: ['name'], email: ['email', 'email_verified'], groups: ['groups'] },
    features: {
      backchannelLogout: { enabled: true },
      devInteractions: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    findAccount: (_context, id) => {
      const person = people.get(id);
      return person === undefined ? undefined : { accountId: id, claims: () => claimsOf(person) };
    },
    interactions: { policy: interactionPolicy.base() },
  });
  provider.on('refresh_token.saved', ({ accountId = '', grantId = '' }) => grants.push({ accountId, grantId }));
  return provider;
}

function claimsOf(person: Person) {
  return {
    sub: person.username,
    name: `${person.firstName} ${person.lastName}`,
    email: person.email,
    email_verified: person.hasVerifiedEmail,
    groups: [...person.groups],
  };
}

let provider = newProvider();
let handle = provider.callback();

async function obey(path: string, text: string): Promise<void> {
  if (path === '/control/clients') {
    clients.push(JSON.parse(text) as ClientMetadata); // the provider checks it
    provider = newProvider();
    handle = provider.callback();
    return;
  }
  const { username } = JSON.parse(text) as { readonly username: string }; // the starter writes it
  for (const { grantId } of grants.filter(({ accountId }) => accountId === username)) {
    await Promise.all([provider.RefreshToken.revokeByGrantId(grantId), provider.AccessToken.revokeByGrantId(grantId)]);
  }
}

const server = createServer((request, response) => {
  const path = request.url ?? '';
  if (path !== '/control/clients' && path !== '/control/revoke') return void handle(request, response);
  if (request.headers['x-control'] !== variable('INTEROP_CONTROL')) return void response.writeHead(403).end();
  void textOf(request)
    .then((text) => obey(path, text))
    .then(() => response.writeHead(201).end());
});
process.stdout.write(`serving on ${await listenOnLoopback(server)}\n`);

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}
