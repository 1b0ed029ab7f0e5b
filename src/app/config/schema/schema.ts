import { z } from 'zod';
import { durationOrNoneSchema, durationSchema, secretSchema } from '../../../modes/settings-types.ts';
import { adminSchema } from './admin.ts';
import { envoySchema } from './envoy.ts';
import { listenSchema } from './listen.ts';
import { originSchema } from './origin.ts';
import { pagesSchema } from './pages.ts';
import { providerSchema } from './provider.ts';
import { reloadSchema } from './reload.ts';
import { instanceNameSchema, ruleSchema } from './rule.ts';
import { storeSchema } from './store.ts';

const defaultStripHeaders = [
  'x-original-url',
  'x-rewrite-url',
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
];

/** Without them a request is another one, or none; the last guard of the check refuses to touch them. */
const framingHeaders: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
]);

const providerNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'expected a name of up to 32 lower-case letters, digits and hyphens');

/**
 * The schema of `sallyport.yaml`, without what modes add: the settings of an instance and the `require` of a rule
 * are checked by their modes' own schemas, since each depends on a name elsewhere in the file.
 */
export const configSchema = z.strictObject({
  origins: z
    .array(originSchema)
    .min(1)
    .describe(
      'Where users reach the workload: `https://app.example.com`, or `https://*.example.com` for every host with one name before `.example.com`. Requests for any other host are refused.',
    ),
  listen: listenSchema.describe('Where Sallyport listens.'),
  keys: secretSchema.describe(
    'The key ring that seals sessions and login attempts: `sallyport keys new --file F` makes one.',
  ),
  store: storeSchema,
  providers: z
    .record(providerNameSchema, providerSchema)
    .default({})
    .describe('OpenID providers, by names that instances refer to.'),
  modes: z
    .record(instanceNameSchema, z.unknown())
    .default({})
    .describe('Instances of modes, by names that rules refer to.'),
  rules: z.array(ruleSchema).min(1).describe('The first rule that matches decides. What no rule names is denied.'),
  requests: z
    .strictObject({
      stripHeaders: z
        .array(
          z
            .string()
            .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'expected a header name')
            .toLowerCase()
            .refine((name) => !framingHeaders.has(name), 'expected a header that HTTP itself does not need'),
        )
        .default(defaultStripHeaders)
        .describe(
          'Headers that are taken off every forwarded request: frameworks take them for another path or method.',
        ),
      maxHeaderBytes: z
        .int()
        .min(8192)
        .max(98_304)
        .multipleOf(1024)
        .default(98_304)
        .describe('Most bytes that the headers of a request may have, cookies and URL included; above it: 431.'),
      maxHeaderCount: z
        .int()
        .min(50)
        .max(1000)
        .default(200)
        .describe('Most header lines that a request may have, with the few that Envoy adds; above it: 431.'),
    })
    .prefault({})
    .describe('What holds for every request, whatever its rule.'),
  pages: pagesSchema,
  envoy: envoySchema.optional(),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .default('info')
        .describe('The least important level that is written.'),
    })
    .prefault({})
    .describe('JSON lines on standard output. No level shows tokens, codes or cookies.'),
  admin: adminSchema.optional(),
  reload: reloadSchema,
  shutdown: z
    .strictObject({
      delay: durationOrNoneSchema
        .prefault('3s')
        .describe(
          'After SIGTERM: how long requests are still answered while health checks take this process out of service. After SIGINT: not at all.',
        ),
      drain: durationSchema
        .prefault('15s')
        .describe('After that: how long requests in progress may take before they are cut off.'),
    })
    .prefault({})
    .describe('How the process ends.'),
});
