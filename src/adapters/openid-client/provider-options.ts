import type { Secret } from '../../core/secret.ts';
import type { Seconds } from '../../core/time.ts';
import type { SignatureAlgorithm } from './signature-algorithms.ts';

/** A provider as it is configured, with every file and secret read. */
export interface ProviderOptions {
  readonly name: string;
  /** What people know it by. */
  readonly label: string;
  readonly protocol: Protocol;
  /** Exactly as the provider writes it. With protocol oauth2 it identifies the provider, and nothing is asked of it. */
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined: what fits the credentials below and the provider's metadata. */
  readonly clientAuthentication: ClientAuthenticationMethod | undefined;
  /** Undefined for a public client and for those that authenticate otherwise. */
  readonly clientSecret: Secret<string> | undefined;
  readonly clientKey: ClientKey | undefined;
  readonly clientCertificate: ClientCertificate | undefined;
  readonly scopes: readonly string[];
  readonly responseMode: 'query' | 'form_post';
  /** Undefined: where the provider demands it. */
  readonly pushedAuthorization: boolean | undefined;
  /** Signs authorization requests (RFC 9101); undefined: they are not signed. */
  readonly requestObject: SigningKey | undefined;
  /** Further parameters of the authorization request. */
  readonly authorizationParameters: ReadonlyMap<string, string>;
  /** In place of discovery. */
  readonly metadata: ExplicitMetadata | undefined;
  /** In place of those that were discovered. */
  readonly endpoints: ExplicitEndpoints | undefined;
  /** How old discovered metadata may become. */
  readonly metadataRefresh: Seconds;
  /** Besides the issuer's own, origins that endpoints in discovered metadata may have. */
  readonly endpointOrigins: readonly string[];
  /** How far the provider's clock may be from ours. */
  readonly clockTolerance: Seconds;
  /** Its issuer and endpoints may be plain HTTP. */
  readonly allowHttp: boolean;
  /** Where we ask the provider ourselves, in place of the issuer's origin: `http://127.0.0.1:4181`. */
  readonly backChannelUrl: string | undefined;
  /** PEM: the authorities that are believed, in place of the system's. */
  readonly ca: string | undefined;
  /** `http(s)://host:port` of the egress proxy. */
  readonly proxy: string | undefined;
  /** An e-mail address counts although the provider did not verify it. */
  readonly allowUnverifiedEmail: boolean;
  /** Longest time of one request to the provider. */
  readonly requestTimeout: Seconds;
}

/** OpenID Connect, or OAuth 2.0 alone: no ID token, so identity comes from the userinfo endpoint. */
export type Protocol = { readonly kind: 'oidc' } | { readonly kind: 'oauth2'; readonly identity: IdentityMapping };

/** Which members of the userinfo answer say who the user is. */
export interface IdentityMapping {
  /** Member, or the way to it with dots; a text, or a number, which becomes one. */
  readonly subject: string;
  /** Our claims, and the members that they come from. */
  readonly claims: ReadonlyMap<string, string>;
  /** An endpoint that lists `{email, primary, verified}`, as GitHub's does. */
  readonly emailsUrl: string | undefined;
}

/** RFC 8414 §2, OpenID Connect Core §9, RFC 8705 §2. */
export type ClientAuthenticationMethod =
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'private_key_jwt'
  | 'tls_client_auth'
  | 'none';

export interface SigningKey {
  /** PEM (PKCS #8) or JWK. */
  readonly key: Secret<string>;
  readonly id: string | undefined;
  readonly algorithm: SignatureAlgorithm | undefined;
}

export interface ClientKey extends SigningKey {
  /** What the assertion names as its audience (RFC 7523 §3). */
  readonly audience: 'issuer' | 'token_endpoint';
  /** PEM of a certificate of the key, for providers that know it by its thumbprint (`x5t#S256`). */
  readonly certificate: string | undefined;
}

/** PEM texts. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly privateKey: Secret<string>;
}

/** The endpoints in authorization server metadata (RFC 8414 §2) by its own names, as far as we use them. */
export interface ExplicitEndpoints {
  readonly authorization_endpoint?: string | undefined;
  readonly token_endpoint?: string | undefined;
  readonly jwks_uri?: string | undefined;
  readonly userinfo_endpoint?: string | undefined;
  readonly end_session_endpoint?: string | undefined;
  readonly revocation_endpoint?: string | undefined;
  readonly introspection_endpoint?: string | undefined;
  readonly pushed_authorization_request_endpoint?: string | undefined;
}

/** Authorization server metadata (RFC 8414 §2) by its own names, as far as we use it. */
export interface ExplicitMetadata extends ExplicitEndpoints {
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly require_pushed_authorization_requests?: boolean | undefined;
  readonly authorization_response_iss_parameter_supported?: boolean | undefined;
  readonly token_endpoint_auth_methods_supported?: readonly string[] | undefined;
  readonly id_token_signing_alg_values_supported?: readonly string[] | undefined;
  readonly userinfo_signing_alg_values_supported?: readonly string[] | undefined;
  readonly code_challenge_methods_supported?: readonly string[] | undefined;
}
