import { startGate } from './gate.ts';
import { answerKeycloak } from './keycloak-pages.ts';
import type { KeycloakClient, Realm } from './keycloak-realm.ts';
import type { Keycloak } from './keycloak-server.ts';
import type { Subject } from './subject.ts';

export interface KeycloakSetUp {
  readonly realm: Realm;
  readonly client: KeycloakClient;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly wrongCredentials: Readonly<Record<string, unknown>>;
}

/** A realm of Keycloak with one client, behind a gate. */
export async function keycloakSubject(keycloak: Keycloak, setUp: KeycloakSetUp): Promise<Subject> {
  const { realm, client, settings, wrongCredentials } = setUp;
  const gate = await startGate(keycloak.port);
  const connect = `${realm.path}/protocol/openid-connect`;
  return {
    gate,
    settings: { issuer: `${gate.origin}${realm.path}`, allowHttp: true, clientId: client.clientId, ...settings },
    wrongCredentials,
    register: (origin) => realm.addClient(client, origin),
    logIn: (browser, page, person) => answerKeycloak(browser, page, person, 'accept'),
    decline: (browser, page, person) => answerKeycloak(browser, page, person, 'cancel'),
    // With an ID token as hint it asks nothing.
    logOut: async (_browser, page) => page,
    userinfoPath: `${connect}/userinfo`,
    tokenPath: `${connect}/token`,
    discoveryPath: `${realm.path}/.well-known/openid-configuration`,
    does: {
      sendIss: true,
      endItsSession: true,
      verifyEmail: true,
      tellGroups: true,
      answerByForm: settings['responseMode'] === 'form_post',
      needPushedRequests: client.demandsPar ?? false,
      // The endpoint for pushed requests has a word of its own.
      refuseWith: client.demandsPar === true ? 'invalid_request' : 'unauthorized_client',
    },
    offers: { takePushedRequests: true, revokeTokens: true, logOutByBackChannel: true },
    subjectOf: () => undefined,
  };
}
