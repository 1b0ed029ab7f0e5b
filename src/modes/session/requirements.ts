import { z } from 'zod';

const names = z.array(z.string().min(1)).min(1).readonly();

/** `require` of a rule that uses a session instance: who may come in. */
export const sessionRequirements = z
  .strictObject({
    emails: names.optional().describe('E-mail addresses that are let in. `emails` and `domains` widen each other.'),
    domains: names
      .optional()
      .describe('E-mail domains that are let in, each exactly: `example.com` does not cover `sub.example.com`.'),
    groups: names.optional().describe('The user must be in one of these groups. Narrows `emails` and `domains`.'),
  })
  .readonly();

export type SessionRequirements = z.output<typeof sessionRequirements>;
