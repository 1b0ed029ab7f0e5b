import { epochSecondsOf } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DocumentKey, DocumentStore, FoundDocument, StoredDocument } from '../../ports/store.ts';
import type { RedisConnection } from './connection.ts';
import { bufferOf, integerOf } from './fields.ts';
import { documentHeadOf, scanHeads } from './heads.ts';
import { documentKeyOf, documentMember, type RedisKeys } from './keys.ts';
import type { ScriptedRedis } from './scripts.ts';

// Everything in Redis ends. A document without an end stays this long after it was put last.
const withoutEndMs = 400 * 24 * 60 * 60 * 1000;

// The count of a group's deletions must outlive every put that was on its way when the group was deleted.
const deletedGroupMs = 60_000;

/**
 * Documents as hashes: v value, e end, c consumed at, r group, a alias; an alias key holds the id; a group is a sorted
 * set of its documents. The three lie in slots of their own, so a put is several steps, in an order that leaves no
 * document outside its group: join the group, write, then look whether the group was deleted meanwhile; if so, the
 * deletion wins. A put that fails in between leaves at worst a member or an alias of a document that is not there.
 */
export function createRedisDocuments(connection: RedisConnection, keys: RedisKeys, clock: Clock): DocumentStore {
  async function write(redis: ScriptedRedis, key: DocumentKey, document: StoredDocument): Promise<void> {
    const { value, endsAt, group = '', alias = '' } = document;
    const now = clock.now();
    const ttl = endsAt === undefined ? withoutEndMs : (endsAt - now) * 1000;
    if (ttl <= 0) {
      await redis.del(keys.document(key));
      return;
    }
    const groupKey = keys.group(group);
    const joined = group === '' ? '' : await redis.joinGroup(groupKey, documentMember(key), endsAt ?? '+inf', ttl, now);
    if (alias !== '') await redis.set(keys.alias(key.kind, alias), key.id, 'PX', ttl);
    await redis.putDocument(keys.document(key), bufferOf(value), endsAt ?? '', group, alias, ttl, now);
    const deletions = group === '' ? '' : ((await redis.zscore(groupKey, '!')) ?? '');
    if (deletions !== joined) await redis.deleteDocumentOfGroup(keys.document(key), group);
  }

  async function read(
    redis: ScriptedRedis,
    key: DocumentKey,
    alias: string | undefined,
  ): Promise<FoundDocument | undefined> {
    const [value = null, e, c, a] = await redis.hmgetBuffer(keys.document(key), 'v', 'e', 'c', 'a');
    const endsAt = e?.length === 0 ? Number.POSITIVE_INFINITY : integerOf(e);
    if (value === null || endsAt === undefined || clock.now() >= endsAt) return undefined;
    // The alias key of an earlier put may still be there.
    if (alias !== undefined && a?.toString() !== alias) return undefined;
    const consumedAt = integerOf(c);
    return { id: key.id, value, consumedAt: consumedAt === undefined ? undefined : epochSecondsOf(consumedAt) };
  }

  return {
    put: (key, document) => connection.run('a document write', (redis) => write(redis, key, document)),
    find: (key) => connection.run('a document read', (redis) => read(redis, key, undefined)),
    findByAlias: (kind, alias) =>
      connection.run('a document read', async (redis) => {
        const id = await redis.get(keys.alias(kind, alias));
        return id === null ? undefined : read(redis, { kind, id }, alias);
      }),
    async consume(key, at) {
      const consumed = await connection.run('a document consumption', (redis) =>
        redis.consumeDocument(keys.document(key), at, clock.now()),
      );
      return consumed === 1;
    },
    async delete(key) {
      await connection.run('a document deletion', (redis) => redis.del(keys.document(key)));
    },
    async deleteGroup(group) {
      await connection.run('a group deletion', async (redis) => {
        // The list stays until its members have ended, so that a deletion that broke off can be repeated whole.
        const members = await redis.listDeletedGroup(keys.group(group), deletedGroupMs, clock.now());
        const documents = members
          .filter((member) => member.includes(':'))
          .map((member) => keys.document(documentKeyOf(member)));
        await Promise.all(documents.map((document) => redis.deleteDocumentOfGroup(document, group)));
      });
    },
    async *heads() {
      for await (const head of scanHeads(connection, keys.documents)) {
        const document = documentHeadOf(head, clock.now());
        if (document !== undefined) yield document;
      }
    },
  };
}
