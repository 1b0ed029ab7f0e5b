import { type Outcome, to, unneeded } from '../outcome.ts';

/** A variable that configures the original OAuth agent, or that says here what it never had to know. */
interface Variable {
  readonly name: string;
  readonly outcome: Outcome;
}

/** Variables of the original, in the order of the documentation. Those it has defaults for that are no secrets keep them. */
export const originalVariables = [
  { name: 'CLIENT_ID', outcome: to('providers.login.clientId') },
  { name: 'CLIENT_SECRET', outcome: to('providers.login.clientSecret, by reference') },
  { name: 'REDIRECT_URI', outcome: to('modes.agent.redirectUri') },
  { name: 'POST_LOGOUT_REDIRECT_URI', outcome: to('modes.agent.postLogoutRedirectUri') },
  { name: 'SCOPE', outcome: to('providers.login.scopes') },
  { name: 'COOKIE_NAME_PREFIX', outcome: to('modes.agent.cookie.prefix') },
  { name: 'COOKIE_ENCRYPTION_KEY', outcome: to('modes.agent.version1.key, by reference') },
  { name: 'TRUSTED_WEB_ORIGIN', outcome: to('modes.agent.trustedOrigins') },
  { name: 'CORS_ENABLED', outcome: to('modes.agent.cors.enabled') },
  { name: 'COOKIE_DOMAIN', outcome: to('modes.agent.cookie.domain') },
  { name: 'COOKIE_BASE_PATH', outcome: to('modes.agent.basePath, which is also the path of cookies') },
  { name: 'ISSUER', outcome: to('providers.login.issuer') },
  { name: 'AUTHORIZE_ENDPOINT', outcome: to('providers.login.endpoints.authorization_endpoint') },
  { name: 'TOKEN_ENDPOINT', outcome: to('providers.login.endpoints.token_endpoint') },
  { name: 'USERINFO_ENDPOINT', outcome: to('providers.login.endpoints.userinfo_endpoint') },
  { name: 'LOGOUT_ENDPOINT', outcome: to('providers.login.endpoints.end_session_endpoint') },
  { name: 'PORT', outcome: to('listen.http, on loopback') },
  { name: 'NODE_ENV', outcome: unneeded('nothing depends on it') },
] as const satisfies readonly Variable[];

/** What the original never had to know. */
export const ownVariables = [
  { name: 'SALLYPORT_ORIGINS', outcome: to('origins') },
  { name: 'SALLYPORT_LISTEN_AUTHZ', outcome: to('listen.authz') },
  { name: 'SALLYPORT_LISTEN_HTTP', outcome: to('listen.http') },
  { name: 'SALLYPORT_LISTEN_OPS', outcome: to('listen.ops') },
  {
    name: 'SALLYPORT_ALLOW_HTTP',
    outcome: to('providers.login.allowHttp and modes.agent.cookie.insecureHttp, where they are needed'),
  },
] as const satisfies readonly Variable[];

/** Every variable that is read. */
export const variables: readonly (Variable & { readonly name: VariableName })[] = [
  ...originalVariables,
  ...ownVariables,
];

export type VariableName = (typeof originalVariables | typeof ownVariables)[number]['name'];
