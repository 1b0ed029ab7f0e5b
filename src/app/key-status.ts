import type { KeyRing, RingKey } from '../adapters/node-crypto/key-ring.ts';
import type { EpochSeconds } from '../core/time.ts';
import type { Config } from './config/config.ts';
import { type KeyUse, unused } from './key-uses.ts';

/** The keys of a ring and what needs them, as operators see it: no secret. Times: ISO 8601. */
export interface KeyStatus {
  readonly at: string;
  /** In the order of the ring. */
  readonly keys: readonly KeyView[];
  /** Keys outside the ring that something in the store needs: what needs them is as if it were not there. */
  readonly unknown_keys: readonly UnknownKeyView[];
}

export interface KeyView extends UnknownKeyView {
  readonly created_at: string;
  /** Since when it seals, where that is later. */
  readonly promoted_at: string | null;
  /** `standby`: opens, and has never sealed. `opens`: sealed before another took its place. */
  readonly role: 'seals' | 'standby' | 'opens';
  /**
   * When the next key took its place, at the earliest; null for the others. A replica that took the ring over later
   * has sealed with the old key until then.
   */
  readonly sealed_until: string | null;
  /** What browsers may still hold of it. Nobody can count it; `until` holds for {@link KeyView.sealed_until}. */
  readonly browsers: readonly { readonly what: string; readonly until: string }[];
  readonly can_go: boolean;
  /** Null when it can go, when it is not to go, and when something without an end needs it. */
  readonly can_go_after: string | null;
}

export interface UnknownKeyView {
  readonly id: string;
  readonly sessions: {
    /** Whose cookie names the key: they need it until they end. */
    readonly named: number;
    /** Sealed with it: they need it until they are written again. */
    readonly sealed: number;
    /** Who needs it for one of the two, and until when at the latest. */
    readonly needed: number;
    readonly until: string | null;
  };
  /** Codes, grants, tokens and logins of an issuer. */
  readonly documents: { readonly sealed: number; readonly until: string | null };
}

/** What needs the keys of a ring, of what the store was counted for and of what the configuration lets browsers hold. */
export function keyStatus(
  { keys }: KeyRing,
  uses: ReadonlyMap<string, KeyUse>,
  modes: Config['modes'],
  now: EpochSeconds,
): KeyStatus {
  const known = new Set(keys.map(({ id }) => id));
  return {
    at: timeOf(now) ?? '',
    keys: keys.map((key, index) => viewOf(key, keys.slice(0, index), uses.get(key.id) ?? unused, modes, now)),
    unknown_keys: [...uses].filter(([id]) => !known.has(id)).map(([id, use]) => ({ id, ...countsOf(use) })),
  };
}

/** `newer`: the keys before it in the ring. */
function viewOf(
  key: RingKey,
  newer: readonly RingKey[],
  use: KeyUse,
  modes: Config['modes'],
  now: EpochSeconds,
): KeyView {
  const role = roleOf(key, newer);
  // Each of the newer ones took the place of an older one when it began: the first that did ended this one's time.
  const sealedUntil = role === 'opens' ? Math.min(...newer.map(sealsSince)) : undefined;
  const browsers = sealedUntil === undefined ? [] : browsersOf(modes, sealedUntil).filter(({ until }) => until > now);
  const isNeeded = use.sessions + use.documents + browsers.length > 0;
  const neededUntil = Math.max(use.sessionsEndAt, use.documentsEndAt, ...browsers.map(({ until }) => until));
  const canGo = role !== 'seals' && !isNeeded;
  return {
    id: key.id,
    created_at: key.createdAt,
    promoted_at: key.promotedAt ?? null,
    role,
    sealed_until: timeOf(sealedUntil),
    ...countsOf(use),
    browsers: browsers.map(({ what, until }) => ({ what, until: timeOf(until) ?? '' })),
    can_go: canGo,
    can_go_after: role === 'seals' || canGo ? null : timeOf(neededUntil),
  };
}

function roleOf({ promotedAt }: RingKey, newer: readonly RingKey[]): KeyView['role'] {
  if (newer.length === 0) return 'seals';
  return promotedAt === null ? 'standby' : 'opens';
}

/** Infinite for a key that has not yet. */
function sealsSince({ createdAt, promotedAt }: RingKey): number {
  return promotedAt === null ? Number.POSITIVE_INFINITY : Date.parse(promotedAt ?? createdAt) / 1000;
}

/** What browsers may hold of a key that sealed until then, each kind once. */
function browsersOf(modes: Config['modes'], sealedUntil: number) {
  const ends = new Map<string, number>();
  for (const { definition, settings } of modes.values()) {
    for (const { what, lifetime } of definition.common(settings).inBrowsers ?? []) {
      ends.set(what, Math.max(ends.get(what) ?? 0, sealedUntil + lifetime));
    }
  }
  return [...ends].map(([what, until]) => ({ what, until }));
}

function countsOf(use: KeyUse): Pick<UnknownKeyView, 'sessions' | 'documents'> {
  const { named, sealed, sessions, sessionsEndAt, documents, documentsEndAt } = use;
  return {
    sessions: { named, sealed, needed: sessions, until: sessions === 0 ? null : timeOf(sessionsEndAt) },
    documents: { sealed: documents, until: documents === 0 ? null : timeOf(documentsEndAt) },
  };
}

function timeOf(moment: number | undefined): string | null {
  return moment === undefined || !Number.isFinite(moment) ? null : new Date(moment * 1000).toISOString();
}
