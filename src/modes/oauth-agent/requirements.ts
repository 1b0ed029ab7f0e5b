import { z } from 'zod';

/** `require` of a rule that uses an oauth-agent instance. */
export const oauthAgentRequirements = z
  .strictObject({
    clientAuthorization: z
      .literal(true)
      .optional()
      .describe(
        'Requests that bring an `Authorization` of their own go to the workload with it, and without a session. Without this they are refused.',
      ),
  })
  .readonly();

export type OauthAgentRequirements = z.output<typeof oauthAgentRequirements>;
