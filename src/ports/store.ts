import type { EpochSeconds, Seconds } from '../core/time.ts';

/**
 * Thrown by every store operation that could not be carried out or whose outcome is unknown (connection lost,
 * time-out, LOADING, READONLY, OOM, wrong password). Callers answer 503 and delete nothing.
 */
export class StoreUnavailableError extends Error {
  constructor(operation: string, options?: ErrorOptions) {
    super(`the store did not carry out ${operation}`, options);
    this.name = 'StoreUnavailableError';
  }
}

/** Whether the store answers right now, for readiness. Never throws; bounded by the store's command time-out. */
export interface StoreHealth {
  isReachable(): Promise<boolean>;
}

/** A session as the store keeps it: sealed, under the HMAC name of its id. */
export interface SessionRecord {
  readonly sealed: Uint8Array;
  /** Counts writes of `sealed`, from 1. A writer that read generation n may only replace generation n. */
  readonly generation: number;
  readonly lastSeenAt: EpochSeconds;
}

/**
 * Session records by name (see {@link IdNames}).
 *
 * Obligations, the same for each adapter and proved by one contract suite:
 * - every operation is one atomic step, bounded in time, and throws {@link StoreUnavailableError} or succeeds;
 * - a record is gone at `endsAt` (absolute), or `idleFor` seconds after `lastSeenAt`, whichever is first;
 * - `replace`, `touch`, `claim`, `renewClaim` and `release` never bring back a record that was deleted: a logout wins;
 * - every replacement, touch and deletion is told to {@link SessionChanges} in the same step.
 *
 * A claim is the right of one caller to replace a record: a lease with an end by the store's clock. It fences nothing
 * by itself; what does is the generation, which `replace` and `deleteGeneration` compare.
 */
export interface SessionRecords {
  find(name: string): Promise<SessionRecord | undefined>;
  /** Creates generation 1. Overwrites nothing: false when the name is taken. */
  create(name: string, record: NewSessionRecord): Promise<boolean>;
  /**
   * Replaces the sealed value when the stored generation is still `generation`; the new one is `generation + 1`. The
   * claim ends with it and the failures are forgotten, unless `keepsClaim`.
   */
  replace(name: string, generation: number, sealed: Uint8Array, options?: ReplaceOptions): Promise<boolean>;
  /** Claims `generation` for `holder`, for so many milliseconds. A holder may claim again what it holds. */
  claim(name: string, generation: number, holder: string, milliseconds: number): Promise<Claim>;
  /** Moves the end of a claim; false when it is not the holder's any more. */
  renewClaim(name: string, holder: string, milliseconds: number): Promise<boolean>;
  /**
   * Ends the holder's claim after work that failed: nobody claims for `backOff` milliseconds, and one more failure is
   * counted. With 0 it only ends. Nothing happens when the claim is not the holder's.
   */
  release(name: string, holder: string, backOff: number): Promise<void>;
  /** Moves `lastSeenAt` (never backwards) and the idle end; leaves the sealed value alone. */
  touch(name: string, lastSeenAt: EpochSeconds): Promise<void>;
  /** True when a record was there. */
  delete(name: string): Promise<boolean>;
  /** Deletes the record while its generation is `generation`; true when it did. */
  deleteGeneration(name: string, generation: number): Promise<boolean>;
  /**
   * Names of all sessions, in no order; one that was there from the first step to the last is among them, and one may
   * come twice or have ended meanwhile. Takes many short steps, between which others are served; throws
   * {@link StoreUnavailableError} in the middle when it can no longer keep that promise.
   */
  names(): AsyncIterable<string>;
  /** What keys the sessions need, with the promises of {@link SessionRecords.names}. */
  heads(): AsyncIterable<SessionHead>;
}

/** Which keys of the ring a session needs. */
export interface SessionHead {
  /** See {@link NewSessionRecord}; undefined when an older version wrote the record. */
  readonly keyId: string | undefined;
  /** The first {@link headLength} bytes of the sealed value, where sealers say which key it was. */
  readonly sealed: Uint8Array;
  /** At the latest: it goes before when it is not used. */
  readonly endsAt: EpochSeconds;
}

/** Bytes of a sealed value that a head has. */
export const headLength = 16;

export interface ReplaceOptions {
  readonly keepsClaim: boolean;
}

/**
 * Milliseconds for which the holder of a claim that has run out may still come back when somebody else wants it. Longer
 * than it takes a process to find a store that was away: a back-off of half a second and a new connection.
 */
export const takeoverMs = 1500;

export type Claim =
  /** `failures`: releases with a back-off since the record was replaced last. */
  | { readonly kind: 'claimed'; readonly failures: number }
  /**
   * Somebody else holds it. Also once, for {@link takeoverMs}, when the claim of another has run out: whoever was held
   * up or cut off from the store with the answer in hand may still come and write it.
   */
  | { readonly kind: 'held' }
  | { readonly kind: 'backing_off'; readonly milliseconds: number }
  /** Another generation is there, or none. */
  | { readonly kind: 'replaced' };

