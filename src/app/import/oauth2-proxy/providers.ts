import { comment, decide, type Findings, todo } from '../findings.ts';
import { nearest } from '../nearest.ts';
import { allowedTenants, tenantIssuer } from './entra.ts';
import { fail } from './fail.ts';
import { isOn, listOf, textOf } from './given.ts';
import type { Original } from './original.ts';
import { credentialOf } from './provider-credential.ts';
import { endpointsOf } from './provider-endpoints.ts';
import { type ProviderKind, providerKinds, providersWithout } from './provider-kinds.ts';
import { suggestion } from './suggest.ts';

/** The providers of the result. */
export interface Providers {
  readonly kind: ProviderKind;
  /** As they stand in sallyport.yaml, by name; at least one. */
  readonly settings: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

/** `providers` of sallyport.yaml; undefined when there is an error. `trustsEmail`: rules ask for addresses. */
export function providersOf(original: Original, trustsEmail: boolean, found: Findings): Providers | undefined {
  const type = textOf(original.given, 'provider') ?? 'google';
  const kind = providerKinds.get(type);
  if (kind === undefined) {
    const instead = providersWithout.get(type);
    if (instead !== undefined) fail(found, 'provider', 'this provider cannot be taken over', instead);
    else
      fail(
        found,
        'provider',
        'oauth2-proxy has no such provider',
        suggestion(nearest(type, [...providerKinds.keys()])),
      );
    return undefined;
  }
  const clientId = textOf(original.given, 'client-id');
  if (clientId === undefined) {
    fail(
      found,
      'client-id',
      'it is missing in everything that was given',
      'add --env-file or --env, or -- --client-id=…',
    );
    return undefined;
  }
  const registrations = registrationsOf(original, kind, type, found);
  if (registrations === undefined) return undefined;
  const settings = new Map(
    registrations.map(({ name, issuer, label }) => [
      name,
      compact({
        protocol: kind.protocol === 'oauth2' ? 'oauth2' : undefined,
        label,
        issuer,
        clientId,
        ...credentialOf(original, kind, name, found),
        scopes: scopesOf(original, kind, type),
        responseMode: responseModeOf(original, found),
        authorizationParameters: parametersOf(original, type),
        ...endpointsOf(original, kind, issuer, name, found),
        ...trustOf(original, name, found),
        allowUnverifiedEmail: believesEmail(original, kind, name, trustsEmail, found),
      }),
    ]),
  );
  return { kind, settings };
}

interface Registration {
  readonly name: string;
  readonly issuer: string;
  readonly label: string | undefined;
}

function registrationsOf(
  { given }: Original,
  kind: ProviderKind,
  type: string,
  found: Findings,
): readonly Registration[] | undefined {
  const label = textOf(given, 'provider-display-name');
  const isMicrosoft = type === 'entra-id' || type === 'azure';
  const issuer = textOf(given, 'oidc-issuer-url');
  if (isMicrosoft) {
    const tenants = allowedTenants(given, issuer, found);
    if (tenants.kind === 'failed') return undefined;
    if (tenants.kind === 'several') {
      return tenants.ids.map((id) => ({
        name: `entra-${id.slice(0, 8)}`,
        issuer: tenantIssuer(id),
        label: label ?? id,
      }));
    }
    return [{ name: kind.name, issuer: tenants.issuer, label }];
  }
  const known = issuer ?? impliedIssuer(textOf(given, 'login-url'), kind, type);
  if (known === undefined) {
    const problem = 'it is missing: it is how Sallyport knows the provider';
    fail(found, 'oidc-issuer-url', problem, 'add -- --oidc-issuer-url=https://…, as the provider writes it');
    return undefined;
  }
  return [{ name: kind.name, issuer: known, label }];
}

/** What the old provider of Keycloak is told apart by, and where a plain OAuth server is. */
function impliedIssuer(loginUrl: string | undefined, kind: ProviderKind, type: string): string | undefined {
  if (loginUrl === undefined || !URL.canParse(loginUrl)) return kind.issuer;
  if (type === 'keycloak') return /^(.+\/realms\/[^/]+)\/protocol\/openid-connect\/auth$/.exec(loginUrl)?.[1];
  return kind.protocol === 'oauth2' ? new URL(loginUrl).origin : kind.issuer;
}

function scopesOf({ given }: Original, kind: ProviderKind, type: string): readonly string[] | undefined {
  const scope = textOf(given, 'scope');
  const asked = scope === undefined ? kind.scopes : scope.split(/[ +]+/).filter(Boolean);
  const withGroups =
    type === 'oidc' && scope === undefined && listOf(given, 'allowed-group').length > 0 ? [...asked, 'groups'] : asked;
  const scopes = kind.protocol === 'oidc' && !withGroups.includes('openid') ? ['openid', ...withGroups] : withGroups;
  return scopes.length === 0 ? undefined : scopes;
}

function responseModeOf({ given }: Original, found: Findings): string | undefined {
  const mode = textOf(given, 'auth-request-response-mode');
  if (mode === undefined || mode === 'query') return undefined;
  if (mode === 'form_post') return mode;
  fail(found, 'auth-request-response-mode', 'expected query or form_post', 'add -- --auth-request-response-mode=query');
  return undefined;
}

function parametersOf({ given, alpha }: Original, type: string): Readonly<Record<string, string>> | undefined {
  const acr = textOf(given, 'acr-values');
  const parameters = {
    ...Object.fromEntries(alpha?.authorizationParameters ?? []),
    prompt: textOf(given, 'prompt'),
    acr_values: type === 'login.gov' ? (acr ?? 'http://idmanagement.gov/ns/assurance/loa/1') : acr,
    resource: textOf(given, 'resource'),
  };
  const set = compact(parameters);
  return Object.keys(set).length === 0 ? undefined : set;
}

function trustOf({ given }: Original, name: string, found: Findings): { readonly ca: string | undefined } {
  const files = listOf(given, 'provider-ca-file');
  if (files.length > 1) {
    todo(found, ['provider-ca-file'], 'ca is one file: put all authorities into it');
    comment(found, ['providers', name, 'ca'], `Also: ${files.slice(1).join(', ')}. Put all authorities into one file.`);
  }
  return { ca: files[0] };
}

function believesEmail(
  { given }: Original,
  kind: ProviderKind,
  name: string,
  trustsEmail: boolean,
  found: Findings,
): true | undefined {
  const path = ['providers', name, 'allowUnverifiedEmail'];
  if (isOn(given, 'insecure-oidc-allow-unverified-email')) {
    comment(found, path, 'As insecure-oidc-allow-unverified-email: whoever claims an address at the provider has it.');
    return true;
  }
  if (kind.saysVerified || !trustsEmail) return undefined;
  comment(
    found,
    path,
    'As before: addresses of this provider count without email_verified. Sound where only you set them.',
  );
  decide(found, ['provider'], 'addresses of this provider count without email_verified, as before');
  return true;
}

function compact<T>(record: Readonly<Record<string, T | undefined>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
