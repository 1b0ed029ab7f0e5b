import { describe, expect, it } from 'vitest';
import { registrationAt } from '../../../test/support/relying-party.ts';
import type { ProviderOptions } from './provider-options.ts';
import { isReservedParameter, parametersOf } from './request-parameters.ts';

const party = { origin: 'https://idp.example', clientId: 'app' };
const operators = new Map([
  ['prompt', 'login'],
  ['acr_values', 'gold'],
]);
const identity = { subject: 'id', claims: new Map<string, string>(), emailsUrl: undefined };

function isReserved(name: string, changes: Partial<ProviderOptions> = {}): boolean {
  return isReservedParameter(name, registrationAt(party, { authorizationParameters: operators, ...changes }));
}

describe('a parameter that the application wants to add to the authorization request', () => {
  it.each([
    ['is ours', 'client_id redirect_uri response_type response_mode scope state nonce code_challenge'],
    ['is ours', 'code_challenge_method dpop_jkt code_verifier'],
    ['is a credential', 'client_secret client_assertion client_assertion_type access_token refresh_token id_token'],
    ['takes the place of all (RFC 9101 §5)', 'request request_uri registration client_metadata client_metadata_uri'],
    ['makes another JWT of a signed request (RFC 9101 §10.8)', 'iss sub aud exp nbf iat jti'],
    ['belongs to an answer or a token request', 'code response grant_type'],
    ['is the operator’s', 'prompt acr_values'],
  ])('is reserved when it %s: %s', (_why, names) => {
    for (const name of names.split(' ')) expect([name, isReserved(name)]).toEqual([name, true]);
  });

  it.each([
    ['Client_ID', 'STATE', 'Request_Uri', 'PROMPT', 'Acr_Values'],
    ['client-id', 'client.id', 'clientid', 'redirect__uri', '_state_', 'acr.values', 'code-challenge'],
    ['state ', ' state', 'sta\tte', 'state\0', 'client id', 'state\n', 'state;', 'st\u200bate'],
    ['state[]', 'state[0]', 'client.id[x]', 'prompt[', 'state%20', 'ſtate', 'ｓｔａｔｅ'],
    ['', ' ', '&', 'a=b', 'a&state', '__proto__[x]'],
  ])('is reserved however it is spelled, and when its name is none (RFC 6749 §8.2): %j', (...names) => {
    for (const name of names) expect([name, isReserved(name)]).toEqual([name, true]);
  });

  it.each([
    ['login_hint', 'ui_locales', 'max_age', 'id_token_hint', 'claims', 'resource', 'authorization_details'],
    ['display', 'domain_hint', 'audience', 'kc_idp_hint', 'statement', 'x'],
  ])('may be added otherwise: %s', (...names) => {
    for (const name of names) expect([name, isReserved(name)]).toEqual([name, false]);
  });

  it('cannot be max_age where no ID token could prove that it was heeded', () => {
    expect(isReserved('max_age', { protocol: { kind: 'oauth2', identity } })).toBe(true);
    expect(isReserved('Max-Age', { protocol: { kind: 'oauth2', identity } })).toBe(true);
  });

  it('replaces nothing of ours and of the operator’s, whoever let it pass', () => {
    const names = ['state', 'STATE', 'state[]', 'prompt', 'Prompt', 'response_mode', 'sub', 'login_hint'];
    const request = {
      redirectUri: 'https://app.example.com/cb',
      state: 'ours',
      nonce: 'n',
      codeChallenge: 'c',
      extraParameters: new Map(names.map((name) => [name, 'theirs'])),
    };
    expect(parametersOf(request, registrationAt(party, { authorizationParameters: operators }))).toEqual({
      response_type: 'code',
      redirect_uri: 'https://app.example.com/cb',
      scope: 'openid email',
      state: 'ours',
      nonce: 'n',
      code_challenge: 'c',
      code_challenge_method: 'S256',
      prompt: 'login',
      acr_values: 'gold',
      login_hint: 'theirs',
    });
  });
});
