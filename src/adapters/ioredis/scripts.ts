import type { Cluster, Redis, RedisCommander } from 'ioredis';
import { type SessionScripts, sessionScripts } from './session-scripts.ts';

/*
 * Each script has one key and is one atomic step. `now` is the caller's clock, in seconds: a record whose end has
 * passed by that clock is absent, even while Redis still holds it (it drops it within a second, or later when its own
 * clock is wrong), so that nothing that has ended is brought back.
 *
 * When memory is short Redis refuses commands that need some, but lets a script go on that has written before. So a
 * script that stores something begins with the command that needs memory, and one that deletes does not.
 */

// Whether the document at KEYS[1] is there. One without an end has an empty e.
const isDocumentThere = `
local function isDocumentThere(now)
  local e = redis.call('HGET', KEYS[1], 'e')
  return e and (e == '' or tonumber(now) < tonumber(e))
end
`;

// A document that was consumed stays consumed when it is put again: a late writer must not make a code usable twice.
const putDocument = `${isDocumentThere}
local value, e, group, alias, ttl, now = unpack(ARGV)
local isThere = isDocumentThere(now)
redis.call('HSET', KEYS[1], 'v', value, 'e', e, 'r', group, 'a', alias)
if not isThere then redis.call('HDEL', KEYS[1], 'c') end
redis.call('PEXPIRE', KEYS[1], ttl)
return 1
`;

const consumeDocument = `${isDocumentThere}
local at, now = unpack(ARGV)
if not isDocumentThere(now) then return 0 end
return redis.call('HSETNX', KEYS[1], 'c', at)
`;

const deleteDocumentOfGroup = `
if redis.call('HGET', KEYS[1], 'r') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`;

// A group is a sorted set: member kind:id, score its end. The member ! counts deletions of the group, from 10^15 up,
// out of the reach of the range of ended members; see documents.ts.
const joinGroup = `
local member, e, ttl, now = unpack(ARGV)
redis.call('ZADD', KEYS[1], e, member)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), tonumber(ttl)))
return redis.call('ZSCORE', KEYS[1], '!') or ''
`;

const listDeletedGroup = `
local ttl, now = unpack(ARGV)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local members = redis.call('ZRANGE', KEYS[1], 0, -1)
redis.call('ZADD', KEYS[1], 'NX', 1000000000000000, '!')
redis.call('ZINCRBY', KEYS[1], 1, '!')
redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), tonumber(ttl)))
return members
`;

/** Places in the order of a group of the index, before they begin again; ends times this are exact until 2100. */
export const orderSteps = 2_097_152;

// A group of the index is a sorted set of session names; see session-index.ts for the scores. The member ! counts
// additions, from 8 * 10^15 up, out of the reach of the range of ended members.
const addToIndex = `
local name, e, ttl, now = unpack(ARGV)
local steps = ${orderSteps}
local known = redis.call('ZSCORE', KEYS[1], name)
redis.call('ZADD', KEYS[1], 'NX', '8000000000000000', '!')
local place = known or redis.call('ZINCRBY', KEYS[1], 1, '!')
redis.call('ZADD', KEYS[1], string.format('%.0f', tonumber(e) * steps + tonumber(place) % steps), name)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', (tonumber(now) + 1) * steps))
redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), tonumber(ttl)))
return 1
`;

// Of a session or a document: what of it says which keys it needs, and until when.
const readHead = `
local f = redis.call('HMGET', KEYS[1], 'v', 'n', 't', 'e', 'i')
if f[1] then f[1] = string.sub(f[1], 1, tonumber(ARGV[1])) end
return f
`;

/** All scripts as commands; numbers are 1 for done and 0 for not done. ioredis sends EVALSHA and copes with NOSCRIPT. */
export interface Scripts extends SessionScripts {
  /** `e`, `group` and `alias`: empty for none. `ttl` here and below: milliseconds. */
  putDocument(
    key: string,
    value: Buffer,
    e: number | '',
    group: string,
    alias: string,
    ttl: number,
    now: number,
  ): Promise<number>;
  consumeDocument(key: string, at: number, now: number): Promise<number>;
  deleteDocumentOfGroup(key: string, group: string): Promise<number>;
  /** Resolves to the group's count of deletions, empty for none. */
  joinGroup(key: string, member: string, e: number | '+inf', ttl: number, now: number): Promise<string>;
  /** Counts a deletion and resolves to the members. */
  listDeletedGroup(key: string, ttl: number, now: number): Promise<string[]>;
  addToIndex(key: string, name: string, e: number, ttl: number, now: number): Promise<number>;
  /** Resolves to v (its first `length` bytes), n, t, e and i. */
  readHead(key: string, length: number): Promise<(string | null)[]>;
}

/** ioredis gives each script a second command, which decodes nothing. */
interface Commands extends Scripts {
  readHeadBuffer(key: string, length: number): Promise<(Buffer | null)[]>;
}

/** What a client of a single Redis and one of a cluster have in common. */
export type ScriptedRedis = RedisCommander<{ type: 'default'; mapping: 'resp2' }> & Commands;

const sources: Readonly<Record<keyof Scripts, string>> = {
  ...sessionScripts,
  putDocument,
  consumeDocument,
  deleteDocumentOfGroup,
  joinGroup,
  listDeletedGroup,
  addToIndex,
  readHead,
};

/** Gives a client the scripts as commands. */
export function withScripts(redis: Redis | Cluster): ScriptedRedis {
  for (const [name, lua] of Object.entries(sources)) redis.defineCommand(name, { lua, numberOfKeys: 1 });
  return redis as (Redis | Cluster) & Commands; // defineCommand adds methods that its types cannot know
}
