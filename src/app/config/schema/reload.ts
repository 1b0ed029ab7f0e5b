import { z } from 'zod';
import { durationSchema } from '../../../modes/settings-types.ts';

/** When a running process takes over a changed configuration. */
export const reloadSchema = z
  .strictObject({
    watch: z
      .boolean()
      .default(true)
      .describe('Whether a change of this file, or of a file that it names, is taken over without being asked to.'),
    interval: durationSchema
      .prefault('2s')
      .refine((seconds) => seconds <= 3_600, 'expected at most 1h')
      .describe('How often the files are looked at: by their content, wherever links lead.'),
  })
  .prefault({})
  .describe('Taking over a changed configuration without a restart. SIGHUP always asks for it.');
