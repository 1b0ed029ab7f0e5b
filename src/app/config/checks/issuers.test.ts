import { describe, expect, it } from 'vitest';
import { issuerMode } from '../../../modes/issuer/index.ts';
import { sessionMode } from '../../../modes/session/index.ts';
import { checkIssuers } from './issuers.ts';

const placed = (...origins: string[]) => origins.map((value, index) => ({ index, value }));
const withSettings = (settings: unknown, definition: typeof issuerMode | typeof sessionMode = issuerMode) =>
  new Map([['idp', { definition, settings }]]);

describe('an issuer where every origin has a wildcard', () => {
  const origins = placed('https://*.example.com', 'https://*.example.org');

  it('needs a name of its own', () => {
    expect(checkIssuers({ origins, modes: withSettings({ issuer: undefined }) })).toEqual([
      expect.objectContaining({ severity: 'error', path: ['modes', 'idp', 'issuer'] }),
    ]);
    expect(checkIssuers({ origins, modes: withSettings({ issuer: 'https://id.example.com/oauth2' }) })).toEqual([]);
  });

  it('is of no concern to other modes, nor where one origin is a name', () => {
    expect(checkIssuers({ origins, modes: withSettings({}, sessionMode) })).toEqual([]);
    const mixed = placed('https://*.example.com', 'https://id.example.com');
    expect(checkIssuers({ origins: mixed, modes: withSettings({ issuer: undefined }) })).toEqual([]);
    expect(checkIssuers({ origins: [], modes: withSettings({ issuer: undefined }) })).toEqual([]);
  });
});
