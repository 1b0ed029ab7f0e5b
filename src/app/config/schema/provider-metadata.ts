import { z } from 'zod';
import { webUrlSchema } from '../../../modes/settings-types.ts';

const url = (what: string) => webUrlSchema.describe(what);
const words = (what: string) => z.array(z.string().min(1)).min(1).optional().describe(what);

const optionalEndpoints = {
  userinfo_endpoint: url('Claims of the user; needed with protocol oauth2.').optional(),
  end_session_endpoint: url('Where logout continues at the provider.').optional(),
  revocation_endpoint: url('Where tokens are revoked.').optional(),
  introspection_endpoint: url('Where opaque access tokens become JWTs (phantom tokens).').optional(),
  pushed_authorization_request_endpoint: url('Where authorization requests are pushed.').optional(),
};

const authorizationEndpoint = url('Where browsers log in.');
const tokenEndpoint = url('Where codes become tokens.');
const keys = url('Keys of ID tokens; needed with protocol oidc.').optional();

/** Authorization server metadata (RFC 8414 §2, OpenID Connect Discovery 1.0 §3), as far as it is of use to us. */
export const providerMetadataSchema = z
  .strictObject({
    authorization_endpoint: authorizationEndpoint,
    token_endpoint: tokenEndpoint,
    jwks_uri: keys,
    ...optionalEndpoints,
    require_pushed_authorization_requests: z.boolean().optional().describe('Only pushed requests are answered.'),
    authorization_response_iss_parameter_supported: z
      .boolean()
      .optional()
      .describe('Callbacks carry `iss`; then one without it is refused (RFC 9207).'),
    token_endpoint_auth_methods_supported: words('Client authentication that the provider knows.'),
    id_token_signing_alg_values_supported: words('Algorithms of ID tokens. Without them: RS256.'),
    userinfo_signing_alg_values_supported: words('Algorithms of userinfo that is a JWT. Without them it must be JSON.'),
    code_challenge_methods_supported: words('Must list S256 where it is given.'),
  })
  .describe('The metadata itself, in place of discovery: for providers without, or that cannot be asked at the start.');

/** Endpoints that the operator knows better than the discovered metadata does. */
export const providerEndpointsSchema = z
  .strictObject({
    authorization_endpoint: authorizationEndpoint.optional(),
    token_endpoint: tokenEndpoint.optional(),
    jwks_uri: keys,
    ...optionalEndpoints,
  })
  .describe('Endpoints in place of those that discovery finds, which stay in use for the rest. Not with `metadata`.');
