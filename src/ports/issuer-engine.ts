import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Page } from '../core/html/page.ts';
import type { PageRenderer } from '../core/html/page-renderer.ts';
import type { Claims } from '../core/json.ts';
import type { Secret } from '../core/secret.ts';
import type { Seconds } from '../core/time.ts';
import type { Clock } from './clock.ts';
import type { DerivedKeys } from './derived-keys.ts';
import type { Sealer } from './sealer.ts';
import type { DocumentStore, OnceMarkers } from './store.ts';
import type { Telemetry } from './telemetry.ts';

/** A registered relying party (RFC 7591 §2 has the words). */
export interface IssuerClient {
  readonly clientId: string;
  /** What users read on the consent page. */
  readonly clientName: string;
  /** Undefined for a public client (RFC 6749 §2.1). */
  readonly clientSecret: Secret<string> | undefined;
  /** Compared exactly. */
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly grantTypes: readonly ('authorization_code' | 'refresh_token')[];
  /** Scopes that it may ask for. */
  readonly scopes: readonly string[];
  /** First-party clients: users are not asked. */
  readonly skipConsent: boolean;
}

/** A user as relying parties may come to know it. */
export interface IssuerAccount {
  /** `sub`: never changes and is never given to another user (OpenID Connect Core §2). */
  readonly subject: string;
  /** Everything known; the engine releases what the granted scopes cover. */
  readonly claims: Claims;
}

/** How long things live that the issuer gives out or keeps. */
export interface IssuerLifetimes {
  readonly authorizationCode: Seconds;
  readonly accessToken: Seconds;
  readonly idToken: Seconds;
  /** Of each rotated refresh token of a confidential client; of the whole family for a public one (RFC 9700 §4.14.2). */
  readonly refreshToken: Seconds;
  /** From the login on, whatever happens. */
  readonly session: Seconds;
  /** How long a user may take over the login and consent pages. */
  readonly interaction: Seconds;
}

/** The pages that the engine needs while it answers by itself. The login and consent pages are the mode's own. */
export interface IssuerPages {
  /** `error`: an RFC 6749 / OpenID error code; `description`: public. */
  error(problem: { readonly error: string; readonly description: string | undefined }): Page;
  /** Asks before a logout that nothing vouches for. The form posts `fields` to `action`, and `logout=yes` to agree. */
  confirmLogout(question: {
    readonly action: string;
    readonly fields: readonly (readonly [name: string, value: string])[];
    readonly clientName: string | undefined;
    /** Origin of the post-logout redirect, to which the form may lead. */
    readonly formTargets: readonly string[];
  }): Page;
  loggedOut(clientName: string | undefined): Page;
}

export interface IssuerEngineSettings {
  /** Name of the mode instance. Records of two instances never meet in a store. */
  readonly name: string;
  /** `iss`: origin and base path. Every URL that leaves the engine starts with it, whatever a request's headers say. */
  readonly issuer: string;
  /** Path of `issuer`. */
  readonly basePath: string;
  /** A private JWK Set (RFC 7517 §5), JSON. */
  readonly signingKeys: Secret<string>;
  readonly clients: readonly IssuerClient[];
  readonly lifetimes: IssuerLifetimes;
  /** Scopes on offer, each with the claims that it releases. */
  readonly scopeClaims: ReadonlyMap<string, readonly string[]>;
  readonly pages: IssuerPages;
  findAccount(subject: string): Promise<IssuerAccount | undefined>;
}

export interface IssuerEngineServices {
  readonly documents: DocumentStore;
  readonly once: OnceMarkers;
  readonly sealer: Sealer;
  readonly derivedKeys: DerivedKeys;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly renderer: PageRenderer;
}

/** One HTTP exchange, with the body unread. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What an authorization request waits for: the user. */
export interface IssuerInteraction {
  /** Last segment of the page's path: `<basePath>/interaction/<id>`. */
  readonly id: string;
  readonly kind: 'login' | 'consent';
  readonly client: IssuerClient;
  /** Subject of the live session; undefined before a login. */
  readonly subject: string | undefined;
  /** Scopes that the client asks for and that are on offer. */
  readonly scopes: readonly string[];
  /** `login_hint` (OpenID Connect Core §3.1.2.1); from the client, unchecked. */
  readonly loginHint: string | undefined;
}

export type InteractionOutcome =
  | { readonly kind: 'login'; readonly subject: string }
  | { readonly kind: 'consent' }
  /** The client gets `error=access_denied` (RFC 6749 §4.1.2.1). */
  | { readonly kind: 'deny' };

/**
 * An authorization server without its login and consent pages.
 *
 * Obligations: it authenticates clients, checks redirect URIs exactly, requires PKCE with S256, redeems a code
 * once and revokes what came of it when it returns, rotates refresh tokens and revokes the family on reuse, over
 * any number of processes with one store. What it keeps is sealed, under names that open nothing. Store failures
 * end in a 503 of `answer` and a {@link StoreUnavailableError} of the other operations.
 */
export interface IssuerEngine {
  /** Names of the cookies that it sets, those of their signatures included. */
  readonly ownCookies: readonly string[];
  /** Answers everything below the base path except the interaction pages. Never rejects. */
  answer(exchange: Exchange): Promise<void>;
  /** The interaction `id` that this browser is in; undefined when there is none, or it is another browser's or over. */
  interaction(id: string, exchange: Exchange): Promise<IssuerInteraction | undefined>;
  /**
   * Records the outcome and yields the URL, on the issuer's origin, at which the authorization request goes on;
   * undefined when there is no such interaction, or it waits for something else.
   */
  finish(id: string, outcome: InteractionOutcome, exchange: Exchange): Promise<string | undefined>;
}

/** Throws for settings that no engine can work with, such as keys that are not a JWK Set; never names a secret. */
export type IssuerEngineFactory = (settings: IssuerEngineSettings, services: IssuerEngineServices) => IssuerEngine;
