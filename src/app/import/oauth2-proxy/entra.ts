import { decide, type Findings } from '../findings.ts';
import { fail } from './fail.ts';
import { type Given, listOf, textOf } from './given.ts';

/** Tenants that may log in, each an issuer of its own. */
type Tenants =
  | { readonly kind: 'one'; readonly issuer: string }
  | { readonly kind: 'several'; readonly ids: readonly string[] }
  | { readonly kind: 'failed' };

const home = 'https://login.microsoftonline.com';

/** The issuer of a tenant's tokens (version 2.0). */
export function tenantIssuer(id: string): string {
  return `${home}/${id}/v2.0`;
}

/** The issuers that options name for Microsoft's providers. An endpoint for all tenants is no issuer of any token. */
export function allowedTenants(given: Given, issuerUrl: string | undefined, found: Findings): Tenants {
  const issuer = issuerUrl ?? tenantIssuer(textOf(given, 'azure-tenant') ?? 'common');
  const allowed = listOf(given, 'entra-id-allowed-tenant');
  const [, tenant = ''] =
    /^https:\/\/(?:login\.microsoftonline\.com|sts\.windows\.net)\/([^/]+)\//.exec(`${issuer}/`) ?? [];
  if (!['common', 'organizations', 'consumers'].includes(tenant)) {
    if (!issuer.startsWith('https://sts.windows.net/')) return { kind: 'one', issuer };
    const text = 'tokens are of version 2.0 here: set requestedAccessTokenVersion to 2 in the registration';
    decide(found, ['oidc-issuer-url'], text);
    return { kind: 'one', issuer: tenantIssuer(tenant) };
  }
  if (allowed.length === 0) {
    const problem = 'it is missing, and the issuer stands for every tenant: anybody with an account could log in';
    fail(found, 'entra-id-allowed-tenant', problem, 'add -- --entra-id-allowed-tenant=<tenant id> for each of yours');
    return { kind: 'failed' };
  }
  if (allowed.some((id) => !/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))) {
    fail(found, 'entra-id-allowed-tenant', 'expected ids of tenants, in lower case');
    return { kind: 'failed' };
  }
  return { kind: 'several', ids: allowed };
}
