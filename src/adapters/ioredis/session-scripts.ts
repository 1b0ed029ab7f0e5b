import { takeoverMs } from '../../ports/store.ts';

/*
 * The scripts of session records and of claims on them; see scripts.ts for what holds for all scripts.
 *
 * Every change is published in the script that makes it. Without the right to do so it is made all the same: nobody is
 * told, and nobody has said that he would be (see session-changes.ts).
 */

const helpers = `
-- The end of the session at KEYS[1]; nil when there is none, or when what is there is no session.
local function sessionEnd()
  local f = redis.call('HMGET', KEYS[1], 't', 'e', 'i')
  local t, e, i = tonumber(f[1]), tonumber(f[2]), tonumber(f[3])
  if not (t and e and i) then return nil end
  return math.min(e, t + i)
end

local function lives(now)
  local ends = sessionEnd()
  return ends and tonumber(now) < ends
end

local function tell(channel, name, generation, seen)
  redis.pcall('PUBLISH', channel, name .. ' ' .. generation .. ' ' .. seen)
end

-- Milliseconds, by the clock of Redis: claims are between callers whose clocks differ.
local function milliseconds()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function text(number)
  return string.format('%.0f', number)
end
`;

const createSession = `${helpers}
local sealed, t, e, i, n, ttl, now = unpack(ARGV)
if lives(now) then return 0 end
redis.call('HSET', KEYS[1], 'v', sealed, 'g', 1, 't', t, 'e', e, 'i', i, 'n', n)
redis.call('HDEL', KEYS[1], 'h', 'u', 'f', 'k')
redis.call('PEXPIRE', KEYS[1], ttl)
return 1
`;

const replaceSession = `${helpers}
local generation, sealed, now, keepsClaim, channel, name = unpack(ARGV)
if not lives(now) then return 0 end
if redis.call('HGET', KEYS[1], 'g') ~= generation then return 0 end
redis.call('HSET', KEYS[1], 'v', sealed)
local next = redis.call('HINCRBY', KEYS[1], 'g', 1)
if keepsClaim == '0' then redis.call('HDEL', KEYS[1], 'h', 'u', 'f', 'k') end
tell(channel, name, next, redis.call('HGET', KEYS[1], 't'))
return 1
`;

const touchSession = `${helpers}
local seen, now, channel, name = unpack(ARGV)
if not lives(now) then return 0 end
if tonumber(seen) <= tonumber(redis.call('HGET', KEYS[1], 't')) then return 0 end
redis.call('HSET', KEYS[1], 't', seen)
redis.call('PEXPIRE', KEYS[1], math.ceil((sessionEnd() - tonumber(now)) * 1000))
tell(channel, name, redis.call('HGET', KEYS[1], 'g') or 0, seen)
return 1
`;

// An empty generation: any.
const deleteSession = `${helpers}
local generation, now, channel, name = unpack(ARGV)
local lived = lives(now)
if generation ~= '' and not (lived and redis.call('HGET', KEYS[1], 'g') == generation) then return 0 end
local seen = redis.call('HGET', KEYS[1], 't') or 0
if redis.call('DEL', KEYS[1]) == 1 then tell(channel, name, 0, seen) end
return lived and 1 or 0
`;

const claimSession = `${helpers}
local generation, holder, length, now = unpack(ARGV)
if not lives(now) then return {'replaced', 0} end
local f = redis.call('HMGET', KEYS[1], 'g', 'h', 'u', 'f', 'k')
if f[1] ~= generation then return {'replaced', 0} end
local clock = milliseconds()
local left = (tonumber(f[3]) or 0) - clock
if f[2] == '' and left > 0 then return {'backing_off', left} end
if f[2] and f[2] ~= '' and f[2] ~= holder then
  if left > 0 then return {'held', 0} end
  if not f[5] then
    redis.call('HSET', KEYS[1], 'k', 1, 'u', text(clock + ${takeoverMs}))
    return {'held', 0}
  end
end
redis.call('HSET', KEYS[1], 'h', holder, 'u', text(clock + tonumber(length)))
redis.call('HDEL', KEYS[1], 'k')
return {'claimed', tonumber(f[4]) or 0}
`;

const renewClaim = `${helpers}
local holder, length, now = unpack(ARGV)
if not lives(now) or redis.call('HGET', KEYS[1], 'h') ~= holder then return 0 end
redis.call('HSET', KEYS[1], 'u', text(milliseconds() + tonumber(length)))
redis.call('HDEL', KEYS[1], 'k')
return 1
`;

const releaseClaim = `${helpers}
local holder, backOff, now = unpack(ARGV)
if not lives(now) or redis.call('HGET', KEYS[1], 'h') ~= holder then return 0 end
if tonumber(backOff) > 0 then
  redis.call('HSET', KEYS[1], 'h', '', 'u', text(milliseconds() + tonumber(backOff)))
  redis.call('HINCRBY', KEYS[1], 'f', 1)
  redis.call('HDEL', KEYS[1], 'k')
else
  redis.call('HDEL', KEYS[1], 'h', 'u', 'k')
end
return 1
`;

/** Numbers are 1 for done and 0 for not done. `now`: seconds, by the caller's clock. */
export interface SessionScripts {
  /** `ttl`: milliseconds. */
  createSession(
    key: string,
    sealed: Buffer,
    t: number,
    e: number,
    i: number,
    n: string,
    ttl: number,
    now: number,
  ): Promise<number>;
  replaceSession(
    key: string,
    generation: number,
    sealed: Buffer,
    now: number,
    keepsClaim: 0 | 1,
    channel: string,
    name: string,
  ): Promise<number>;
  touchSession(key: string, lastSeenAt: number, now: number, channel: string, name: string): Promise<number>;
  /** `generation`: empty for any. */
  deleteSession(key: string, generation: number | '', now: number, channel: string, name: string): Promise<number>;
  /** Milliseconds here and below are whole. Resolves to the kind of the answer, and its number or 0. */
  claimSession(
    key: string,
    generation: number,
    holder: string,
    milliseconds: number,
    now: number,
  ): Promise<[kind: string, number: number]>;
  renewClaim(key: string, holder: string, milliseconds: number, now: number): Promise<number>;
  releaseClaim(key: string, holder: string, backOff: number, now: number): Promise<number>;
}

export const sessionScripts: Readonly<Record<keyof SessionScripts, string>> = {
  createSession,
  replaceSession,
  touchSession,
  deleteSession,
  claimSession,
  renewClaim,
  releaseClaim,
};
