import { describe, expect, it } from 'vitest';
import { checkSettings } from './check-settings.ts';

describe('an issuer where every origin has a wildcard', () => {
  const origins = ['https://*.example.com', 'https://*.example.org'];

  it('needs a name of its own', () => {
    expect(checkSettings({}, { origins })).toEqual([expect.objectContaining({ kind: 'error', path: ['issuer'] })]);
    expect(checkSettings({ issuer: 'https://id.example.com/oauth2' }, { origins })).toEqual([]);
  });

  it('needs none where one origin is a name, or where origins are wrong, which has errors of its own', () => {
    expect(checkSettings({}, { origins: ['https://*.example.com', 'https://id.example.com'] })).toEqual([]);
    expect(checkSettings({}, { origins: [] })).toEqual([]);
  });
});
