/** What oauth2-proxy knows of one kind of provider, in the words of sallyport.yaml. */
export interface ProviderKind {
  /** Name under `providers`. */
  readonly name: string;
  readonly protocol: 'oidc' | 'oauth2';
  /** Undefined: oidc-issuer-url must say it. */
  readonly issuer?: string;
  readonly scopes: readonly string[];
  /** Origins of its endpoints beside that of the issuer. */
  readonly endpointOrigins?: readonly string[];
  /** For oauth2: where it is asked. */
  readonly metadata?: {
    readonly authorization_endpoint: string;
    readonly token_endpoint: string;
    readonly userinfo_endpoint: string;
  };
  readonly identity?: {
    readonly subject: string;
    readonly claims: Readonly<Record<string, string>>;
    readonly emailsUrl?: string;
  };
  /** The claim that is the user to oauth2-proxy. */
  readonly userClaim: string;
  /** Whether oauth2-proxy learns of it that an address is not verified, and then refuses the user. */
  readonly saysVerified: boolean;
  /** Whether its tokens name groups. */
  readonly hasGroups: boolean;
}

const openid = { protocol: 'oidc', userClaim: 'sub', saysVerified: true, hasGroups: true } as const;
const plain = { protocol: 'oauth2', saysVerified: false, hasGroups: false } as const;

/** The providers of oauth2-proxy that can be taken over, by the value of its option. */
export const providerKinds: ReadonlyMap<string, ProviderKind> = new Map<string, ProviderKind>([
  ['oidc', { ...openid, name: 'oidc', scopes: ['openid', 'email', 'profile'] }],
  ['keycloak-oidc', { ...openid, name: 'keycloak', scopes: ['openid', 'email', 'profile'] }],
  ['keycloak', { ...openid, name: 'keycloak', scopes: ['openid', 'email', 'profile'], saysVerified: false }],
  ['cidaas', { ...openid, name: 'cidaas', scopes: ['openid', 'email', 'profile', 'roles', 'groups'] }],
  ['adfs', { ...openid, name: 'adfs', scopes: ['openid', 'email', 'profile'], saysVerified: false }],
  [
    'google',
    {
      ...openid,
      name: 'google',
      issuer: 'https://accounts.google.com',
      scopes: ['openid', 'profile', 'email'],
      endpointOrigins: [
        'https://oauth2.googleapis.com',
        'https://openidconnect.googleapis.com',
        'https://www.googleapis.com',
      ],
      hasGroups: false,
    },
  ],
  [
    'gitlab',
    {
      ...openid,
      name: 'gitlab',
      issuer: 'https://gitlab.com',
      scopes: ['openid', 'profile', 'email'],
      userClaim: 'nickname',
    },
  ],
  [
    'linkedin',
    {
      ...openid,
      name: 'linkedin',
      issuer: 'https://www.linkedin.com/oauth',
      scopes: ['openid', 'profile', 'email'],
      endpointOrigins: ['https://api.linkedin.com'],
      hasGroups: false,
    },
  ],
  [
    'login.gov',
    {
      ...openid,
      name: 'login-gov',
      issuer: 'https://secure.login.gov/',
      scopes: ['openid', 'email'],
      hasGroups: false,
    },
  ],
  [
    'entra-id',
    {
      ...openid,
      name: 'entra',
      scopes: ['openid', 'profile', 'email'],
      endpointOrigins: ['https://graph.microsoft.com'],
      saysVerified: false,
    },
  ],
  [
    'azure',
    {
      ...openid,
      name: 'entra',
      scopes: ['openid', 'profile', 'email'],
      endpointOrigins: ['https://graph.microsoft.com'],
      saysVerified: false,
    },
  ],
  [
    'github',
    {
      ...plain,
      name: 'github',
      issuer: 'https://github.com',
      scopes: ['user:email'],
      metadata: {
        authorization_endpoint: 'https://github.com/login/oauth/authorize',
        token_endpoint: 'https://github.com/login/oauth/access_token',
        userinfo_endpoint: 'https://api.github.com/user',
      },
      identity: {
        subject: 'id',
        claims: { name: 'name', preferred_username: 'login' },
        emailsUrl: 'https://api.github.com/user/emails',
      },
      userClaim: 'preferred_username',
      saysVerified: true,
    },
  ],
  [
    'facebook',
    {
      ...plain,
      name: 'facebook',
      issuer: 'https://www.facebook.com',
      scopes: ['public_profile', 'email'],
      metadata: {
        authorization_endpoint: 'https://www.facebook.com/v2.5/dialog/oauth',
        token_endpoint: 'https://graph.facebook.com/v2.5/oauth/access_token',
        userinfo_endpoint: 'https://graph.facebook.com/v2.5/me?fields=name,email',
      },
      identity: { subject: 'id', claims: { name: 'name', email: 'email' } },
      userClaim: 'email',
    },
  ],
  [
    'digitalocean',
    {
      ...plain,
      name: 'digitalocean',
      issuer: 'https://cloud.digitalocean.com',
      scopes: ['read'],
      metadata: {
        authorization_endpoint: 'https://cloud.digitalocean.com/v1/oauth/authorize',
        token_endpoint: 'https://cloud.digitalocean.com/v1/oauth/token',
        userinfo_endpoint: 'https://api.digitalocean.com/v2/account',
      },
      identity: {
        subject: 'account.uuid',
        claims: { email: 'account.email', email_verified: 'account.email_verified' },
      },
      userClaim: 'email',
      saysVerified: true,
    },
  ],
  [
    'nextcloud',
    {
      ...plain,
      name: 'nextcloud',
      scopes: [],
      identity: { subject: 'ocs.data.id', claims: { email: 'ocs.data.email', name: 'ocs.data.displayname' } },
      userClaim: 'sub',
    },
  ],
]);

/** Providers of oauth2-proxy without a translation, and what to do. */
export const providersWithout: ReadonlyMap<string, string> = new Map([
  ['bitbucket', 'its user endpoint has no address; put an OpenID provider such as Dex before it'],
  ['sourcehut', 'it says who the user is over GraphQL alone; put an OpenID provider such as Dex before it'],
]);
