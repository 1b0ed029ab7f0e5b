import * as client from 'openid-client';
import { Browser, backChannel } from './issuer-browser.ts';
import { alicePassword, callback, clientSecret, type IssuerWorld, issuer } from './issuer-world.ts';

/** What alice types. */
export const alice = { username: 'alice', password: alicePassword };
export const scope = 'openid profile email groups';

/** A certified relying party; its back channel goes to the replicas in turn. */
export function relyingParty(world: IssuerWorld, clientId = 'first-party'): Promise<client.Configuration> {
  const authentication = clientId === 'public' ? client.None() : client.ClientSecretBasic(clientSecret);
  return client.discovery(new URL(issuer), clientId, undefined, authentication, {
    [client.customFetch]: backChannel(world),
  });
}

/** Begins an authorization request, as a relying party does. */
export async function begin(party: client.Configuration, parameters: Readonly<Record<string, string>> = {}) {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  };
  const url = client.buildAuthorizationUrl(party, {
    redirect_uri: callback,
    scope,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...parameters,
  });
  return { url: url.href, checks };
}

/** A whole login as alice at a client that skips consent. */
export async function logIn(world: IssuerWorld, party: client.Configuration) {
  const browser = new Browser(world);
  const { url, checks } = await begin(party);
  const page = await browser.open(url);
  const back = await browser.submit(page.url, alice);
  const tokens = await client.authorizationCodeGrant(party, new URL(back.url), checks);
  return { browser, tokens, checks, response: new URL(back.url) };
}
