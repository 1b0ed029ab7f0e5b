import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SecretReference } from '../settings-types.ts';
import { issuerRequirements } from './requirements.ts';
import { issuerSettings } from './settings.ts';

const secret = { file: 'x' };
const client = { clientId: 'app', clientSecret: secret, redirectUris: ['https://app.example.com/callback'] };
const user = {
  username: 'alice',
  passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$MOjf3jWBSwB3cq4qoAnpAA$jM2ZHjguIyEAWPfA/aHVfOKmhXQDdm0SO85hYyeJVtA',
};

function problemsOf(settings: unknown): readonly string[] {
  const { error } = issuerSettings.safeParse(settings);
  return (error?.issues ?? []).map((issue) => issue.path.join('.'));
}

describe('the settings of issuer mode', () => {
  it('need little and have safe defaults', () => {
    const settings = issuerSettings.parse({ signingKeys: secret, clients: [client], users: [user] });
    expect(settings).toMatchObject({
      basePath: '/oauth2',
      clients: [{ skipConsent: false, grantTypes: ['authorization_code', 'refresh_token'] }],
      lifetimes: {
        authorizationCode: 60,
        accessToken: 3600,
        idToken: 3600,
        refreshToken: 1_209_600,
        session: 1_209_600,
        interaction: 900,
      },
    });
    expect(settings.signingKeys).toBeInstanceOf(SecretReference);
  });

  it('accept the example of the documentation', async () => {
    const { mode, ...settings } = parse(await readFile(new URL('./example.yaml', import.meta.url), 'utf8'));
    expect(mode).toBe('issuer');
    expect(problemsOf(settings)).toEqual([]);
  });

  it.each([
    ['an unknown key', '', { unknown: 1 }],
    ['signing keys in the file itself', 'signingKeys', { signingKeys: '{"keys":[]}' }],
    ['an issuer with another path', 'issuer', { issuer: 'https://app.example.com/other' }],
    ['an issuer with a query', 'issuer', { issuer: 'https://app.example.com/oauth2?x' }],
    ['an http issuer', 'issuer', { issuer: 'http://app.example.com/oauth2' }],
    ['a client without a redirect URI', 'clients.0.redirectUris', { clients: [{ ...client, redirectUris: [] }] }],
    [
      'an http redirect URI',
      'clients.0.redirectUris.0',
      { clients: [{ ...client, redirectUris: ['http://a.example/'] }] },
    ],
    [
      'a redirect URI with a fragment',
      'clients.0.redirectUris.0',
      { clients: [{ ...client, redirectUris: ['https://a.example/#'] }] },
    ],
    ['two clients of one id', 'clients.1.clientId', { clients: [client, client] }],
    ['two users of one name', 'users.1.username', { users: [user, { ...user, subject: 'other' }] }],
    ['two users of one subject', 'users.1.subject', { users: [user, { ...user, username: 'bob', subject: 'alice' }] }],
    ['a password in clear', 'users.0.passwordHash', { users: [{ ...user, passwordHash: 'alice-password' }] }],
    ['a claim that no scope releases', 'users.0.claims', { users: [{ ...user, claims: { role: 'admin' } }] }],
    ['a lifetime without a unit', 'lifetimes.accessToken', { lifetimes: { accessToken: '60' } }],
  ])('refuse %s at %s', (_what, path, changes) => {
    expect(problemsOf({ signingKeys: secret, ...changes })).toContain(path);
  });

  it('refuse users of different argon2id costs by name, for the time of a login would tell who exists', () => {
    const carol = { ...user, username: 'carol', passwordHash: user.passwordHash.replace('m=19456,t=2', 'm=65536,t=3') };
    const bob = { ...user, username: 'bob' };
    const { error } = issuerSettings.safeParse({ signingKeys: secret, users: [user, bob, carol] });
    expect(error?.issues.map((issue) => issue.path)).toEqual([['users', 2, 'passwordHash']]);
    const message = error?.issues[0]?.message;
    expect(message).toContain('user "carol" has m=65536,t=3,p=1');
    expect(message).toContain('m=19456,t=2,p=1');
    expect(message).toContain('`sallyport issuer password-hash`');
    expect(message).not.toContain('argon2id');
    expect(problemsOf({ signingKeys: secret, users: [user, bob] })).toEqual([]);
  });

  it('never say a value that they refuse', () => {
    const { error } = issuerSettings.safeParse({ signingKeys: 'canary', users: [{ ...user, passwordHash: 'canary' }] });
    expect(JSON.stringify(error?.issues)).not.toContain('canary');
  });
});

describe('rules', () => {
  it('can require nothing of an issuer', () => {
    expect(issuerRequirements.safeParse({}).success).toBe(true);
    expect(issuerRequirements.safeParse({ groups: ['staff'] }).success).toBe(false);
  });
});
