/** Claims that each scope releases (OpenID Connect Core §5.4; `groups` is ours). */
export const scopeClaims = {
  profile: [
    'name',
    'given_name',
    'family_name',
    'middle_name',
    'nickname',
    'preferred_username',
    'profile',
    'picture',
    'website',
    'zoneinfo',
    'locale',
  ],
  email: ['email', 'email_verified'],
  groups: ['groups'],
} as const;

export type IssuerScope = keyof typeof scopeClaims;

/** Scopes that a client can be registered for. `openid` is always allowed. */
export const issuerScopes = ['profile', 'email', 'groups'] as const satisfies readonly IssuerScope[];

/** What a scope means to the user who is asked for it; undefined when there is nothing to say. */
export function describeScope(scope: string): string | undefined {
  switch (scope) {
    case 'openid':
      return 'Know that it is you';
    case 'profile':
      return 'See your name and profile';
    case 'email':
      return 'See your e-mail address';
    case 'groups':
      return 'See the groups that you belong to';
    case 'offline_access':
      return 'Stay connected after you have signed out here';
    default:
      return undefined;
  }
}
