/** Which sessions a caller means. */
export type SessionQuery =
  | { readonly kind: 'all' }
  /** `sub`, or e-mail address. */
  | { readonly kind: 'user'; readonly user: string }
  /** `sid` of the provider. */
  | { readonly kind: 'provider_session'; readonly sid: string };

/** A request that a caller wants explained. */
export interface ExplainQuery {
  readonly method: string;
  /** Absolute, undecoded. */
  readonly url: string;
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** What Envoy's route would say in `context_extensions`. */
  readonly context: ReadonlyMap<string, string>;
}

export interface ReloadAnswer {
  readonly outcome: 'reloaded' | 'invalid' | 'needs_restart' | 'store_unreachable' | 'failed';
  /** What is wrong, at its places; empty unless the outcome is `invalid` or `needs_restart`. */
  readonly findings: readonly object[];
}

/**
 * What the admin API does. Objects are JSON as it is answered; none has a token, a cookie or a secret in it. What
 * needs the store throws StoreUnavailableError.
 */
export interface AdminOperations {
  sessions(query: SessionQuery): AsyncIterable<object>;
  session(name: string): Promise<object | undefined>;
  /** How many there were. */
  endSessions(query: SessionQuery): Promise<number>;
  /** False when there is none of this name. */
  endSession(name: string): Promise<boolean>;
  /** Instances whose sessions are in cookies: nobody can list or end them. */
  sealedInstances(): readonly string[];
  explain(query: ExplainQuery): Promise<object>;
  /** The keys of the ring, what needs them, and when they can go. */
  keys(): Promise<object>;
  config(): object;
  reload(): Promise<ReloadAnswer>;
}
