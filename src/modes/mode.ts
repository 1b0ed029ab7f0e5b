import type { FastifyPluginAsync } from 'fastify';
import type { output, ZodType } from 'zod';
import type { PageRenderer } from '../core/html/page-renderer.ts';
import type { HttpRequest } from '../core/http/request.ts';
import type { EpochMilliseconds, Seconds } from '../core/time.ts';
import type { Header, Reply } from '../core/verdict.ts';
import type { RefreshSealed } from '../flows/refresh-sealed.ts';
import type { Refresher } from '../flows/refresher.ts';
import type { SessionPorts } from '../flows/sessions.ts';
import type { AuthorizationServer } from '../ports/authorization-server.ts';
import type { Clock } from '../ports/clock.ts';
import type { DerivedKeys } from '../ports/derived-keys.ts';
import type { IssuerEngineFactory } from '../ports/issuer-engine.ts';
import type { Random } from '../ports/random.ts';
import type { Sealer } from '../ports/sealer.ts';
import type { SharedKeySealerFactory } from '../ports/shared-key-sealer.ts';
import type { OnceMarkers, Store } from '../ports/store.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { SettingsFinding, Surroundings } from './surroundings.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The configured origin that the request's Host names; undefined for any other host. Set by the side service. */
    publicOrigin: string | undefined;
  }
}

/** What the gateway already knows about a request when it asks a mode. */
export interface RequestFacts {
  /** Scheme, host and port from the configuration, chosen by the request's host: `https://app.example.com`. */
  readonly origin: string;
  /** Name of the rule that matched, for logs. */
  readonly rule: string;
  /**
   * Set when Envoy asks again because the workload has refused the access token of the first answer (a heal route): when
   * the request began, by Envoy's clock. Never from a client.
   */
  readonly rejected: { readonly requestedAt: EpochMilliseconds } | undefined;
}

/** The mode agrees. The gateway adds the hygiene that every forwarded request gets, so that no mode can forget it. */
export interface Pass {
  readonly kind: 'pass';
  /** Identity for the workload. Each name must be in the instance's `identityHeaders`, or be `authorization`. */
  readonly setHeaders: readonly Header[];
  readonly responseHeadersIfAbsent: readonly Header[];
  /** Over what the workload says itself. */
  readonly setResponseHeaders?: readonly Header[];
  /** Beside what the workload says itself. */
  readonly addResponseHeaders?: readonly Header[];
  /** The client's own Authorization header goes on to the workload. Only where `setHeaders` sets none. */
  readonly keepsAuthorization?: true;
  /** Set-Cookie values for cookies in the instance's `ownCookies`. */
  readonly setCookies?: readonly string[];
}

/** What an instance would do with a request, and why. */
export interface ModeExplanation {
  readonly decision:
    | 'forward'
    | 'anonymous'
    | 'login'
    | 'unauthenticated'
    /** 401 to whoever it may be: the application logs its users in itself. */
    | 'unauthorized'
    | 'refuse'
    /** The instance answers in place of the workload. */
    | 'answered';
  /** A word for operators: `session_live`, `no_session`, `group_not_allowed`. */
  readonly reason: string;
}

/** Ports and neighbours that a mode instance is built with. */
export interface ModeServices {
  /** Every origin of the configuration that has no wildcard, in its order; it may be none. */
  readonly origins: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** Writes out what routes answer. */
  readonly renderer: PageRenderer;
  readonly sealer: Sealer;
  readonly derivedKeys: DerivedKeys;
  readonly store: Pick<Store, 'once' | 'documents'>;
  /** Once-markers of this process alone, for instances that need no store. Never throws. */
  readonly onceHere: OnceMarkers;
  readonly createSharedKeySealer: SharedKeySealerFactory;
  /** Sessions of the store, for the flows. */
  readonly sessions: SessionPorts;
  readonly refresher: Refresher;
  /** For sessions that only browsers have. */
  readonly refreshSealed: RefreshSealed;
  readonly providers: ReadonlyMap<string, AuthorizationServer>;
  readonly createIssuerEngine: IssuerEngineFactory;
}

/** One configured protection, live. */
export interface ModeInstance<Requirements = unknown> {
  /** Where its side-service routes live, without a slash at the end; undefined when it has none. */
  readonly basePath: string | undefined;
  /** Cookies that are ours: never sent to a workload. */
  readonly ownCookies: readonly string[];
  /** Headers that only we may set towards a workload, lower-case. */
  readonly identityHeaders: readonly string[];
  /** Decides a request whose rule names this instance; undefined when rules cannot name it. */
  readonly authorize:
    | ((request: HttpRequest, facts: RequestFacts, requirements: Requirements) => Promise<Pass | Reply>)
    | undefined;
  /** The decision of `authorize` without its effects: nothing is begun, written or logged. */
  readonly explain:
    | ((request: HttpRequest, facts: RequestFacts, requirements: Requirements) => Promise<ModeExplanation>)
    | undefined;
  /** Registered by the side service under `basePath`. */
  readonly routes: FastifyPluginAsync | undefined;
}

/** What the rest of the configuration has to know of an instance. */
export interface CommonSettings {
  /** Without a slash at the end; undefined when it answers nothing itself. */
  readonly basePath: string | undefined;
  /** Names of the providers that it logs users in with. */
  readonly providers: readonly string[];
  /**
   * True where it answers CORS preflights itself: then its rules also get those that ask about one of their methods. With
   * false they never do, as a mode that takes a preflight for any other request would let it on.
   */
  readonly answersPreflights?: boolean;
  /** What the names of its cookies begin with, and the setting that says so; undefined when it sets none. */
  readonly cookie:
    | { readonly name: string; readonly setting?: 'name' | 'prefix'; readonly insecureHttp: boolean }
    | undefined;
  /**
   * Where it keeps what outlives a request: in the store, which several processes must then share; sealed in cookies,
   * where no operator finds it; or nowhere.
   */
  readonly state: 'store' | 'sealed' | 'none';
  /** Claim that lists the groups of a user; undefined where nothing asks for groups. */
  readonly groupsClaim?: string;
  /**
   * What only browsers hold, sealed or signed with a key of the ring, and for how long at most after it was made: no
   * store can tell whether the key is still needed.
   */
  readonly inBrowsers?: readonly { readonly what: string; readonly lifetime: Seconds }[];
}

/** A kind of protection: its settings, what rules may require of it, and how an instance is made. */
export interface ModeDefinition<Settings extends ZodType = ZodType, Requirements extends ZodType = ZodType> {
  readonly name: string;
  /** A strict object, without the `mode` member that selects it. */
  readonly settings: Settings;
  /** A strict object: `require` of a rule that uses an instance of this mode. */
  readonly requirements: Requirements;
  /** As `requirements`, for an instance with these settings, where they decide what can be required. */
  requirementsFor?(settings: output<Settings>): Requirements;
  common(settings: output<Settings>): CommonSettings;
  /** What is wrong with settings where they stand; what they say by themselves is for their schema. Pure. */
  check?(settings: output<Settings>, surroundings: Surroundings): readonly SettingsFinding[];
  /** False for a kind that protects nothing by itself: rules cannot name its instances. True when left out. */
  readonly guardsRequests?: boolean;
  create(name: string, settings: output<Settings>, services: ModeServices): ModeInstance<output<Requirements>>;
}

/** Keeps the types of a mode's settings and requirements together. */
export function defineMode<Settings extends ZodType, Requirements extends ZodType>(
  mode: ModeDefinition<Settings, Requirements>,
): ModeDefinition<Settings, Requirements> {
  return mode;
}
