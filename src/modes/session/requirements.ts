import { z } from 'zod';

const text = z.string().min(1);
const names = z.array(text).min(1).readonly();

/** `require` of a rule that uses a session instance: who may come in. */
export const sessionRequirements = requirementsWith(text);

/** {@link sessionRequirements} of an instance with these providers. */
export function sessionRequirementsOf(providers: readonly string[]): typeof sessionRequirements {
  return requirementsWith(z.enum(providers));
}

function requirementsWith(providerName: z.ZodType<string, string>) {
  return z
    .strictObject({
      emails: names.optional().describe('E-mail addresses that are let in. `emails` and `domains` widen each other.'),
      domains: names
        .optional()
        .describe('E-mail domains that are let in, each exactly: `example.com` does not cover `sub.example.com`.'),
      groups: names.optional().describe('The user must be in one of these groups. Narrows `emails` and `domains`.'),
      verifiedEmail: z
        .literal(true)
        .optional()
        .describe('The provider must have verified the e-mail address of the user; `emails` and `domains` imply it.'),
      providers: z
        .array(providerName)
        .min(1)
        .readonly()
        .optional()
        .describe('Providers of the instance whose users are let in; others are asked to sign in there. Default: all.'),
      optional: z
        .literal(true)
        .optional()
        .describe(
          'Requests without a session go to the workload without an identity, in place of a login. It stands alone.',
        ),
    })
    .refine(
      ({ optional, ...others }) =>
        optional === undefined || Object.values(others).every((value) => value === undefined),
      'expected optional alone: who has no session would pass by the other requirements',
    )
    .readonly();
}

export type SessionRequirements = z.output<typeof sessionRequirements>;
