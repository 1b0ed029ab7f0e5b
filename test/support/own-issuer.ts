import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newSigningKeys } from '../../src/app/cli/issuer-signing-keys.ts';
import { tempFolder } from './temp-folder.ts';
import type { ConfigDocument } from './world.ts';

/** People who can log in at the issuer, by their password. */
export const passwords = { alice: 'alice-password', bob: 'bob-password' } as const;

/** The secret that Sallyport has as a client of itself. */
export const ownClientSecret = 'canary-own-client-secret-0123456789';

// As examples/demo/sallyport.yaml has them.
const users = [
  {
    username: 'alice',
    passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$MOjf3jWBSwB3cq4qoAnpAA$jM2ZHjguIyEAWPfA/aHVfOKmhXQDdm0SO85hYyeJVtA',
    claims: { name: 'Alice Adams', email: 'alice@example.com', email_verified: true, groups: ['staff', 'admins'] },
  },
  {
    username: 'bob',
    passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$Xuf9Ko1274HPaV+yLTxdlw$BXkttO74Gz2Kpu2dzBBvi6FK/ekhfJeeScje40C0thg',
    claims: { name: 'Bob Brown', email: 'bob@example.com', email_verified: true, groups: ['staff'] },
  },
];

/**
 * An `adjust` for worlds in which Sallyport is its own provider, with real login and consent pages below `/oauth2`.
 * All replicas of a world must get the same one.
 */
export async function ownIssuer(): Promise<(config: ConfigDocument) => void> {
  const folder = await tempFolder();
  const signingKeys = join(folder, 'signing-keys.json');
  const clientSecret = join(folder, 'client-secret');
  await writeFile(signingKeys, await newSigningKeys());
  await writeFile(clientSecret, ownClientSecret);
  return (config) => {
    const [origin] = config['origins'];
    const client = { clientId: 'application', clientSecret: { file: clientSecret } };
    config['providers'].test = {
      ...client,
      issuer: `${origin}/oauth2`,
      allowHttp: true,
      // It asks itself directly, not through Envoy.
      backChannelUrl: `http://${config['listen'].http}`,
      scopes: ['openid', 'profile', 'email', 'groups'],
    };
    config['modes'].idp = {
      mode: 'issuer',
      basePath: '/oauth2',
      signingKeys: { file: signingKeys },
      users,
      clients: [
        {
          ...client,
          redirectUris: [`${origin}/_auth/callback`],
          postLogoutRedirectUris: [`${origin}/_auth/logout/callback`],
        },
      ],
    };
  };
}