export interface NewSessionRecord {
  readonly sealed: Uint8Array;
  readonly lastSeenAt: EpochSeconds;
  readonly endsAt: EpochSeconds;
  /** Without a touch for so long the record goes. */
  readonly idleFor: Seconds;
  /** The key of the ring under which its name was made (see {@link IdNames}), which the name does not show. */
  readonly keyId: string;
}

/** A change of a session record by any process. */
export type SessionChange =
  | {
      readonly kind: 'changed';
      readonly name: string;
      /** What is there now; 0 when the record is gone. */
      readonly generation: number;
      readonly lastSeenAt: EpochSeconds;
    }
  /** Changes may have been missed: anything may be different. */
  | { readonly kind: 'unknown' };

/**
 * Changes of session records, as they happen.
 *
 * Obligations, the same for each adapter and proved by one contract suite:
 * - a change is told to each listener of each process, this one included, at most {@link staleAfterMs} after it was
 *   made, or `isCurrent` is false from then on;
 * - neither blocks or throws; without a connection `isCurrent` is false.
 */
export interface SessionChanges {
  /** Yields what ends it. Listeners must not throw. */
  subscribe(listener: (change: SessionChange) => void): () => void;
  /** Whether all changes that were made until {@link staleAfterMs} ago have been told. Cheap: asked in every check. */
  isCurrent(): boolean;
}

/** Milliseconds that news of a change may take. */
export const staleAfterMs = 750;

/**
 * Groups of session names: one for each user and each provider session. Callers make the names of groups with an HMAC,
 * so the store never sees a user's name. A member may be a session that has ended: callers skip it.
 *
 * Obligations, the same for each adapter and proved by one contract suite:
 * - every operation is one atomic step, bounded in time, and throws {@link StoreUnavailableError} or succeeds;
 * - a group takes no more room than its members whose end has not come, give or take those of the last seconds.
 */
export interface SessionIndex {
  /** Adds a name to a group until `endsAt`. Added again it keeps its place in the order and gets the new end. */
  add(group: string, name: string, endsAt: EpochSeconds): Promise<void>;
  /** Names of the group whose end has not come, oldest added first. */
  list(group: string): Promise<readonly string[]>;
  /** Idempotent. */
  remove(group: string, names: readonly string[]): Promise<void>;
}

/**
 * Markers of things that may be used once (login attempts, one-time handles, jti values).
 *
 * Obligation: of any number of callers with one name, over any number of processes, exactly one gets true.
 */
export interface OnceMarkers {
  /** True for the first caller; false for every later one until `endsAt`. */
  take(name: string, endsAt: EpochSeconds): Promise<boolean>;
}

/**
 * Small sealed documents with an end, grouped so that a group can be deleted whole: what the issuer keeps
 * (codes, grants, tokens, its own sessions).
 *
 * Obligations, the same for each adapter and proved by one contract suite:
 * - every operation is bounded in time, and throws {@link StoreUnavailableError} or succeeds;
 * - a document is gone at `endsAt`;
 * - `consume` yields true to exactly one caller, and what was consumed stays so when it is put again;
 * - `deleteGroup` wins against a `put` into the group that is under way.
 */
export interface DocumentStore {
  put(key: DocumentKey, document: StoredDocument): Promise<void>;
  find(key: DocumentKey): Promise<FoundDocument | undefined>;
  /** The document found by a second key that `put` gave it (`alias`). */
  findByAlias(kind: string, alias: string): Promise<FoundDocument | undefined>;
  /** Marks it consumed at `at`, once; false when it was consumed before or is not there. */
  consume(key: DocumentKey, at: EpochSeconds): Promise<boolean>;
  delete(key: DocumentKey): Promise<void>;
  deleteGroup(group: string): Promise<void>;
  /** What keys the documents need, with the promises of {@link SessionRecords.names}. */
  heads(): AsyncIterable<DocumentHead>;
}

/** As {@link SessionHead}, of a document. */
export interface DocumentHead {
  readonly sealed: Uint8Array;
  readonly endsAt: EpochSeconds | undefined;
}

export interface DocumentKey {
  readonly kind: string;
  readonly id: string;
}

export interface StoredDocument {
  readonly value: Uint8Array;
  readonly endsAt: EpochSeconds | undefined;
  readonly group: string | undefined;
  readonly alias: string | undefined;
}

export interface FoundDocument {
  readonly id: string;
  readonly value: Uint8Array;
  readonly consumedAt: EpochSeconds | undefined;
}

/** Everything one store adapter offers, with its end. */
export interface Store extends StoreHealth {
  readonly sessions: SessionRecords;
  readonly changes: SessionChanges;
  readonly index: SessionIndex;
  readonly once: OnceMarkers;
  readonly documents: DocumentStore;
  close(): Promise<void>;
}
