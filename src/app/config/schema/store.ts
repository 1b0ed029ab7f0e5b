import { z } from 'zod';
import { durationSchema, secretSchema } from '../../../modes/settings-types.ts';

const memoryStore = z.strictObject({
  type: z.literal('memory'),
  maxSessions: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(100_000)
    .describe('Sessions that are kept at most. When it is full new logins get 503; nobody who is logged in loses.'),
});

const redisStore = z.strictObject({
  type: z.literal('redis'),
  url: z
    .string()
    .refine(isRedisUrl, 'expected redis://host[:port][/database] or rediss://…, without user name and password')
    .describe('`redis://host:6379/0`, or `rediss://` for TLS. User name and password have settings of their own.'),
  username: z.string().min(1).optional().describe('User name (Redis ACL). Without it Redis takes `default`.'),
  password: secretSchema.optional().describe('Password of the user.'),
  keyPrefix: z
    .string()
    .regex(/^[A-Za-z0-9:._-]{0,64}$/, 'expected up to 64 letters, digits and : . _ -')
    .default('sallyport:')
    .describe('Begins every key, so that several installations can share a Redis.'),
  commandTimeout: durationSchema
    .prefault('1s')
    .describe('A command that takes longer has failed; the request gets 503. Keep it below `envoy.checkTimeout`.'),
});

/** Sessions and one-time markers. */
export const storeSchema = z
  .discriminatedUnion('type', [memoryStore, redisStore])
  .describe(
    'Where sessions live. `memory` is for one process: sessions end with it. `redis` is shared by all processes.',
  );

function isRedisUrl(text: string): boolean {
  if (!URL.canParse(text) || /[\s\\#?]/.test(text)) return false;
  const url = new URL(text);
  const isScheme = url.protocol === 'redis:' || url.protocol === 'rediss:';
  return (
    isScheme && url.hostname !== '' && url.username === '' && url.password === '' && /^\/?\d{0,4}$/.test(url.pathname)
  );
}
