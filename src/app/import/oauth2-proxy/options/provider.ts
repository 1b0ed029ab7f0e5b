import { none, refused, to, unneeded } from '../../outcome.ts';
import type { Option } from '../option.ts';

/** Options that every provider has, or that OpenID providers have. */
export const providerOptions: readonly Option[] = [
  { flag: 'provider', kind: 'text', standard: 'google', outcome: to('providers.<name>') },
  { flag: 'client-id', kind: 'text', outcome: to('providers.<name>.clientId') },
  { flag: 'client-secret', kind: 'text', isSecret: true, outcome: to('providers.<name>.clientSecret, by reference') },
  { flag: 'client-secret-file', kind: 'text', outcome: to('providers.<name>.clientSecret.file') },
  {
    flag: 'acr-values',
    kind: 'text',
    outcome: to('providers.<name>.authorizationParameters.acr_values'),
  },
  { flag: 'allowed-group', kind: 'list', outcome: to('rules[].require.groups') },
  {
    flag: 'allowed-role',
    kind: 'list',
    outcome: none('roles of Keycloak are no claim of the ID token; map them into its groups claim, see the guide'),
  },
  {
    flag: 'approval-prompt',
    kind: 'text',
    standard: 'force',
    outcome: unneeded('deprecated by OpenID Connect; see prompt'),
  },
  {
    flag: 'auth-request-response-mode',
    kind: 'text',
    outcome: to('providers.<name>.responseMode'),
  },
  {
    flag: 'backend-logout-url',
    kind: 'text',
    outcome: unneeded('a logout goes to the end_session_endpoint of the provider, where it has one'),
  },
  {
    flag: 'code-challenge-method',
    kind: 'text',
    outcome: unneeded('PKCE with S256 is always used; `plain` never'),
  },
  { flag: 'force-code-challenge-method', kind: 'text', outcome: unneeded('PKCE with S256 is always used') },
  {
    flag: 'insecure-oidc-allow-unverified-email',
    kind: 'boolean',
    outcome: to('providers.<name>.allowUnverifiedEmail'),
  },
  {
    flag: 'insecure-oidc-skip-issuer-verification',
    kind: 'boolean',
    outcome: refused('a token of another issuer is never taken; name each tenant as a provider of its own'),
  },
  {
    flag: 'insecure-oidc-skip-nonce',
    kind: 'boolean',
    standard: 'true',
    outcome: refused('the nonce is always checked, and every OpenID provider returns it'),
  },
  { flag: 'login-url', kind: 'text', outcome: to('providers.<name>.metadata.authorization_endpoint') },
  {
    flag: 'oidc-audience-claim',
    kind: 'list',
    standard: 'aud',
    outcome: none('the audience is in aud (OpenID Connect Core 3.1.3.7); let the provider write it there'),
  },
  {
    flag: 'oidc-email-claim',
    kind: 'text',
    standard: 'email',
    outcome: to('modes.web.headers; rules can only ask for addresses in the claim email'),
  },
  {
    flag: 'oidc-enabled-signing-alg',
    kind: 'list',
    outcome: unneeded('signatures are verified with the published keys of the provider; none and HMAC are refused'),
  },
  {
    flag: 'oidc-extra-audience',
    kind: 'list',
    outcome: none('an ID token for another client logs nobody in; let the provider issue it for client-id'),
  },
  { flag: 'oidc-groups-claim', kind: 'text', standard: 'groups', outcome: to('modes.web.groupsClaim') },
  { flag: 'oidc-issuer-url', kind: 'text', outcome: to('providers.<name>.issuer') },
  { flag: 'oidc-jwks-url', kind: 'text', outcome: to('providers.<name>.metadata.jwks_uri') },
  {
    flag: 'oidc-public-key-file',
    kind: 'list',
    outcome: none('keys come from the jwks_uri of the provider; without one there is an error'),
  },
  { flag: 'profile-url', kind: 'text', outcome: to('providers.<name>.metadata.userinfo_endpoint') },
  { flag: 'prompt', kind: 'text', outcome: to('providers.<name>.authorizationParameters.prompt') },
  { flag: 'provider-ca-file', kind: 'list', outcome: to('providers.<name>.ca') },
  { flag: 'redeem-url', kind: 'text', outcome: to('providers.<name>.metadata.token_endpoint') },
  { flag: 'resource', kind: 'text', outcome: to('providers.<name>.authorizationParameters.resource') },
  { flag: 'scope', kind: 'text', outcome: to('providers.<name>.scopes') },
  {
    flag: 'skip-claims-from-profile-url',
    kind: 'boolean',
    outcome: unneeded('claims come from the ID token; userinfo is read where there is none'),
  },
  { flag: 'skip-oidc-discovery', kind: 'boolean', outcome: to('providers.<name>.metadata') },
  {
    flag: 'ssl-insecure-skip-verify',
    kind: 'boolean',
    outcome: refused('certificates are verified; name a private authority in providers.<name>.ca'),
  },
  {
    flag: 'use-system-trust-store',
    kind: 'boolean',
    outcome: none('providers.<name>.ca is trusted alone; put further authorities into the same file'),
  },
  {
    flag: 'user-id-claim',
    kind: 'text',
    standard: 'email',
    outcome: unneeded('deprecated by oauth2-proxy; see oidc-email-claim'),
  },
  {
    flag: 'validate-url',
    kind: 'text',
    outcome: to('providers.<name>.metadata.userinfo_endpoint for GitHub; unneeded with an ID token'),
  },
];
