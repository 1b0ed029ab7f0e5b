import type { RedisTls, RedisTopology } from '../../adapters/ioredis/options.ts';
import type { ProviderOptions } from '../../adapters/openid-client/provider-options.ts';
import type { Look } from '../../core/html/look.ts';
import type { Rule } from '../../core/rules/match.ts';
import type { Secret } from '../../core/secret.ts';
import type { Seconds } from '../../core/time.ts';
import type { ModeDefinition } from '../../modes/mode.ts';
import type { Address } from '../../servers/address.ts';
import type { MutualTls } from '../../servers/mutual-tls.ts';
import type { Finding } from './finding.ts';

/** One `sallyport.yaml`, read and checked as a whole. A change of the file makes a new one; nothing edits it. */
export interface Config {
  /** Absolute path of the file that it came from. */
  readonly file: string;
  /** `scheme://host[:port]`, each as browsers write it, or `scheme://*.parent[:port]`; at least one. */
  readonly origins: readonly string[];
  readonly listen: {
    /** gRPC: the check and its health service. */
    readonly authz: Listener;
    /** The side service, reached through Envoy. */
    readonly http: Listener;
    /** Health, readiness and metrics; never TLS. */
    readonly ops: Listener;
    /** Undefined when there is no admin API. */
    readonly admin: Listener | undefined;
  };
  /** There when `listen.admin` is. */
  readonly admin: { readonly token: Secret<string> } | undefined;
  /** Text of the key ring. */
  readonly keys: Secret<string>;
  readonly store: StoreConfig;
  /** `store.cache`: apart from the store, which stays as it is when these change. */
  readonly sessionCache: SessionCacheConfig;
  readonly providers: ReadonlyMap<string, ProviderOptions>;
  readonly modes: ReadonlyMap<string, ModeConfig>;
  /** In the order of the file; each names an instance of `modes` or none. */
  readonly rules: readonly Rule[];
  readonly requests: {
    /** Lower-case names of headers that are taken off every forwarded request. */
    readonly stripHeaders: readonly string[];
    /** A multiple of 1,024. */
    readonly maxHeaderBytes: number;
    readonly maxHeaderCount: number;
  };
  /** What people see; without its logo where files are left unread. */
  readonly pages: Look;
  /** Undefined when the file has no `envoy`: then `sallyport envoy` has nothing to print. */
  readonly envoy: EnvoyConfig | undefined;
  readonly log: { readonly level: LogLevel };
  readonly reload: {
    /** Whether changed files are noticed without being told. */
    readonly watch: boolean;
    /** Between two looks at the files. */
    readonly interval: Seconds;
  };
  readonly shutdown: {
    /** Between "not serving" and the end of listening. */
    readonly delay: Seconds;
    /** For what is in flight when listening ends. */
    readonly drain: Seconds;
  };
}

type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Listener {
  readonly address: Address;
  /** Undefined only on loopback, on Unix sockets and for `ops`. */
  readonly tls: MutualTls | undefined;
}

export type StoreConfig =
  | { readonly kind: 'memory'; readonly maxSessions: number }
  | {
      readonly kind: 'redis';
      readonly topology: RedisTopology;
      readonly username: string | undefined;
      readonly password: Secret<string> | undefined;
      /** The files, read. Undefined: Redis is spoken to in plain, unless the URL says otherwise. */
      readonly tls: RedisTls | undefined;
      readonly keyPrefix: string;
      readonly commandTimeout: Seconds;
    };

export interface SessionCacheConfig {
  /** 0: none. */
  readonly maxSessions: number;
  /** 0: none. */
  readonly outageGrace: Seconds;
}

/** One configured instance of a mode: `definition.create(name, settings, services)` makes it. */
interface ModeConfig {
  readonly name: string;
  readonly definition: ModeDefinition;
  /** Output of `definition.settings`, with every secret read. */
  readonly settings: unknown;
}

export interface EnvoyConfig {
  readonly listen: Address;
  readonly workload: Address;
  readonly workloadProtocol: 'http1' | 'http2';
  /** Where Envoy reaches the processes of Sallyport; at least one. */
  readonly replicas: readonly { readonly authz: Address; readonly http: Address }[];
  /** Files that Envoy reads to serve TLS itself; undefined when something before it does. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Files that Envoy reads to call Sallyport over mutual TLS. */
  readonly sallyportTls:
    | {
        readonly cert: string;
        readonly key: string;
        readonly ca: string;
        readonly serverName: string;
      }
    | undefined;
  readonly connectTimeout: Seconds;
  /** How long Envoy waits for a check; ours ends a little earlier. */
  readonly checkTimeout: Seconds;
  readonly streamIdleTimeout: Seconds;
  readonly workloadIdleTimeout: Seconds;
  /** Proxies before Envoy that write X-Forwarded-For and X-Forwarded-Proto. */
  readonly trustedHops: number;
  readonly maxConnections: number;
  readonly admin: Address | undefined;
  /** Undefined: a 401 of the workload goes to the client as it is. */
  readonly heal: HealConfig | undefined;
  readonly accessLog: boolean;
}

/** Requests that are sent once more, with a new access token, when the workload answers 401. */
export interface HealConfig {
  /** At least one; the first that matches counts, and what none matches goes the plain way. */
  readonly routes: readonly HealRoute[];
  /** A longer body is not kept, and its request not sent again. */
  readonly maxBodyBytes: number;
}

export interface HealRoute {
  /** Compared with the path as rules read it. */
  readonly path: Exclude<Rule['path'], { readonly kind: 'pattern' }>;
  readonly when: RejectedToken;
}

/** Which answers of the workload say that it refuses the access token. */
export type RejectedToken =
  /** 401 with a Bearer challenge whose error is `invalid_token` (RFC 6750 §3.1). */
  | { readonly kind: 'invalid_token' }
  /** 401 with a Bearer challenge whose `error_description` is exactly this. */
  | { readonly kind: 'error_description'; readonly text: string }
  /** Every 401. */
  | { readonly kind: 'any' };

/** One finding in the configuration, at the place where it can be mended. Holds no value of the file. */
export interface ConfigError {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** `rules[2].path.prefix`; empty for the document as a whole. */
  readonly path: string;
  /** What was expected and what was found. */
  readonly problem: string;
  /** What to write instead, where that is known. */
  readonly suggestion: string | undefined;
}

export type LoadedConfig =
  | {
      readonly kind: 'ok';
      readonly config: Config;
      readonly warnings: readonly ConfigError[];
      /** A finding of a later step, at its place in the file. */
      locate(finding: Finding): ConfigError;
    }
  | { readonly kind: 'invalid'; readonly errors: readonly ConfigError[]; readonly warnings: readonly ConfigError[] };
