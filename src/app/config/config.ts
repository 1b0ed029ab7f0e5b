import type { Rule } from '../../core/rules/match.ts';
import type { Secret } from '../../core/secret.ts';
import type { Seconds } from '../../core/time.ts';
import type { ModeDefinition } from '../../modes/mode.ts';
import type { Address } from '../../servers/address.ts';
import type { MutualTls } from '../../servers/mutual-tls.ts';

/** One `sallyport.yaml`, read and checked as a whole. A change of the file makes a new one; nothing edits it. */
export interface Config {
  /** Absolute path of the file that it came from. */
  readonly file: string;
  /** `scheme://host[:port]`, each as browsers write it; at least one. */
  readonly origins: readonly string[];
  readonly listen: {
    /** gRPC: the check and its health service. */
    readonly authz: Listener;
    /** The side service, reached through Envoy. */
    readonly http: Listener;
    /** Health, readiness and metrics; never TLS. */
    readonly ops: Listener;
  };
  /** Text of the key ring. */
  readonly keys: Secret<string>;
  readonly store: StoreConfig;
  readonly providers: ReadonlyMap<string, ProviderConfig>;
  readonly modes: ReadonlyMap<string, ModeConfig>;
  /** In the order of the file; each names an instance of `modes` or none. */
  readonly rules: readonly Rule[];
  readonly requests: {
    /** Lower-case names of headers that are taken off every forwarded request. */
    readonly stripHeaders: readonly string[];
  };
  /** Undefined when the file has no `envoy`: then `sallyport envoy` has nothing to print. */
  readonly envoy: EnvoyConfig | undefined;
  readonly log: { readonly level: LogLevel };
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
      /** `redis:` or `rediss:`, without user name and password. */
      readonly url: string;
      readonly username: string | undefined;
      readonly password: Secret<string> | undefined;
      readonly keyPrefix: string;
      readonly commandTimeout: Seconds;
    };

interface ProviderConfig {
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined for a public client. */
  readonly clientSecret: Secret<string> | undefined;
  readonly scopes: readonly string[];
  /** Its issuer and endpoints may be plain HTTP. */
  readonly allowHttp: boolean;
  /** Where we ask the provider ourselves, in place of the issuer's origin. */
  readonly backChannelUrl: string | undefined;
  /** An e-mail address counts although the provider did not verify it. */
  readonly allowUnverifiedEmail: boolean;
  readonly requestTimeout: Seconds;
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
  readonly accessLog: boolean;
}

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
  | { readonly kind: 'ok'; readonly config: Config; readonly warnings: readonly ConfigError[] }
  | { readonly kind: 'invalid'; readonly errors: readonly ConfigError[]; readonly warnings: readonly ConfigError[] };
