import { z } from 'zod';
import { secretSchema } from '../../../modes/settings-types.ts';

/** Who may use the admin API. */
export const adminSchema = z
  .strictObject({
    token: secretSchema.describe(
      'What callers of the admin API send as `Authorization: Bearer …`: at least 32 characters, such as `openssl rand -hex 32` prints.',
    ),
  })
  .describe('The admin API, which listens where `listen.admin` says.');
