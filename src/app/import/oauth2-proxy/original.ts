import type { Given } from './given.ts';

/** An upstream of oauth2-proxy. */
export interface Upstream {
  /** What requests it gets: one path, or with a slash at the end everything below it. */
  readonly path: string;
  /** `http://host:port`, `https://…`, `unix:///…`, `file:///…` or `static://202`. */
  readonly uri: string;
  /** Why the paths of it cannot be told: it rewrites them, or matches patterns. */
  readonly isPattern: boolean;
}

/** A header that oauth2-proxy sets towards the workload from a claim of the session. */
export interface IdentityHeader {
  readonly name: string;
  /** In its words: `user`, `email`, `groups`, `preferred_username`, `access_token`, `id_token` or another claim. */
  readonly claim: string;
  readonly prefix: string;
}

/** What an alpha configuration says that no option of the command line says. */
export interface AlphaParts {
  readonly upstreams: readonly Upstream[];
  readonly headers: readonly IdentityHeader[];
  readonly authorizationParameters: ReadonlyMap<string, string>;
  /** Names of variables that secrets come from, by the flag of the option. */
  readonly variables: ReadonlyMap<string, string>;
}

/** Everything that is known of the installation of oauth2-proxy that is to be replaced. */
export interface Original {
  readonly given: Given;
  /** Undefined without an alpha configuration. */
  readonly alpha: AlphaParts | undefined;
  /** Origins that the caller named, beside that of redirect-url. */
  readonly origins: readonly string[];
  /** Text of a file that an option names; undefined when it cannot be read here. */
  readText(path: string): string | undefined;
}
