import type { DocumentKey } from '../../ports/store.ts';

/**
 * Names of everything in Redis; docs/store.md shows the same to operators. Each record has one key with a hash tag
 * of its own, and no command or script touches two keys, so the layout works on Redis Cluster as it is.
 */
export interface RedisKeys {
  session(name: string): string;
  /** Glob pattern that matches the key of every session. */
  readonly sessions: string;
  /** The name of the session at a key that matches {@link RedisKeys.sessions}. */
  sessionNameOf(key: string): string;
  /** A group of the session index. */
  index(group: string): string;
  once(name: string): string;
  document(key: DocumentKey): string;
  /** As {@link RedisKeys.sessions}, of documents. */
  readonly documents: string;
  alias(kind: string, alias: string): string;
  group(group: string): string;
  /** The channel of changes of sessions. Channels belong to no database. */
  readonly changes: string;
  /** The channel on which a subscriber hears that it still hears. */
  beats(subscriber: string): string;
}

/** `prefix` with one colon after it, whether it was configured with one or without; nothing for an empty one. */
export function createRedisKeys(prefix: string): RedisKeys {
  const begin = prefix === '' ? '' : `${prefix.replace(/:+$/, '')}:`;
  // Keys without a prefix have a database to themselves; there is nothing like it for channels.
  const channels = begin === '' ? 'sallyport:' : begin;
  const pattern = begin.replace(/[*?[\]\\]/g, '\\$&');
  return {
    session: (name) => `${begin}s:{${name}}`,
    sessions: `${pattern}s:{*}`,
    sessionNameOf: (key) => key.slice(`${begin}s:{`.length, -1),
    index: (group) => `${begin}i:{${escaped(group)}}`,
    once: (name) => `${begin}o:{${escaped(name)}}`,
    document: ({ kind, id }) => `${begin}d:{${escaped(kind)}:${escaped(id)}}`,
    documents: `${pattern}d:{*}`,
    alias: (kind, alias) => `${begin}a:{${escaped(kind)}:${escaped(alias)}}`,
    group: (group) => `${begin}g:{${escaped(group)}}`,
    changes: `${channels}changes`,
    beats: (subscriber) => `${channels}beats:${subscriber}`,
  };
}

/** The inverse of what {@link documentMember} makes of a key. */
export function documentKeyOf(member: string): DocumentKey {
  const [kind = '', id = ''] = member.split(':');
  return { kind: decodeURIComponent(kind), id: decodeURIComponent(id) };
}

/** A document as a member of its group. */
export function documentMember({ kind, id }: DocumentKey): string {
  return `${escaped(kind)}:${escaped(id)}`;
}

/** Ids may come from clients: braces would move the hash tag, a colon would join kind and id in another way. */
function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
