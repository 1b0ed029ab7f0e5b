/** What Keycloak writes into its access and refresh tokens, as far as the run looks at it. */
export interface TokenClaims {
  /** The session at Keycloak. */
  readonly sid: string;
  /** Not in refresh tokens. */
  readonly preferred_username: string | undefined;
  readonly iat: number;
  readonly exp: number;
}

/** Claims of a JWT whose signature nobody looks at; undefined for any other text. */
export function claimsOf(jwt: string): TokenClaims | undefined {
  try {
    const payload = Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString();
    return JSON.parse(payload) as TokenClaims; // Keycloak made it
  } catch {
    return undefined;
  }
}
