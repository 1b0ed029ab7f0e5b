import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { keyOf, variableOf } from './option.ts';
import { optionOf, optionsByFlag } from './options.ts';
import { optionsTable } from './options-table.ts';

/** Every flag of oauth2-proxy 7.15: its documentation, and the flags of its sources that are not in it. */
const flags715 = `
acr-values allow-query-semicolons allowed-group allowed-role alpha-config api-route approval-prompt auth-logging
auth-logging-format auth-request-response-mode authenticated-emails-file azure-graph-group-field azure-tenant
backend-logout-url banner basic-auth-password bearer-token-login-fallback bitbucket-repository bitbucket-team client-id
client-secret client-secret-file code-challenge-method config config-test convert-config-to-alpha cookie-csrf-expire
cookie-csrf-per-request cookie-csrf-per-request-limit cookie-csrf-samesite cookie-domain cookie-expire cookie-httponly
cookie-name cookie-path cookie-refresh cookie-samesite cookie-secret cookie-secret-file cookie-secure
custom-sign-in-logo custom-templates-dir disable-keep-alives display-htpasswd-form email-domain encode-state
entra-id-allowed-tenant entra-id-federated-token-auth errors-to-info-log exclude-logging-path extra-jwt-issuers
flush-interval footer force-code-challenge-method force-https force-json-errors gcp-healthchecks github-org github-repo
github-team github-token github-user gitlab-group gitlab-project google-admin-api-user-scope google-admin-email
google-group google-service-account-json google-target-principal google-use-application-default-credentials
google-use-organization-id htpasswd-file htpasswd-user-group http-address https-address
insecure-oidc-allow-unverified-email insecure-oidc-skip-issuer-verification insecure-oidc-skip-nonce jwt-key
jwt-key-file keycloak-group logging-compress logging-filename logging-local-time logging-max-age logging-max-backups
logging-max-size login-url metrics-address metrics-secure-address metrics-tls-cert-file metrics-tls-key-file
oidc-audience-claim oidc-email-claim oidc-enabled-signing-alg oidc-extra-audience oidc-groups-claim oidc-issuer-url
oidc-jwks-url oidc-public-key-file pass-access-token pass-authorization-header pass-basic-auth pass-host-header
pass-user-headers ping-path ping-user-agent prefer-email-to-user profile-url prompt provider provider-ca-file
provider-display-name proxy-prefix proxy-websockets pubjwk-url ready-path real-client-ip-header redeem-url redirect-url
redis-ca-path redis-cluster-connection-urls redis-connection-idle-timeout redis-connection-url
redis-insecure-skip-tls-verify redis-password redis-sentinel-connection-urls redis-sentinel-master-name
redis-sentinel-password redis-use-cluster redis-use-sentinel redis-username relative-redirect-url request-id-header
request-logging request-logging-format resource reverse-proxy scope session-cookie-minimal session-store-type
set-authorization-header set-basic-auth set-xauthrequest show-debug-on-error signature-key silence-ping-logging
skip-auth-preflight skip-auth-regex skip-auth-route skip-auth-strip-headers skip-claims-from-profile-url
skip-jwt-bearer-tokens skip-oidc-discovery skip-provider-button ssl-insecure-skip-verify
ssl-upstream-insecure-skip-verify standard-logging standard-logging-format tls-cert-file tls-cipher-suite tls-key-file
tls-min-version trusted-ip trusted-proxy-ip upstream upstream-timeout use-system-trust-store user-id-claim validate-url
version whitelist-domain
`
  .trim()
  .split(/\s+/);

describe('the table of options', () => {
  it('has every option of oauth2-proxy 7.15, and no other', () => {
    expect([...optionsByFlag.keys()].toSorted()).toEqual(flags715.toSorted());
  });

  it('has each option once, with a sentence that is none of a template', () => {
    expect(optionsTable().match(/^\| `--/gm)).toHaveLength(flags715.length);
    expect(optionsTable()).not.toContain('undefined');
  });

  it.each([
    ['email-domain', 'email_domains', 'OAUTH2_PROXY_EMAIL_DOMAINS'],
    ['client-id', 'client_id', 'OAUTH2_PROXY_CLIENT_ID'],
    ['redis-sentinel-connection-urls', 'redis_sentinel_connection_urls', 'OAUTH2_PROXY_REDIS_SENTINEL_CONNECTION_URLS'],
    ['skip-auth-regex', 'skip_auth_regex', 'OAUTH2_PROXY_SKIP_AUTH_REGEX'],
    ['skip-auth-route', 'skip_auth_routes', 'OAUTH2_PROXY_SKIP_AUTH_ROUTES'],
    ['extra-jwt-issuers', 'extra_jwt_issuers', 'OAUTH2_PROXY_EXTRA_JWT_ISSUERS'],
    ['oidc-audience-claim', 'oidc_audience_claims', 'OAUTH2_PROXY_OIDC_AUDIENCE_CLAIMS'],
    ['exclude-logging-path', 'exclude_logging_paths', 'OAUTH2_PROXY_EXCLUDE_LOGGING_PATHS'],
  ])('spells --%s as oauth2-proxy does', (flag, key, variable) => {
    expect([keyOf(optionOf(flag)), variableOf(optionOf(flag))]).toEqual([key, variable]);
  });

  it('is in docs/migrate-oauth2-proxy.md as it is here', async () => {
    const guide = await readFile(new URL('../../../../docs/migrate-oauth2-proxy.md', import.meta.url), 'utf8');
    expect(guide).toContain(optionsTable());
  });
});
