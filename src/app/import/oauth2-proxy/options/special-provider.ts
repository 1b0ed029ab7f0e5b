import { none, to, unneeded } from '../../outcome.ts';
import type { Option } from '../option.ts';

const noGoogleGroups = none(
  'groups of Google are not in its ID token: logins are denied until you name domains or addresses, see the guide',
);
const noGithubMembers = none(
  'organisations, teams and repositories of GitHub are not asked for: logins are denied until you name who may come in',
);
const noBitbucket = none('Bitbucket has no ID token: put an OpenID provider such as Dex before it');

/** Options for one kind of provider. */
export const specialProviderOptions: readonly Option[] = [
  { flag: 'azure-tenant', kind: 'text', standard: 'common', outcome: to('providers.<name>.issuer') },
  {
    flag: 'azure-graph-group-field',
    kind: 'text',
    outcome: none('groups come from the ID token; let the application registration write them there'),
  },
  {
    flag: 'entra-id-allowed-tenant',
    kind: 'list',
    outcome: to('providers: one for each tenant, with a chooser page'),
  },
  {
    flag: 'entra-id-federated-token-auth',
    kind: 'boolean',
    outcome: none('register a key for the application and use clientAuthentication: private_key_jwt'),
  },
  { flag: 'keycloak-group', kind: 'list', outcome: to('rules[].require.groups') },
  { flag: 'bitbucket-team', kind: 'text', outcome: noBitbucket },
  { flag: 'bitbucket-repository', kind: 'text', outcome: noBitbucket },
  { flag: 'github-org', kind: 'text', outcome: noGithubMembers },
  { flag: 'github-team', kind: 'text', outcome: noGithubMembers },
  { flag: 'github-repo', kind: 'text', outcome: noGithubMembers },
  { flag: 'github-token', kind: 'text', isSecret: true, outcome: noGithubMembers },
  {
    flag: 'github-user',
    kind: 'list',
    outcome: to('rules[].require.groups, with modes.web.groupsClaim: preferred_username'),
  },
  {
    flag: 'gitlab-group',
    kind: 'list',
    outcome: to('rules[].require.groups, with modes.web.groupsClaim: groups_direct'),
  },
  {
    flag: 'gitlab-project',
    kind: 'list',
    outcome: none('projects of GitLab are not asked for: logins are denied until you name groups or addresses'),
  },
  { flag: 'google-group', kind: 'list', outcome: noGoogleGroups },
  { flag: 'google-admin-email', kind: 'text', outcome: noGoogleGroups },
  { flag: 'google-service-account-json', kind: 'text', outcome: noGoogleGroups },
  { flag: 'google-use-application-default-credentials', kind: 'boolean', outcome: noGoogleGroups },
  { flag: 'google-target-principal', kind: 'text', outcome: noGoogleGroups },
  {
    flag: 'google-use-organization-id',
    kind: 'boolean',
    outcome: none('the organisation id of Google is not in its ID token; X-Forwarded-User carries sub'),
  },
  { flag: 'google-admin-api-user-scope', kind: 'text', outcome: noGoogleGroups },
  { flag: 'jwt-key', kind: 'text', isSecret: true, outcome: to('providers.<name>.clientKey, by reference') },
  { flag: 'jwt-key-file', kind: 'text', outcome: to('providers.<name>.clientKey.key.file') },
  { flag: 'pubjwk-url', kind: 'text', outcome: unneeded('the discovery of login.gov names it') },
];
