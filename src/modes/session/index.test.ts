import { describe, expect, it } from 'vitest';
import { sessionWorld } from '../../../test/support/session-world.ts';

describe('a session instance', () => {
  it('says which cookies and headers are its own', async () => {
    const world = await sessionWorld();
    expect(world.instance).toMatchObject({
      basePath: '/_auth',
      ownCookies: ['__Host-sallyport', '__Host-sallyport-login'],
      identityHeaders: [
        'x-auth-request-user',
        'x-auth-request-email',
        'x-auth-request-name',
        'x-auth-request-provider',
      ],
    });
    await world.close();
  });

  it('is not made for a provider that does not exist', async () => {
    await expect(sessionWorld({ settings: { provider: 'elsewhere' } })).rejects.toThrow(
      'names a provider that does not exist',
    );
  });
});
