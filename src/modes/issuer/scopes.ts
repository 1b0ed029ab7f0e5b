import type { Text } from '../../core/html/text.ts';

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

/** What a scope means to the user, behind "It would like to:"; undefined when there is nothing to say. */
export function describeScope(scope: string): Text | undefined {
  switch (scope) {
    case 'openid':
      return { en: 'Know that it is you', de: 'wissen, dass Sie es sind' };
    case 'profile':
      return { en: 'See your name and profile', de: 'Ihren Namen und Ihr Profil sehen' };
    case 'email':
      return { en: 'See your e-mail address', de: 'Ihre E-Mail-Adresse sehen' };
    case 'groups':
      return { en: 'See the groups that you belong to', de: 'die Gruppen sehen, denen Sie angehören' };
    case 'offline_access':
      return {
        en: 'Stay connected after you have signed out here',
        de: 'verbunden bleiben, auch wenn Sie sich hier abgemeldet haben',
      };
    default:
      return undefined;
  }
}
