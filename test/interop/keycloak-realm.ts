import type { JsonWebKey } from 'node:crypto';
import type { Keycloak } from './keycloak-server.ts';
import { people } from './people.ts';

/** How Sallyport proves itself to Keycloak. */
export type KeycloakAuthentication =
  | { readonly kind: 'secret'; readonly secret: string }
  /** private_key_jwt (RFC 7523 §2.2) with this public key. */
  | { readonly kind: 'jwt'; readonly publicKey: JsonWebKey; readonly algorithm: string }
  /** tls_client_auth (RFC 8705 §2.1) with a certificate of this subject. */
  | { readonly kind: 'tls'; readonly subject: string };

export interface KeycloakClient {
  readonly clientId: string;
  readonly authentication: KeycloakAuthentication;
  /** Authorization requests that did not come by PAR are refused (RFC 9126 §6). */
  readonly demandsPar?: boolean;
}

/** A realm with alice, bob and their groups. */
export interface Realm {
  /** The path of its issuer. */
  readonly path: string;
  /** Registers a client for the site at `origin`; users are asked for their consent. */
  addClient(client: KeycloakClient, origin: string): Promise<void>;
  /** From now on another key signs; the old ones stay published. */
  rotateKeys(): Promise<void>;
  renameUser(username: string, firstName: string): Promise<void>;
  /** As an administrator: ends all sessions of a user. */
  logOutUser(username: string): Promise<void>;
}

/** Creates a realm. `settings`: members of its representation that differ. */
export async function createRealm(
  keycloak: Keycloak,
  name: string,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Realm> {
  await keycloak.admin('POST', '', { ...representation(name), ...settings });
  let rotations = 0;

  async function userOf(username: string): Promise<{ readonly id: string }> {
    const found = await keycloak.admin('GET', `/${name}/users?exact=true&username=${username}`);
    const [user] = found as readonly { readonly id: string }[]; // its UserRepresentation
    if (user === undefined) throw new Error(`Keycloak does not know ${username}`);
    return user;
  }

  return {
    path: `/realms/${name}`,
    async addClient(client, origin) {
      await keycloak.admin('POST', `/${name}/clients`, clientRepresentation(client, origin));
    },
    async rotateKeys() {
      rotations += 1;
      await keycloak.admin('POST', `/${name}/components`, {
        name: `rotation-${rotations}`,
        providerId: 'rsa-generated',
        providerType: 'org.keycloak.keys.KeyProvider',
        config: { priority: [String(1000 + rotations)], enabled: ['true'], active: ['true'], algorithm: ['RS256'] },
      });
    },
    async renameUser(username, firstName) {
      const user = await userOf(username);
      await keycloak.admin('PUT', `/${name}/users/${user.id}`, { ...user, firstName });
    },
    async logOutUser(username) {
      await keycloak.admin('POST', `/${name}/users/${(await userOf(username)).id}/logout`);
    },
  };
}

function representation(name: string): Readonly<Record<string, unknown>> {
  return {
    realm: name,
    enabled: true,
    sslRequired: 'none',
    groups: [{ name: 'staff' }, { name: 'admins' }],
    users: people.map((person) => ({
      username: person.username,
      enabled: true,
      email: person.email,
      emailVerified: person.hasVerifiedEmail,
      firstName: person.firstName,
      lastName: person.lastName,
      groups: person.groups.map((group) => `/${group}`),
      credentials: [{ type: 'password', value: person.password }],
    })),
  };
}

function clientRepresentation(client: KeycloakClient, origin: string): Readonly<Record<string, unknown>> {
  const groups = {
    name: 'groups',
    protocol: 'openid-connect',
    protocolMapper: 'oidc-group-membership-mapper',
    config: { 'claim.name': 'groups', 'full.path': 'false', 'id.token.claim': 'true', 'userinfo.token.claim': 'true' },
  };
  const { attributes, ...authentication } = authenticationOf(client.authentication);
  return {
    clientId: client.clientId,
    protocol: 'openid-connect',
    publicClient: false,
    standardFlowEnabled: true,
    directAccessGrantsEnabled: false,
    consentRequired: true,
    redirectUris: [`${origin}/_auth/callback`],
    webOrigins: [],
    protocolMappers: [groups],
    ...authentication,
    attributes: {
      'post.logout.redirect.uris': `${origin}/_auth/logout/callback`,
      'pkce.code.challenge.method': 'S256',
      'require.pushed.authorization.requests': String(client.demandsPar ?? false),
      ...attributes,
    },
  };
}

function authenticationOf(authentication: KeycloakAuthentication): Readonly<Record<string, unknown>> & {
  readonly attributes: Readonly<Record<string, string>>;
} {
  switch (authentication.kind) {
    case 'secret':
      return { clientAuthenticatorType: 'client-secret', secret: authentication.secret, attributes: {} };
    case 'jwt':
      return {
        clientAuthenticatorType: 'client-jwt',
        attributes: {
          'use.jwks.string': 'true',
          'jwks.string': JSON.stringify({ keys: [authentication.publicKey] }),
          'token.endpoint.auth.signing.alg': authentication.algorithm,
        },
      };
    case 'tls':
      return { clientAuthenticatorType: 'client-x509', attributes: { 'x509.subjectdn': authentication.subject } };
  }
}
