import { z } from 'zod';
import { durationOrNoneSchema, durationSchema, secretSchema } from '../../../modes/settings-types.ts';
import { hostAddressSchema } from './addresses.ts';

const maxCached = z
  .int()
  .min(0)
  .max(1_000_000)
  .default(10_000)
  .describe(
    'Sessions that are kept open in memory at most, a few kB each, so that the store is not asked for each request. A session that ends anywhere is not served from it any more within a second. 0: every request asks the store.',
  );

const memoryCache = z.strictObject({ maxSessions: maxCached }).prefault({}).describe('Opened sessions in memory.');

const outageGrace = durationOrNoneSchema
  .refine((seconds) => seconds <= 600, 'expected at most 10m')
  .prefault('0s')
  .describe(
    'For how long after it was last read a session may be used while Redis does not answer, up to 10m. It is not refreshed then, and ends with its access token. What is ended elsewhere in that time is not noticed before Redis answers again. `0s`: requests that need a session get 503 at once.',
  );

const redisCache = z
  .strictObject({ maxSessions: maxCached, outageGrace })
  .prefault({})
  .describe('Opened sessions in the memory of each process.');

const memoryStore = z.strictObject({
  type: z.literal('memory'),
  maxSessions: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(100_000)
    .describe('Sessions that are kept at most. When it is full new logins get 503; nobody who is logged in loses.'),
  cache: memoryCache,
});

const nodes = (what: string) => z.array(hostAddressSchema).min(1).describe(what);

const sentinel = z
  .strictObject({
    master: z.string().min(1).describe('The name that the sentinels know the master by.'),
    nodes: nodes('The sentinels, as `[host:port, …]`; name all of them.'),
    username: z.string().min(1).optional().describe('User name towards the sentinels.'),
    password: secretSchema.optional().describe('Password towards the sentinels.'),
    tls: z
      .boolean()
      .optional()
      .describe('Whether the sentinels speak TLS. Default: as Redis, that is, where `store.tls` is there.'),
  })
  .describe('Redis with Sentinel: the sentinels say which Redis is the master.');

const cluster = z
  .strictObject({ nodes: nodes('Some nodes, as `[host:port, …]`; they know the others.') })
  .describe('Redis Cluster.');

const file = (what: string) => z.string().min(1).describe(`PEM file with ${what}, relative to this file.`);

const tls = z
  .strictObject({
    ca: file('the authorities that the certificates of Redis must come from').optional(),
    cert: file('our client certificate and its chain, for a Redis that asks for one').optional(),
    key: file('the private key of `cert`').optional(),
    serverName: z
      .string()
      .min(1)
      .optional()
      .describe('DNS name that the certificates must carry. Default: the host that is connected to.'),
  })
  .describe(
    'TLS towards Redis. With `sentinel` and `cluster` it turns TLS on (`tls: {}` will do); a `url` begins with `rediss://`. Without `ca` the authorities of the machine count.',
  );

const redisStore = z.strictObject({
  type: z.literal('redis'),
  url: z
    .string()
    .refine((text) => !/^rediss?:\/\/[^/]*@/.test(text), {
      error: 'expected a URL without user name and password',
      params: { suggestion: 'write them beside it: username: name, password: {file: path}' },
      abort: true,
    })
    .refine(isRedisUrl, 'expected redis://host[:port][/database] or rediss://…, without user name and password')
    .optional()
    .describe(
      'One Redis: `redis://host:6379/0`, or `rediss://` for TLS. User name and password have settings of their own. Exactly one of `url`, `sentinel` and `cluster` is there.',
    ),
  sentinel: sentinel.optional(),
  cluster: cluster.optional(),
  database: z.int().min(0).max(9999).optional().describe('Number of the database, with `sentinel`. Default: 0.'),
  tls: tls.optional(),
  username: z.string().min(1).optional().describe('User name (Redis ACL). Without it Redis takes `default`.'),
  password: secretSchema.optional().describe('Password of the user.'),
  keyPrefix: z
    .string()
    .regex(/^[A-Za-z0-9:._-]{0,64}$/, 'expected up to 64 letters, digits and : . _ -')
    .default('sallyport:')
    .describe('Begins every key, so that several installations can share a Redis.'),
  commandTimeout: durationSchema
    .prefault('1s')
    .describe(
      'A command that takes longer has failed; the request gets 503. Keep it below `envoy.checkTimeout`, and at a second where tokens are refreshed.',
    ),
  cache: redisCache,
});

/** Sessions and one-time markers. */
export const storeSchema = z
  .discriminatedUnion('type', [memoryStore, redisStore])
  .describe(
    'Where sessions live. `memory` is for one process: sessions end with it. `redis` is shared by all processes. Instances with `state: sealed` keep theirs in cookies of the browser.',
  );

function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text) || /[\s\\#?]/.test(text)) return false;
  const url = new URL(text);
  const isScheme = url.protocol === 'redis:' || url.protocol === 'rediss:';
  return (
    isScheme && url.hostname !== '' && url.username === '' && url.password === '' && /^\/?\d{0,4}$/.test(url.pathname)
  );
}
